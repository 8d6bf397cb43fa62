import Platform

/// Decoded blocks in memory, the first to come the first to go.
final class BlockCache {
    struct Place: Hashable {
        var table: Int64
        var block: Int
    }

    private var blocks: [Place: (entries: [KeyEntry], byteCount: Int)] = [:]
    private var arrivals: [Place] = []
    private var head = 0
    private let held: MemoryUse
    private let memory: Memory
    private let byteLimit: Int

    init(byteLimit: Int, memory: Memory) {
        precondition(byteLimit >= 0, "a negative limit")
        self.byteLimit = byteLimit
        self.memory = memory
        held = MemoryUse(of: memory)
    }

    func block(_ place: Place) -> [KeyEntry]? { blocks[place]?.entries }

    func insert(_ entries: [KeyEntry], at place: Place, byteCount count: Int) {
        if blocks[place] != nil { return }
        // What is here can be read again: it is the first to go when memory is short.
        while !hasRoom(for: count), head < arrivals.count {
            if let removed = blocks.removeValue(forKey: arrivals[head]) {
                held.byteCount -= removed.byteCount
            }
            head += 1
        }
        if hasRoom(for: count) {
            blocks[place] = (entries, count)
            arrivals.append(place)
            held.byteCount += count
        }
        if head >= 64 && head * 2 >= arrivals.count {
            arrivals.removeFirst(head)
            head = 0
        }
    }

    private func hasRoom(for count: Int) -> Bool {
        held.byteCount + count <= byteLimit && !memory.isShort(with: count)
    }
}
