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
    ///
    /// Looks at every point that passes where that is `isExactWhereFaster`; exactly so if few pass,
    /// when a walk through the graph would meet mostly others.
    func search(
        _ query: [Float], limit: Int, breadth: Int, isExactWhereFaster: Bool = true,
        filter: ((_ key: [UInt8]) -> Bool)?
    ) -> [VectorHit] {
        if liveCount == 0 { return [] }
        let breadth = max(breadth, limit)
        let isScanned =
            isExactWhereFaster
            ? isScanFaster(breadth: breadth, filter) : liveCount <= 2 * graph.degree
        if isScanned { return exactSearch(query, limit: limit, filter: filter) }
        let isEveryPointLive = deleted.count == 0 && filter == nil
        let candidates = graph.search(
            query, breadth: breadth,
            isAccepted: isEveryPointLive ? nil : { self.hasAnswer($0, filter) })
        return hits(candidates.prefix(limit), limit: limit, filter)
    }

    /// Whether to look at all points costs less than a walk through the graph.
    ///
    /// A walk measures about `degree` nodes for each of `breadth` that pass, and as many more as
    /// others do not pass; a scan measures all that pass, and asks of all whether they do, which is
    /// a quarter of a measurement. How many pass is estimated by some.
    private func isScanFaster(breadth: Int, _ filter: ((_ key: [UInt8]) -> Bool)?) -> Bool {
        var asked = 0
        var passed = 0
        if filter == nil {
            asked = count
            passed = liveCount
        } else {
            for point in stride(from: Int32(0), to: Int32(count), by: max(1, count / 128)) {
                asked += 1
                if isLive(point) && filter?(keys[Int(point)]) ?? true { passed += 1 }
            }
        }
        let scanned = count * passed / asked + count / 4
        return scanned * passed <= graph.degree * breadth * asked
    }

    /// As `search`, by looking at every point.
    func exactSearch(
        _ query: [Float], limit: Int, filter: ((_ key: [UInt8]) -> Bool)?
    ) -> [VectorHit] {
        let isEveryPointLive = deleted.count == 0 && filter == nil
        let candidates = graph.scan(
            query, limit: limit,
            isAccepted: isEveryPointLive ? nil : { self.hasAnswer($0, filter) })
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
