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
        return query.withUnsafeBufferPointer { query in
            let query = query.baseAddress!
            var start = Candidate(distance: measure(query, entry), node: entry)
            let top = Int(levels.base[Int(entry)])
            for layer in (1..<top + 1).reversed() {
                start = descend(query, from: start, layer)
            }
            return searchLayer(query, from: [start], 0, breadth: breadth, isAccepted)
        }
    }

    /// Walks a layer to ever nearer nodes until none of the neighbours is nearer.
    func descend(
        _ query: UnsafePointer<Float>, from start: Candidate, _ layer: Int
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
        _ query: UnsafePointer<Float>, from starts: [Candidate], _ layer: Int, breadth: Int,
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
        _ query: UnsafePointer<Float>, _ layer: Int, _ breadth: Int,
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
            measured.measure(distance, query, vectors.base, stride: stride)
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

    private func beginMarking() {
        if mark == .max {
            marks.base.update(repeating: 0, count: marks.count)
            mark = 0
        }
        mark += 1
    }
}
