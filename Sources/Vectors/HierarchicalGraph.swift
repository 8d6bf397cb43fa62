/// A navigable graph over vectors that finds near ones without looking at all.
///
/// This is HNSW (Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search
/// using Hierarchical Navigable Small World graphs", 2016). A node is one distinct vector. It
/// stands on layer 0 and, with a chance of one in `degree` each, on the layers above; a search
/// descends from the sparse top. Its level comes from a hash that the caller gives, not from a
/// random source: the same insertions give the same graph, in debug and in release.
///
/// Nodes are never removed: who is an answer is the caller's business (`isAccepted`), and the ones
/// that are not are still walked through.
public final class HierarchicalGraph {
    public let dimension: Int
    public let distance: VectorDistance
    /// Neighbours of a node on each upper layer at most (M); twice as many on layer 0.
    public let degree: Int
    /// How many candidates an insertion weighs (efConstruction).
    public let breadth: Int

    /// Elements of a vector in memory, filled up with zeros.
    let stride: Int
    var vectors = FlatStorage<Float>()
    var levels = FlatStorage<UInt8>()
    /// For each node a count and room for as many neighbours as layer 0 allows.
    var baseLinks = FlatStorage<Int32>()
    /// The same for each upper layer of each node that has one; where a node's begin in
    /// `upperStarts`.
    var upperLinks = FlatStorage<Int32>()
    var upperStarts = FlatStorage<Int>()
    /// Where searches begin: a node on the highest layer, or -1.
    var entry: Int32 = -1

    // Which nodes the present search has seen and what it holds, kept to save allocations.
    var marks = FlatStorage<UInt32>()
    var mark: UInt32 = 0
    var waiting = CandidateHeap(farthestFirst: false)
    var nearest = CandidateHeap(farthestFirst: true)
    var measured = MeasuredNodes()

    static let levelLimit = 15

    /// Precondition: a dimension of at least 1 and a degree from 2 to 256.
    public init(dimension: Int, distance: VectorDistance, degree: Int = 16, breadth: Int = 100) {
        precondition(dimension >= 1, "vectors have at least one element")
        precondition((2...256).contains(degree) && breadth >= 1, "degree or breadth out of range")
        self.dimension = dimension
        self.distance = distance
        self.degree = degree
        self.breadth = max(breadth, degree)
        stride = VectorDistance.paddedCount(dimension)
    }

    /// How many nodes there are.
    public var count: Int { levels.count }

    /// A node's vector as it is kept: of length 1 if the distance is `cosine`.
    public func vector(_ node: Int32) -> [Float] {
        precondition(node >= 0 && Int(node) < count, "no such node")
        return Array(UnsafeBufferPointer(start: address(node), count: dimension))
    }

    /// A node's vector as `insert` took it.
    func prepared(_ node: Int32) -> [Float] {
        precondition(node >= 0 && Int(node) < count, "no such node")
        return Array(UnsafeBufferPointer(start: address(node), count: stride))
    }

    /// How many layers above layer 0 a node of this hash stands on: each with a chance of 1 in
    /// `degree`.
    func level(hash: UInt64) -> Int {
        var rest = hash
        var level = 0
        let divisor = UInt64(degree)
        while level < HierarchicalGraph.levelLimit && rest % divisor == 0 {
            rest /= divisor
            level += 1
        }
        return level
    }

    func linkLimit(_ layer: Int) -> Int { layer == 0 ? degree * 2 : degree }

    /// A node's neighbours on a layer: first their count, then they.
    @inline(__always)
    func links(_ node: Int32, _ layer: Int) -> UnsafeMutablePointer<Int32> {
        if layer == 0 { return baseLinks.base + Int(node) &* (degree &* 2 &+ 1) }
        return upperLinks.base + (upperStarts.base[Int(node)] &+ (layer &- 1) &* (degree &+ 1))
    }

    @inline(__always)
    func address(_ node: Int32) -> UnsafePointer<Float> {
        UnsafePointer(vectors.base + Int(node) &* stride)
    }

    @inline(__always)
    func measure(_ query: UnsafePointer<Float>, _ node: Int32) -> Float {
        distance.measure(query, address(node), stride)
    }

    /// Adds a node without links. `vector` is prepared.
    func appendNode(_ vector: [Float], level: Int) -> Int32 {
        precondition(vector.count == stride && count < Int(Int32.max))
        let node = Int32(count)
        vectors.append(vector)
        levels.append(UInt8(level))
        baseLinks.append(repeating: 0, count: degree * 2 + 1)
        upperStarts.append(upperLinks.count)
        upperLinks.append(repeating: 0, count: level * (degree + 1))
        marks.append(0)
        return node
    }
}
