import CDistance

/// Nodes whose distances are found together, and the distances.
struct MeasuredNodes: ~Copyable {
    private(set) var nodes = FlatStorage<Int32>()
    private(set) var distances = FlatStorage<Float>()
    private var sums = FlatStorage<Int64>()

    var count: Int { nodes.count }

    mutating func removeAll() {
        nodes.removeAll()
        distances.removeAll()
    }

    mutating func append(_ node: Int32) {
        nodes.append(node)
        distances.append(0)
    }

    /// Finds the distance of each node to a prepared query.
    func measure(
        _ distance: VectorDistance, _ query: UnsafePointer<Float>,
        _ vectors: UnsafePointer<Float>, stride: Int
    ) {
        distance.measure(
            query, vectors, stride, nodes: nodes.base, nodeCount: nodes.count,
            into: distances.base)
    }

    /// The same for vectors of codes; `distance` makes one of a sum of products.
    mutating func measure(
        _ query: UnsafePointer<Int16>, _ codes: UnsafePointer<Int8>, count: Int,
        _ distance: (Int64, Int32) -> Float
    ) {
        if sums.count < nodes.count { sums.append(repeating: 0, count: nodes.count - sums.count) }
        wavetank_code_sums(
            query, codes, Int64(count), nodes.base, Int64(nodes.count), sums.base)
        for place in 0..<nodes.count {
            distances.base[place] = distance(sums.base[place], nodes.base[place])
        }
    }

    @inline(__always)
    func candidate(_ place: Int) -> Candidate {
        Candidate(distance: distances.base[place], node: nodes.base[place])
    }
}
