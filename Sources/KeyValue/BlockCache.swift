/// Decoded blocks in memory, the first to come the first to go.
final class BlockCache {
    struct Place: Hashable {
        var table: Int64
        var block: Int
    }

    private var blocks: [Place: (entries: [KeyEntry], byteCount: Int)] = [:]
    private var arrivals: [Place] = []
    private var head = 0
    private var byteCount = 0
    private let byteLimit: Int

    init(byteLimit: Int) {
        precondition(byteLimit >= 0, "a negative limit")
        self.byteLimit = byteLimit
    }

    func block(_ place: Place) -> [KeyEntry]? { blocks[place]?.entries }

    func insert(_ entries: [KeyEntry], at place: Place, byteCount count: Int) {
        if blocks.updateValue((entries, count), forKey: place) != nil { return }
        arrivals.append(place)
        byteCount += count
        while byteCount > byteLimit, head < arrivals.count {
            if let removed = blocks.removeValue(forKey: arrivals[head]) {
                byteCount -= removed.byteCount
            }
            head += 1
        }
        if head >= 64 && head * 2 >= arrivals.count {
            arrivals.removeFirst(head)
            head = 0
        }
    }
}
