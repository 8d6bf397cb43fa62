/// Points, each a key with its vector, over a graph of the distinct vectors among them.
///
/// Points are numbered in the order in which they came and never removed, only marked as deleted.
/// A key may have many points; at most the newest of them is live.
final class PointGraph {
    let graph: HierarchicalGraph
    private(set) var keys: [[UInt8]] = []
    /// The changelog offset that gave each point its vector.
    private(set) var offsets: [Int64] = []
    /// The node of each point.
    private(set) var nodes: [Int32] = []
    /// The next point on the same node, or -1.
    private var nextPoints: [Int32] = []
    /// The newest point of each node, or -1.
    private var firstPoints: [Int32] = []
    /// How many live points each node has.
    private var liveCounts: [Int32] = []
    private(set) var deleted = DeletionSet()

    /// Precondition: `graph` is new, or its nodes get their points by `attach`.
    init(_ graph: HierarchicalGraph) {
        self.graph = graph
        firstPoints = Array(repeating: -1, count: graph.count)
        liveCounts = Array(repeating: 0, count: graph.count)
    }

    /// How many points there are, deleted ones included.
    var count: Int { keys.count }
    var liveCount: Int { count - deleted.count }

    /// Adds a live point with a prepared vector.
    func append(_ key: [UInt8], _ vector: [Float], offset: Int64) -> Int32 {
        let node = graph.insert(vector, hash: PointGraph.hash(key))
        if Int(node) == firstPoints.count {
            firstPoints.append(-1)
            liveCounts.append(0)
        }
        attach(key, node: node, offset: offset)
        return Int32(count - 1)
    }

    /// Adds a live point to a node of the graph.
    func attach(_ key: [UInt8], node: Int32, offset: Int64) {
        precondition(Int(node) < firstPoints.count, "a point without a node")
        nextPoints.append(firstPoints[Int(node)])
        firstPoints[Int(node)] = Int32(count)
        liveCounts[Int(node)] += 1
        keys.append(key)
        offsets.append(offset)
        nodes.append(node)
    }

    func delete(_ point: Int32) {
        precondition(point >= 0 && Int(point) < count, "no such point")
        if deleted.insert(point) { liveCounts[Int(nodes[Int(point)])] -= 1 }
    }

    func isLive(_ point: Int32) -> Bool { !deleted.contains(point) }

    func vector(of point: Int32) -> [Float] { graph.vector(nodes[Int(point)]) }

    /// The live points in the order in which they came.
    var livePoints: [Int32] { (0..<Int32(count)).filter(isLive) }

    /// The nearest live points among those whose key the filter passes, at most `limit`.
    func search(
        _ query: [Float], limit: Int, breadth: Int, filter: ((_ key: [UInt8]) -> Bool)?
    ) -> [VectorHit] {
        if liveCount == 0 { return [] }
        // Few points are looked at one by one: that is faster, and exact.
        if liveCount <= 2 * graph.degree {
            return exactSearch(query, limit: limit, filter: filter)
        }
        let isEveryPointLive = deleted.count == 0 && filter == nil
        let candidates = graph.search(
            query, breadth: max(breadth, limit),
            isAccepted: isEveryPointLive ? nil : { self.hasAnswer($0, filter) })
        return hits(candidates.prefix(limit), limit: limit, filter)
    }

    /// As `search`, by looking at every point.
    func exactSearch(
        _ query: [Float], limit: Int, filter: ((_ key: [UInt8]) -> Bool)?
    ) -> [VectorHit] {
        var candidates: [Candidate] = []
        query.withUnsafeBufferPointer { query in
            for node in 0..<Int32(graph.count) where hasAnswer(node, filter) {
                let distance = graph.measure(query.baseAddress!, node)
                candidates.append(Candidate(distance: distance, node: node))
            }
        }
        candidates.sort()
        if candidates.count > limit {
            // Equally far nodes stay in: which of them answer is for their keys to say.
            let farthest = candidates[limit - 1].distance
            let end = candidates[limit...].firstIndex { $0.distance > farthest }
            candidates.removeSubrange((end ?? candidates.count)...)
        }
        return hits(candidates[...], limit: limit, filter)
    }

    private func hasAnswer(_ node: Int32, _ filter: ((_ key: [UInt8]) -> Bool)?) -> Bool {
        if liveCounts[Int(node)] == 0 { return false }
        guard let filter else { return true }
        var point = firstPoints[Int(node)]
        while point >= 0 {
            if isLive(point) && filter(keys[Int(point)]) { return true }
            point = nextPoints[Int(point)]
        }
        return false
    }

    private func hits(
        _ candidates: ArraySlice<Candidate>, limit: Int, _ filter: ((_ key: [UInt8]) -> Bool)?
    ) -> [VectorHit] {
        var hits: [VectorHit] = []
        for candidate in candidates {
            var point = firstPoints[Int(candidate.node)]
            while point >= 0 {
                let key = keys[Int(point)]
                if isLive(point) && filter?(key) ?? true {
                    hits.append(
                        VectorHit(
                            key: key, distance: candidate.distance, offset: offsets[Int(point)]))
                }
                point = nextPoints[Int(point)]
            }
        }
        hits.sort()
        return Array(hits.prefix(limit))
    }

    /// FNV-1a, then the finalizer of SplitMix64, so that each low bit depends on all of the key.
    static func hash(_ key: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in key { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        hash = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ hash >> 27) &* 0x94D0_49BB_1331_11EB
        return hash ^ hash >> 31
    }
}
