import Platform
import ScenarioFiles
import Simulation

/// Draws the faults of a run from its seed.
///
/// Swarm testing (Groce et al., 2012): each seed switches a random half of the fault kinds on, so
/// that one kind does not hide what another would show. A solvable plan keeps a server's faults
/// apart from the other servers' and lets only one server, chosen by the seed, lose what it had
/// stored.
struct Nemesis {
    private let scenario: Scenario
    private let random: RandomStream
    /// The one server that may lose data for good.
    private let unlucky: NodeName
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

    private mutating func fault(
        _ name: FaultKindName, at time: Duration, _ drawn: DrawnFaults
    ) -> PlannedFault? {
        let kind = kind(name)
        let lasting = name.lasts ? spread(drawn.lasting) : .zero
        guard drawn.isSolvable else {
            return PlannedFault(at: time, duration: lasting, kind: kind)
        }
        let roles = Set(kind.nodes.map(\.role))
        for role in NodeRole.allCases where roles.contains(role) {
            // One node of a kind at a time, and some time for it to come back.
            if let whole = wholeAt[role], time < whole { return nil }
        }
        for role in NodeRole.allCases where roles.contains(role) {
            wholeAt[role] = time + lasting + scenario.cluster.leaseDuration * 2 + .seconds(2)
        }
        return PlannedFault(at: time, duration: lasting, kind: kind)
    }

    private func node() -> NodeName {
        let choice = random.next(in: 0..<10)
        if choice == 0 && scenario.cluster.coordinators > 1 {
            return NodeName(.coordinator, 1 + random.next(in: 0..<scenario.cluster.coordinators))
        }
        if choice == 1 && scenario.cluster.tierers > 0 {
            return NodeName(.tierer, 1 + random.next(in: 0..<scenario.cluster.tierers))
        }
        if choice == 2 && scenario.cluster.indexers > 0 {
            return NodeName(.indexer, 1 + random.next(in: 0..<scenario.cluster.indexers))
        }
        return server()
    }

    private func server() -> NodeName {
        NodeName(.server, 1 + random.next(in: 0..<scenario.cluster.servers))
    }

    private func rate(upTo partsPerMillion: Int) -> Int {
        1 + random.next(in: 0..<partsPerMillion)
    }

    private func kind(_ name: FaultKindName) -> FaultKind {
        switch name {
        case .crash: .crash(node: node())
        case .powerLoss: .powerLoss(node: node())
        case .pause: .pause(node: node())
        case .clockStep: .clockStep(node: node(), by: clockStep())
        case .clockDrift:
            .clockDrift(node: node(), partsPerMillion: random.next(in: -20_000..<20_001))
        case .partition:
            .partition(
                groups: [[node()]],
                direction: PartitionDirection.allCases[random.next(in: 0..<3)])
        case .linkDelay:
            .linkDelay(
                node: random.chance(1, in: 2) ? node() : nil, by: .milliseconds(20),
                jitter: .milliseconds(100))
        case .linkLoss:
            .linkLoss(
                node: random.chance(1, in: 2) ? node() : nil, partsPerMillion: rate(upTo: 20_000))
        case .connectionReset: .connectionReset(node: node())
        case .diskSlow: .diskSlow(node: server(), factor: 2 + random.next(in: 0..<30))
        case .diskFull: .diskFull(node: server())
        case .syncFailure: .syncFailure(node: unlucky, partsPerMillion: rate(upTo: 200_000))
        case .bitRot: .bitRot(node: unlucky, file: ".log")
        case .objectStoreErrors:
            .objectStoreErrors(
                partsPerMillion: rate(upTo: 300_000),
                effect: RequestEffect.allCases[random.next(in: 0..<3)])
        case .objectStoreThrottle: .objectStoreThrottle(partsPerMillion: rate(upTo: 800_000))
        case .objectStoreSlow: .objectStoreSlow(factor: 2 + random.next(in: 0..<30))
        case .coordinationUnavailable: .coordinationUnavailable
        case .coordinationOutcomeUnknown:
            .coordinationOutcomeUnknown(partsPerMillion: rate(upTo: 200_000))
        case .leaseExpiry: .leaseExpiry(node: server())
        case .watchDelay: .watchDelay(by: .milliseconds(1 + random.next(in: 0..<3000)))
        case .lakeCatalogConflict: .lakeCatalogConflict(partsPerMillion: rate(upTo: 500_000))
        case .lakeCatalogUnavailable: .lakeCatalogUnavailable
        case .lakeCatalogOutcomeUnknown:
            .lakeCatalogOutcomeUnknown(partsPerMillion: rate(upTo: 500_000))
        }
    }

    /// Up to two minutes, forward or back.
    private func clockStep() -> Duration {
        .milliseconds(random.next(in: -120_000..<120_001))
    }
}
