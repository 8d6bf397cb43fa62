extension HierarchicalGraph {
    /// Nodes near `query`, nearest first, at most `breadth` of them, among those that are accepted.
    ///
    /// A larger breadth (ef) finds more of the true nearest, and takes longer. If less than
    /// `breadth` nodes are accepted, all that can be reached are found.
    ///
    /// - Precondition: `query` is prepared by `distance.prepared`.
    func search(
        _ query: [Float], breadth: Int, isAccepted: ((Int32) -> Bool)?
    ) -> [Candidate] {
        precondition(query.count == stride && breadth >= 1)
        if entry < 0 { return [] }
        return self.query(query).withView { query in
            let start = entrance(query)
            return searchLayer(query, from: [start], 0, breadth: breadth, isAccepted)
        }
    }

    /// The nodes of a set near `query`, nearest first, at most `breadth` of them: by a walk through
    /// all nodes, or by one that measures no others than those of the set, where the neighbours of
    /// one that is not in it stand in for it.
    ///
    /// The latter is how ACORN-1 searches (Patel and others, "ACORN: Performant and
    /// Predicate-Agnostic Search Over Vector Embeddings and Structured Data", 2024). Where few are
    /// in the set a walk may end before it has found all that there are.
    ///
    /// - Precondition: `query` is prepared by `distance.prepared`.
    func search(
        _ query: [Float], breadth: Int, among nodes: borrowing NodeSet, throughAll: Bool
    ) -> [Candidate] {
        precondition(query.count == stride && breadth >= 1)
        if entry < 0 { return [] }
        beginMarking()
        waiting.removeAll()
        nearest.removeAll()
        let query = self.query(query)
        query.withView { query in
            let start = entrance(query)
            marks.base[Int(start.node)] = mark
            waiting.push(start)
            if nodes.contains(start.node) { nearest.push(start) }
            walk(query, breadth, among: nodes, throughAll, &waiting, &nearest, &measured)
        }
        return nearest.drainSorted()
    }

    /// The node of layer 0 that the layers above lead to.
    private func entrance(_ query: VectorView) -> Candidate {
        var start = Candidate(distance: measure(query, entry), node: entry)
        let top = Int(levels.base[Int(entry)])
        for layer in (1..<top + 1).reversed() { start = descend(query, from: start, layer) }
        return start
    }

    /// Walks a layer to ever nearer nodes until none of the neighbours is nearer.
    func descend(
        _ query: VectorView, from start: Candidate, _ layer: Int
    ) -> Candidate {
        var best = start
        var isImproving = true
        while isImproving {
            isImproving = false
            let links = links(best.node, layer)
            for index in 0..<Int(links[0]) {
                let node = links[1 + index]
                let candidate = Candidate(distance: measure(query, node), node: node)
                if candidate < best {
                    best = candidate
                    isImproving = true
                }
            }
        }
        return best
    }

    /// The accepted nodes nearest to `query` on a layer, as found from `starts`, nearest first.
    func searchLayer(
        _ query: VectorView, from starts: [Candidate], _ layer: Int, breadth: Int,
        _ isAccepted: ((Int32) -> Bool)?
    ) -> [Candidate] {
        beginMarking()
        waiting.removeAll()
        nearest.removeAll()
        for start in starts {
            marks.base[Int(start.node)] = mark
            waiting.push(start)
            if isAccepted?(start.node) ?? true { nearest.push(start) }
        }
        while nearest.count > breadth { _ = nearest.pop() }
        walk(query, layer, breadth, isAccepted, &waiting, &nearest, &measured)
        return nearest.drainSorted()
    }

    /// Goes on to the nearest node that waits, until it is farther than all that are wanted.
    private func walk(
        _ query: VectorView, _ layer: Int, _ breadth: Int,
        _ isAccepted: ((Int32) -> Bool)?, _ waiting: inout CandidateHeap,
        _ nearest: inout CandidateHeap, _ measured: inout MeasuredNodes
    ) {
        let marks = marks.base
        let mark = mark
        while waiting.count > 0 {
            let current = waiting.pop()
            if nearest.count >= breadth && nearest.top < current { break }
            let links = links(current.node, layer)
            measured.removeAll()
            for index in 0..<Int(links[0]) {
                let node = links[1 &+ index]
                if marks[Int(node)] == mark { continue }
                marks[Int(node)] = mark
                measured.append(node)
            }
            measure(query, &measured)
            for place in 0..<measured.count {
                let candidate = measured.candidate(place)
                if nearest.count >= breadth && nearest.top < candidate { continue }
                waiting.push(candidate)
                if let isAccepted, !isAccepted(candidate.node) { continue }
                nearest.push(candidate)
                if nearest.count > breadth { _ = nearest.pop() }
            }
        }
    }

    /// The same on layer 0 for the nodes of a set: through all nodes, or over two links where one
    /// leads out of it.
    private func walk(
        _ query: VectorView, _ breadth: Int, among nodes: borrowing NodeSet, _ throughAll: Bool,
        _ waiting: inout CandidateHeap, _ nearest: inout CandidateHeap,
        _ measured: inout MeasuredNodes
    ) {
        while waiting.count > 0 {
            let current = waiting.pop()
            if nearest.count >= breadth && nearest.top < current { break }
            measured.removeAll()
            collect(around: current.node, nodes, throughAll, &measured)
            measure(query, &measured)
            for place in 0..<measured.count {
                let candidate = measured.candidate(place)
                if nearest.count >= breadth && nearest.top < candidate { continue }
                waiting.push(candidate)
                if throughAll && !nodes.contains(candidate.node) { continue }
                nearest.push(candidate)
                if nearest.count > breadth { _ = nearest.pop() }
            }
        }
    }

    /// The nodes that were not seen before and are one link away from a node; unless `throughAll`
    /// those of a set alone, and two links away where the one between is not in the set.
    private func collect(
        around node: Int32, _ nodes: borrowing NodeSet, _ throughAll: Bool,
        _ measured: inout MeasuredNodes
    ) {
        let marks = marks.base
        let mark = mark
        let links = links(node, 0)
        for index in 0..<Int(links[0]) {
            let neighbour = links[1 &+ index]
            if marks[Int(neighbour)] == mark { continue }
            marks[Int(neighbour)] = mark
            if throughAll || nodes.contains(neighbour) { measured.append(neighbour) }
        }
        if throughAll { return }
        for index in 0..<Int(links[0]) {
            if measured.count >= 2 * degree { return }
            let between = links[1 &+ index]
            if nodes.contains(between) { continue }
            let further = self.links(between, 0)
            for index in 0..<Int(further[0]) {
                let neighbour = further[1 &+ index]
                if !nodes.contains(neighbour) || marks[Int(neighbour)] == mark { continue }
                marks[Int(neighbour)] = mark
                measured.append(neighbour)
            }
        }
    }

    private func beginMarking() {
        if mark == .max {
            marks.base.update(repeating: 0, count: marks.count)
            mark = 0
        }
        mark += 1
    }
}
