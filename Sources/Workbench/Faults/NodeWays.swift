import Server

/// Between which nodes nothing passes, in the tank and on the machine alike.
struct NodeWays {
    /// All of the run, clients too.
    let nodes: [NodeName]

    typealias Way = (source: NodeName, target: NodeName)

    private var members: [NodeName] { nodes.filter { $0.role != .client } }

    func halves(without bridge: NodeName) -> [[NodeName]] {
        let others = nodes.filter { $0 != bridge }.enumerated()
        return [0, 1].map { half in others.filter { $0.offset % 2 == half }.map(\.element) }
    }

    /// Across a ring in its order, or that of all but clients.
    func across(_ named: [NodeName]) -> [Way] {
        let ring = named.isEmpty ? members : named
        var ways: [Way] = []
        for (position, source) in ring.enumerated() {
            for (other, target) in ring.enumerated() {
                let distance = abs(position - other)
                if distance > 1 && distance < ring.count - 1 { ways.append((source, target)) }
            }
        }
        return ways
    }

    /// From these nodes, or from every one if none is named, to all others.
    func from(_ sources: [NodeName]) -> [Way] {
        nodes.filter { sources.isEmpty || sources.contains($0) }.flatMap { source in
            nodes.filter { $0 != source }.map { (source, $0) }
        }
    }

    /// `direction` says what of the first group is cut off: `both`, `outgoing` or `incoming`.
    func between(_ groups: [[NodeName]], _ direction: String) -> [Way] {
        let all = groups.count > 1 ? groups : groups + [nodes.filter { !groups[0].contains($0) }]
        var ways: [Way] = []
        for (position, group) in all.enumerated() {
            for other in all[(position + 1)...] {
                for near in group {
                    for far in other {
                        if direction != "incoming" || position > 0 { ways.append((near, far)) }
                        if direction != "outgoing" || position > 0 { ways.append((far, near)) }
                    }
                }
            }
        }
        return ways
    }
}
