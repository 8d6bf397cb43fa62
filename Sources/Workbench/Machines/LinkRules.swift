import Host
import Server

/// What all active faults together make of the links between processes.
struct LinkRules {
    let ways: NodeWays
    private(set) var rules: [LinkProxy.Way: LinkProxy.Rule] = [:]

    init(_ nodes: [NodeName]) { ways = NodeWays(nodes: nodes) }

    mutating func block(_ blocked: [NodeWays.Way]) {
        for way in blocked { change(way) { $0.isBlocked = true } }
    }

    /// On what these nodes send, or all where none is named, as in the tank.
    mutating func change(
        onLinksOf nodes: [NodeName], _ change: (inout LinkProxy.Rule) -> Void
    ) {
        for way in ways.from(nodes) { self.change(way, change) }
    }

    private mutating func change(
        _ way: NodeWays.Way, _ change: (inout LinkProxy.Rule) -> Void
    ) {
        let key = LinkProxy.Way(way.source.description, way.target.description)
        change(&rules[key, default: LinkProxy.Rule()])
    }
}
