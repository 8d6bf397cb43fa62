import CDistance

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

    /// How the elements of nodes are kept.
    public let quantization: VectorQuantization

    /// Elements of a prepared vector, filled up with zeros.
    let stride: Int
    /// Of the nodes, one after the other: elements, or codes with their scales and squares.
    var vectors = FlatStorage<Float>()
    var codes = FlatStorage<Int8>()
    var scales = FlatStorage<Float>()
    var squares = FlatStorage<Float>()
    private var scratch: FlatStorage<Int16>
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

    /// Distances found so far: what searches and insertions cost.
    public internal(set) var measurementCount = 0

    static let levelLimit = 15

    /// Precondition: a dimension of at least 1 and a degree from 2 to 256.
    public init(
        dimension: Int, distance: VectorDistance, quantization: VectorQuantization = .none,
        degree: Int = 16, breadth: Int = 100
    ) {
        precondition(dimension >= 1, "vectors have at least one element")
        precondition((2...256).contains(degree) && breadth >= 1, "degree or breadth out of range")
        self.dimension = dimension
        self.distance = distance
        self.degree = degree
        self.breadth = max(breadth, degree)
        stride = VectorDistance.paddedCount(dimension)
        self.quantization = quantization
        scratch = FlatStorage(capacity: GraphVector.paddedCount(stride))
        let codeCount = quantization == .none ? 0 : GraphVector.paddedCount(stride)
        scratch.append(repeating: 0, count: codeCount)
    }

    /// How many nodes there are.
    public var count: Int { levels.count }

    /// A node's vector as it is kept: of length 1 if the distance is `cosine`, and with what
    /// quantization lost.
    public func vector(_ node: Int32) -> [Float] {
        let kept = kept(node)
        if quantization == .none { return Array(kept.floats.prefix(dimension)) }
        return kept.codes.prefix(dimension).map { Float($0) * kept.scale }
    }

    /// A node's vector as it is kept.
    func kept(_ node: Int32) -> GraphVector {
        precondition(node >= 0 && Int(node) < count, "no such node")
        switch quantization {
        case .none:
            return kept(Array(UnsafeBufferPointer(start: address(node), count: stride)))
        case .int8:
            let start = UnsafeBufferPointer(
                start: codes.base + Int(node) * codeCount, count: stride)
            return GraphVector(codes: start.map(Int16.init), scale: scales.base[Int(node)])
        }
    }

    /// A prepared vector as a node would keep it.
    func kept(_ prepared: [Float]) -> GraphVector {
        GraphVector(prepared, quantization, limit: GraphVector.nodeLimit)
    }

    /// A prepared vector as what is near to it is looked for.
    func query(_ prepared: [Float]) -> GraphVector {
        precondition(prepared.count == stride, "a vector of another dimension")
        return GraphVector(prepared, quantization, limit: GraphVector.queryLimit)
    }

    /// Codes of a node in memory.
    var codeCount: Int { scratch.count }

    /// What a node takes in memory, its links to others included, in bytes.
    public var nodeByteCount: Int {
        let elements = quantization == .none ? 4 * stride : codeCount + 8
        return elements + (degree * 2 + 1) * 4 + 8 + 1 + 4
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

    /// Whether a node is kept exactly as this.
    func holds(_ node: Int32, _ vector: GraphVector) -> Bool {
        switch quantization {
        case .none:
            let held = address(node)
            for index in 0..<stride where held[index] != vector.floats[index] { return false }
            return true
        case .int8:
            if scales.base[Int(node)] != vector.scale { return false }
            let held = codes.base + Int(node) * codeCount
            for index in 0..<stride where Int16(held[index]) != vector.codes[index] {
                return false
            }
            return true
        }
    }

    @inline(__always)
    func measure(_ query: VectorView, _ node: Int32) -> Float {
        measurementCount &+= 1
        if let floats = query.floats { return distance.measure(floats, address(node), stride) }
        var node = node
        var sum: Int64 = 0
        wavetank_code_sums(query.codes, codes.base, Int64(codeCount), &node, 1, &sum)
        return distance(ofSum: sum, query, node)
    }

    /// Finds the distances of some nodes to a query.
    func measure(_ query: VectorView, _ measured: inout MeasuredNodes) {
        measurementCount &+= measured.count
        if let floats = query.floats {
            measured.measure(distance, floats, vectors.base, stride: stride)
            return
        }
        measured.measure(query.codes!, codes.base, count: codeCount) { sum, node in
            self.distance(ofSum: sum, query, node)
        }
    }

    @inline(__always)
    private func distance(ofSum sum: Int64, _ query: VectorView, _ node: Int32) -> Float {
        distance.ofCodes(
            sum, scales: query.scale * scales.base[Int(node)],
            squares: query.square + squares.base[Int(node)])
    }

    /// Runs `body` with a node's vector as a query; not within itself.
    func withView<Result>(of node: Int32, _ body: (VectorView) -> Result) -> Result {
        if quantization == .none { return body(VectorView(floats: address(node))) }
        let held = codes.base + Int(node) * codeCount
        for index in 0..<codeCount { scratch.base[index] = Int16(held[index]) }
        return body(
            VectorView(
                codes: UnsafePointer(scratch.base), scale: scales.base[Int(node)],
                square: squares.base[Int(node)]))
    }

    /// Adds a node without links. `vector` is as a node keeps it.
    func appendNode(_ vector: GraphVector, level: Int) -> Int32 {
        precondition(count < Int(Int32.max))
        let node = Int32(count)
        switch quantization {
        case .none:
            precondition(vector.floats.count == stride, "a vector of another dimension")
            vectors.append(vector.floats)
        case .int8:
            precondition(vector.codes.count == codeCount, "a vector of another dimension")
            for code in vector.codes { codes.append(Int8(code)) }
            scales.append(vector.scale)
            squares.append(vector.square)
        }
        levels.append(UInt8(level))
        baseLinks.append(repeating: 0, count: degree * 2 + 1)
        upperStarts.append(upperLinks.count)
        upperLinks.append(repeating: 0, count: level * (degree + 1))
        marks.append(0)
        return node
    }
}
