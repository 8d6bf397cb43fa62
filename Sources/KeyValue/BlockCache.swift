import Platform

/// Blocks in memory, the first to come the first to go.
final class BlockCache {
    struct Place: Hashable {
        var table: Int64
        var block: Int
    }

    private var blocks: [Place: (block: TableBlock, byteCount: Int)] = [:]
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

    func block(_ place: Place) -> TableBlock? { blocks[place]?.block }

    func insert(_ block: TableBlock, at place: Place, byteCount count: Int) {
        if blocks[place] != nil { return }
        // What is here can be read again: it is the first to go when memory is short.
        while !hasRoom(for: count), head < arrivals.count {
            if let removed = blocks.removeValue(forKey: arrivals[head]) {
                held.byteCount -= removed.byteCount
            }
            head += 1
        }
        if hasRoom(for: count) {
            blocks[place] = (block, count)
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
