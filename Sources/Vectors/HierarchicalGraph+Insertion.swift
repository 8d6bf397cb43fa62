extension HierarchicalGraph {
    /// Adds a vector and answers its node, or the node that has this very vector already.
    ///
    /// Equal vectors share a node because a crowd of them would link to each other only, and cut
    /// themselves off.
    ///
    /// - Precondition: `vector` is prepared by `distance.prepared`, its elements finite.
    func insert(_ vector: [Float], hash: UInt64) -> Int32 {
        precondition(vector.count == stride, "a vector of another dimension")
        return insert(kept(vector), hash: hash)
    }

    /// The same for a vector as a node keeps it.
    func insert(_ vector: GraphVector, hash: UInt64) -> Int32 {
        let level = level(hash: hash)
        if entry < 0 {
            entry = appendNode(vector, level: level)
            return entry
        }
        let top = Int(levels.base[Int(entry)])
        let found = vector.withView { surroundings(of: $0, top: top, level: level) }
        if let twin = found.last?.first(where: { holds($0.node, vector) }) { return twin.node }
        let node = appendNode(vector, level: level)
        for (index, candidates) in found.enumerated() {
            let layer = found.count - 1 - index
            connect(node, to: candidates, layer)
        }
        if level > top { entry = node }
        return node
    }

    /// What is near a vector on each layer that a node of `level` stands on, highest layer first.
    private func surroundings(
        of vector: VectorView, top: Int, level: Int
    ) -> [[Candidate]] {
        var start = Candidate(distance: measure(vector, entry), node: entry)
        let highest = min(top, level)
        for layer in (highest + 1..<max(top, highest) + 1).reversed() {
            start = descend(vector, from: start, layer)
        }
        var starts = [start]
        var found: [[Candidate]] = []
        for layer in (0..<highest + 1).reversed() {
            starts = searchLayer(vector, from: starts, layer, breadth: breadth, nil)
            found.append(starts)
        }
        return found
    }

    private func connect(_ node: Int32, to candidates: [Candidate], _ layer: Int) {
        let chosen = select(candidates, limit: degree)
        let links = links(node, layer)
        links[0] = Int32(chosen.count)
        for (index, candidate) in chosen.enumerated() { links[1 + index] = candidate.node }
        for candidate in chosen { linkBack(candidate.node, to: node, candidate.distance, layer) }
    }

    /// Adds `node` to the neighbours of `target`, which gives up others if it has too many.
    private func linkBack(_ target: Int32, to node: Int32, _ distance: Float, _ layer: Int) {
        let limit = linkLimit(layer)
        let links = links(target, layer)
        let count = Int(links[0])
        if count < limit {
            links[1 + count] = node
            links[0] = Int32(count + 1)
            return
        }
        var candidates = [Candidate(distance: distance, node: node)]
        withView(of: target) { origin in
            for index in 0..<count {
                let neighbour = links[1 + index]
                candidates.append(Candidate(distance: measure(origin, neighbour), node: neighbour))
            }
        }
        candidates.sort()
        let chosen = select(candidates, limit: limit)
        links[0] = Int32(chosen.count)
        for (index, candidate) in chosen.enumerated() { links[1 + index] = candidate.node }
    }

    /// The neighbours to keep out of sorted candidates: each nearer to the origin than to any kept
    /// before it, so that links lead in all directions (the paper's algorithm 4); then, while there
    /// is room, the nearest of the rest.
    private func select(_ candidates: [Candidate], limit: Int) -> [Candidate] {
        if candidates.count <= limit / 2 { return candidates }
        var kept: [Candidate] = []
        var rest: [Candidate] = []
        kept.reserveCapacity(limit)
        for candidate in candidates {
            if kept.count == limit { break }
            let distance = candidate.distance
            let isNearOther = withView(of: candidate.node) { origin in
                kept.contains { measure(origin, $0.node) < distance }
            }
            if isNearOther {
                rest.append(candidate)
            } else {
                kept.append(candidate)
            }
        }
        kept.append(contentsOf: rest.prefix(limit - kept.count))
        return kept
    }
}
