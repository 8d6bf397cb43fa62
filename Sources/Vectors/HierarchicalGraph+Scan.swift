extension HierarchicalGraph {
    /// The accepted nodes nearest to `query`, nearest first, by looking at each of them: at most
    /// `limit`, and all that are as far away as the last of them.
    ///
    /// - Precondition: `query` is prepared by `distance.prepared`, and `limit` at least 1.
    /// - Complexity: O(count)
    func scan(_ query: [Float], limit: Int, isAccepted: ((Int32) -> Bool)?) -> [Candidate] {
        precondition(query.count == stride && limit >= 1)
        measured.removeAll()
        for node in 0..<Int32(count) where isAccepted?(node) ?? true { measured.append(node) }
        self.query(query).withView { measure($0, &measured) }
        nearest.removeAll()
        return takeNearest(limit, &measured, &nearest)
    }

    /// The same among the nodes of a set.
    func scan(_ query: [Float], limit: Int, among nodes: borrowing NodeSet) -> [Candidate] {
        precondition(query.count == stride && limit >= 1)
        measured.removeAll()
        nodes.forEach { measured.append($0) }
        self.query(query).withView { measure($0, &measured) }
        nearest.removeAll()
        return takeNearest(limit, &measured, &nearest)
    }

    private func takeNearest(
        _ limit: Int, _ measured: inout MeasuredNodes, _ nearest: inout CandidateHeap
    ) -> [Candidate] {
        for place in 0..<measured.count {
            let candidate = measured.candidate(place)
            if nearest.count == limit {
                if nearest.top < candidate { continue }
                _ = nearest.pop()
            }
            nearest.push(candidate)
        }
        var found = nearest.drainSorted()
        guard found.count == limit, let last = found.last else { return found }
        // Equally far nodes stay in: which of them answer is for their keys to say.
        for place in 0..<measured.count {
            let candidate = measured.candidate(place)
            if candidate.distance == last.distance && last < candidate { found.append(candidate) }
        }
        return found
    }
}
