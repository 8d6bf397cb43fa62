/// Nodes whose distances are found together, and the distances.
struct MeasuredNodes: ~Copyable {
    private(set) var nodes = FlatStorage<Int32>()
    private(set) var distances = FlatStorage<Float>()

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

    @inline(__always)
    func candidate(_ place: Int) -> Candidate {
        Candidate(distance: distances.base[place], node: nodes.base[place])
    }
}
