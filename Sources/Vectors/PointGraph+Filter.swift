/// The nodes of a graph that have an answer, and how many points pass.
struct PassingNodes: ~Copyable {
    var nodes: NodeSet
    var pointCount = 0

    init(nodeCount: Int) { nodes = NodeSet(count: nodeCount) }
}

extension PointGraph {
    /// How the nearest points that pass a filter are looked for.
    enum FilteredPlan: Hashable {
        /// All that pass are measured.
        case scan
        /// A walk through the graph that measures only what passes, over two links where needed.
        case walkAmong
        /// A walk through all of the graph that keeps what passes.
        case walkAll
    }

    func filteredSearch(
        _ query: [Float], _ limit: Int, _ breadth: Int, _ isExactWhereFaster: Bool,
        _ filter: PointFilter
    ) -> [VectorHit] {
        let passing = nodes(that: filter)
        let plan = plan(breadth: breadth, isExactWhereFaster, passing: passing.pointCount)
        if plan != .scan {
            let candidates = graph.search(
                query, breadth: breadth, among: passing.nodes, throughAll: plan == .walkAll)
            if candidates.count >= limit {
                return hits(candidates.prefix(limit), limit: limit, filter)
            }
        }
        // Also where a walk has found less than was wanted: what passes may be cut off from it.
        let candidates = graph.scan(query, limit: limit, among: passing.nodes)
        return hits(candidates[...], limit: limit, filter)
    }

    /// What costs least, in units of about a tenth of a nanosecond, once it is known what passes.
    ///
    /// Unfiltered, a walk measures about `degree` nodes for each of `breadth`. One through all
    /// measures as many more as others do not pass. One among those that pass measures no more, but
    /// looks at the neighbours of those that do not. Both wait for memory at each step, which a
    /// scan of all that pass, in their order, hardly does.
    func plan(breadth: Int, _ isExactWhereFaster: Bool, passing: Int) -> FilteredPlan {
        if passing <= 2 * graph.degree { return .scan }
        let byteCount = graph.stride * (graph.quantization == .none ? 4 : 1)
        let (step, hop) = (300 + byteCount, 1200)
        let walk = graph.degree * breadth * step
        let among = walk + breadth * 2 * graph.degree * hop * (count - passing) / count
        let all = walk * count / passing
        let scan = passing * (100 + byteCount)
        if isExactWhereFaster && scan <= min(among, all) { return .scan }
        // So few that a walk over two links does not hold together.
        if passing * 50 < count { return isExactWhereFaster ? .scan : .walkAll }
        return among < all ? .walkAmong : .walkAll
    }
}
