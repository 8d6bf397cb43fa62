/// A node and its distance in one number that sorts by distance, then by node.
///
/// The high half is the distance's bits with the sign folded in, the low half the node: one integer
/// comparison orders candidates totally, so that ties fall the same way everywhere.
struct Candidate: Comparable, BitwiseCopyable {
    var order: UInt64

    @inline(__always)
    init(distance: Float, node: Int32) {
        let bits = distance.bitPattern
        let sortable = bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
        order = UInt64(sortable) << 32 | UInt64(UInt32(bitPattern: node))
    }

    @inline(__always)
    init(order: UInt64) { self.order = order }

    @inline(__always)
    var node: Int32 { Int32(truncatingIfNeeded: order) }

    var distance: Float {
        let sortable = UInt32(truncatingIfNeeded: order >> 32)
        return Float(bitPattern: sortable & 0x8000_0000 == 0 ? ~sortable : sortable & 0x7FFF_FFFF)
    }

    @inline(__always)
    static func < (left: Candidate, right: Candidate) -> Bool { left.order < right.order }
}

/// A binary heap of candidates: the nearest first, or the farthest first.
struct CandidateHeap: ~Copyable {
    private var storage = FlatStorage<UInt64>()
    /// Farthest first is nearest first of the complements.
    private let mask: UInt64

    init(farthestFirst: Bool) { mask = farthestFirst ? .max : 0 }

    var count: Int { storage.count }

    /// The candidate that `pop` would return. Precondition: not empty.
    var top: Candidate { Candidate(order: storage.base[0] ^ mask) }

    mutating func removeAll() { storage.removeAll() }

    mutating func push(_ candidate: Candidate) {
        let order = candidate.order ^ mask
        storage.append(order)
        let base = storage.base
        var position = storage.count &- 1
        while position > 0 {
            let parent = (position &- 1) >> 1
            if base[parent] <= order { break }
            base[position] = base[parent]
            position = parent
        }
        base[position] = order
    }

    mutating func pop() -> Candidate {
        let result = top
        let last = storage.removeLast()
        let count = storage.count
        if count == 0 { return result }
        let base = storage.base
        var position = 0
        while true {
            var child = position &* 2 &+ 1
            if child >= count { break }
            if child &+ 1 < count && base[child &+ 1] < base[child] { child &+= 1 }
            if base[child] >= last { break }
            base[position] = base[child]
            position = child
        }
        base[position] = last
        return result
    }

    /// Empties the heap into an array, nearest first.
    mutating func drainSorted() -> [Candidate] {
        var sorted: [Candidate] = []
        sorted.reserveCapacity(count)
        while count > 0 { sorted.append(pop()) }
        if mask != 0 { sorted.reverse() }
        return sorted
    }
}
