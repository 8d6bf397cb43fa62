import Platform
import ScenarioFiles
import Server
import Simulation

/// Draws the faults of a run from its seed.
///
/// Swarm testing (Groce et al., 2012): each seed switches a random half of the fault kinds on, so
/// that one kind does not hide what another would show. A solvable plan keeps a server's faults
/// apart from the other servers' and lets only one server, chosen by the seed, lose what it had
/// stored; it may be lost for good where as many others are left as an acknowledgement needs.
struct Nemesis {
    let scenario: Scenario
    var random: RandomStream
    /// The one server that may lose data for good.
    private let unlucky: NodeName
    private var hasLostNode = false
    /// Whether the unlucky server's disk may hold what nobody has noticed yet.
    private var hasLatentDamage = false
    /// When each class of node is whole again.
    private var wholeAt: [NodeRole: Duration] = [:]

    init(_ scenario: Scenario, seed: UInt64) {
        self.scenario = scenario
        random = RandomStream(seed: seed, label: "nemesis")
        unlucky = NodeName(.server, 1 + random.next(in: 0..<scenario.cluster.servers))
    }

    /// The scripted faults of the scenario and those drawn for the seed.
    static func plan(_ scenario: Scenario, seed: UInt64) -> FaultPlan {
        var nemesis = Nemesis(scenario, seed: seed)
        return FaultPlan(
            scenario.scriptedFaults.faults + scenario.drawnFaults.flatMap { nemesis.draw($0) })
    }

    private mutating func draw(_ drawn: DrawnFaults) -> [PlannedFault] {
        var kinds = drawn.kinds.filter { _ in random.chance(1, in: 2) }
        if kinds.isEmpty { kinds = [drawn.kinds[random.next(in: 0..<drawn.kinds.count)]] }
        var faults: [PlannedFault] = []
        var time = drawn.from + spread(drawn.every)
        while time < drawn.until {
            let kind = kinds[random.next(in: 0..<kinds.count)]
            if let fault = fault(kind, at: time, drawn) { faults.append(fault) }
            time += spread(drawn.every)
        }
        return faults
    }

    /// Between a half and one and a half of a duration.
    private func spread(_ mean: Duration) -> Duration {
        random.duration(in: (mean / 2)..<(mean * 3 / 2 + .nanoseconds(1)))
    }

    mutating func fault(
        _ name: FaultKindName, at time: Duration, _ drawn: DrawnFaults
    ) -> PlannedFault? {
        if name == Self.loss && (hasLostNode || !canLoseNode) { return nil }
        guard let draw = name.description.draw else {
            preconditionFailure("'\(name.rawValue)' is not drawn")
        }
        let kind = draw(Draw(scenario, random, unlucky: unlucky))
        let lasting = name.lasts ? spread(drawn.lasting) : .zero
        let fault = PlannedFault(at: time, duration: lasting, kind: kind)
        return !drawn.isSolvable || admits(fault) ? fault : nil
    }

    /// Whether a fault leaves enough of the cluster; if so, it is taken for planned.
    ///
    /// Precondition: faults are asked for in the order of their dates.
    mutating func admits(_ fault: PlannedFault) -> Bool {
        let isLoss = fault.kind.name == Self.loss
        if isLoss && (hasLostNode || !canLoseNode) { return false }
        // Where one copy is enough for an acknowledgement, damage to it would lose what nobody else
        // has; a sync that fails says so, and nothing is acknowledged upon it.
        if scenario.cluster.minimumInSync < 2 && fault.kind.name.losesData
            && fault.kind.name != Self.syncFailure
        {
            return false
        }
        // What a disk did in silence shows late; should the others fall out of step together then,
        // the one that is in sync alone would be the damaged one.
        let description = fault.kind.name.description
        if hasLatentDamage && description.separates(fault.kind) { return false }
        let roles = roles(of: fault.kind)
        for role in NodeRole.allCases where roles.contains(role) {
            // One node of a kind at a time, and some time for it to come back.
            if let whole = wholeAt[role], fault.at < whole { return false }
        }
        for role in NodeRole.allCases where roles.contains(role) {
            wholeAt[role] = fault.end + scenario.cluster.leaseDuration * 2 + .seconds(2)
        }
        if isLoss { hasLostNode = true }
        if description.damagesSilently { hasLatentDamage = true }
        return true
    }

    private var canLoseNode: Bool {
        scenario.cluster.servers > 1
            && scenario.cluster.replication > scenario.cluster.minimumInSync
    }

    /// The roles of the nodes that suffer.
    private func roles(of kind: FaultKind) -> Set<NodeRole> {
        let isForAll = kind.name.description.isForAll
        return Set(isForAll ? NodeRole.allCases : kind.nodes.map(\.role))
    }

    private static let loss: FaultKindName = "nodeLoss"
    private static let syncFailure: FaultKindName = "syncFailure"

    /// What the parameters of one fault are drawn from.
    private final class Draw: FaultDraw {
        let unlucky: NodeName
        private let scenario: Scenario
        private let random: RandomStream

        init(_ scenario: Scenario, _ random: RandomStream, unlucky: NodeName) {
            self.scenario = scenario
            self.random = random
            self.unlucky = unlucky
        }

        func node() -> NodeName {
            let choice = random.next(in: 0..<10)
            if choice == 0 && scenario.cluster.coordinators > 1 {
                return NodeName(
                    .coordinator, 1 + random.next(in: 0..<scenario.cluster.coordinators))
            }
            if choice == 1 && scenario.cluster.tierers > 0 {
                return NodeName(.tierer, 1 + random.next(in: 0..<scenario.cluster.tierers))
            }
            if choice == 2 && scenario.cluster.indexers > 0 {
                return NodeName(.indexer, 1 + random.next(in: 0..<scenario.cluster.indexers))
            }
            if choice == 3 && scenario.cluster.gateways > 0 {
                return NodeName(.gateway, 1 + random.next(in: 0..<scenario.cluster.gateways))
            }
            if choice == 4 && scenario.cluster.sinks > 0 {
                return NodeName(.sink, 1 + random.next(in: 0..<scenario.cluster.sinks))
            }
            return server()
        }

        func server() -> NodeName {
            NodeName(.server, 1 + random.next(in: 0..<scenario.cluster.servers))
        }

        func number(below bound: Int) -> Int { random.next(in: 0..<bound) }

        func coin() -> Bool { random.chance(1, in: 2) }
    }
}
