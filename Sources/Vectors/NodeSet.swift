/// Nodes of a graph, a bit each.
struct NodeSet: ~Copyable {
    private var words: FlatStorage<UInt64>

    /// Empty, with room for `count` nodes.
    init(count: Int) {
        words = FlatStorage(capacity: (count + 63) / 64)
        words.append(repeating: 0, count: (count + 63) / 64)
    }

    @inline(__always)
    func contains(_ node: Int32) -> Bool {
        words.base[Int(node) >> 6] >> UInt64(node & 63) & 1 == 1
    }

    @inline(__always)
    mutating func insert(_ node: Int32) {
        words.base[Int(node) >> 6] |= 1 << UInt64(node & 63)
    }

    /// In ascending order.
    func forEach(_ body: (Int32) -> Void) {
        for word in 0..<words.count {
            var bits = words.base[word]
            while bits != 0 {
                body(Int32(word * 64 + bits.trailingZeroBitCount))
                bits &= bits - 1
            }
        }
    }
}
