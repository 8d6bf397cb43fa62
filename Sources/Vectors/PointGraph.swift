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
    /// What is kept of each point's row for filters, an attribute a column.
    private(set) var attributes: [AttributeColumn]

    /// Precondition: `graph` is new, or its nodes get their points by `attach`.
    init(_ graph: HierarchicalGraph, attributeCount: Int = 0) {
        self.graph = graph
        attributes = Array(repeating: AttributeColumn(), count: attributeCount)
        firstPoints = Array(repeating: -1, count: graph.count)
        liveCounts = Array(repeating: 0, count: graph.count)
    }

    /// How many points there are, deleted ones included.
    var count: Int { keys.count }
    var liveCount: Int { count - deleted.count }

    /// Adds a live point with a prepared vector.
    func append(
        _ key: [UInt8], _ vector: [Float], offset: Int64, attributes: [[UInt8]] = []
    ) -> Int32 {
        append(key, graph.kept(vector), offset: offset, attributes: attributes)
    }

    /// Adds a live point with a vector as a node keeps it.
    func append(
        _ key: [UInt8], _ vector: GraphVector, offset: Int64, attributes: [[UInt8]]
    ) -> Int32 {
        precondition(attributes.count == self.attributes.count, "other attributes than the index's")
        let node = graph.insert(vector, hash: PointGraph.hash(key))
        if Int(node) == firstPoints.count {
            firstPoints.append(-1)
            liveCounts.append(0)
        }
        attach(key, node: node, offset: offset)
        for (place, value) in attributes.enumerated() { self.attributes[place].append(value) }
        return Int32(count - 1)
    }

    /// What is kept of a point's row.
    func attributes(of point: Int32) -> [[UInt8]] { attributes.map { $0[point] } }

    /// Numbers the attributes in their order; no point can be added then.
    func sortAttributes() { for place in attributes.indices { attributes[place].sort() } }

    /// Gives points their attributes that were attached without. Precondition: a value a point.
    func take(_ columns: [AttributeColumn]) {
        precondition(columns.allSatisfy { $0.numbers.count == count })
        attributes = columns
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
        search(
            query, limit: limit, breadth: breadth, isExactWhereFaster: isExactWhereFaster,
            among: filter.map { PointFilter(keys: keys, $0) })
    }

    /// The same among those that a filter of their attributes passes.
    func search(
        _ query: [Float], limit: Int, breadth: Int, isExactWhereFaster: Bool = true,
        among filter: PointFilter?
    ) -> [VectorHit] {
        if liveCount == 0 { return [] }
        let breadth = max(breadth, limit)
        if let filter {
            return filteredSearch(query, limit, breadth, isExactWhereFaster, filter)
        }
        let isScanned =
            isExactWhereFaster ? isScanFaster(breadth: breadth) : liveCount <= 2 * graph.degree
        if isScanned { return exactSearch(query, limit: limit, filter: nil) }
        let candidates = graph.search(
            query, breadth: breadth,
            isAccepted: deleted.count == 0 ? nil : { self.liveCounts[Int($0)] > 0 })
        return hits(candidates.prefix(limit), limit: limit, nil)
    }

    /// Whether to look at all points costs less than a walk through the graph.
    ///
    /// A walk measures about `degree` nodes for each of `breadth` that live, and as many more as
    /// others do not; a scan measures all that live, and asks of all whether they do, which is a
    /// quarter of a measurement.
    private func isScanFaster(breadth: Int) -> Bool {
        let scanned = liveCount + count / 4
        return scanned * liveCount <= graph.degree * breadth * count
    }

    /// As `search`, by looking at every point.
    func exactSearch(
        _ query: [Float], limit: Int, filter: ((_ key: [UInt8]) -> Bool)?
    ) -> [VectorHit] {
        if let filter {
            return exactSearch(query, limit: limit, among: PointFilter(keys: keys, filter))
        }
        let candidates = graph.scan(
            query, limit: limit,
            isAccepted: deleted.count == 0 ? nil : { self.liveCounts[Int($0)] > 0 })
        return hits(candidates[...], limit: limit, nil)
    }

    /// The same among those that a filter of their attributes passes.
    func exactSearch(_ query: [Float], limit: Int, among filter: PointFilter) -> [VectorHit] {
        let candidates = graph.scan(query, limit: limit, among: nodes(that: filter).nodes)
        return hits(candidates[...], limit: limit, filter)
    }

    /// The nodes with a live point that passes.
    func nodes(that filter: PointFilter) -> PassingNodes {
        var passing = PassingNodes(nodeCount: graph.count)
        var mask = filter.mask(count)
        mask.withUnsafeMutableBufferPointer { mask in
            deleted.forEach { mask[Int($0)] = 0 }
            nodes.withUnsafeBufferPointer { nodes in
                for point in nodes.indices where mask[point] == 1 {
                    passing.nodes.insert(nodes[point])
                    passing.pointCount += 1
                }
            }
        }
        return passing
    }

    func hits(
        _ candidates: ArraySlice<Candidate>, limit: Int, _ filter: PointFilter?
    ) -> [VectorHit] {
        var hits: [VectorHit] = []
        for candidate in candidates {
            var point = firstPoints[Int(candidate.node)]
            while point >= 0 {
                if isLive(point) && filter?.passes(point) ?? true {
                    hits.append(
                        VectorHit(
                            key: keys[Int(point)], distance: candidate.distance,
                            offset: offsets[Int(point)]))
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
