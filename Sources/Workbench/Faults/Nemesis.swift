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
        if name == .nodeLoss && (hasLostNode || !canLoseNode) { return nil }
        let kind = kind(name)
        let lasting = name.lasts ? spread(drawn.lasting) : .zero
        let fault = PlannedFault(at: time, duration: lasting, kind: kind)
        return !drawn.isSolvable || admits(fault) ? fault : nil
    }

    /// Whether a fault leaves enough of the cluster; if so, it is taken for planned.
    ///
    /// Precondition: faults are asked for in the order of their dates.
    mutating func admits(_ fault: PlannedFault) -> Bool {
        let isLoss = fault.kind.name == .nodeLoss
        if isLoss && (hasLostNode || !canLoseNode) { return false }
        // What a disk did in silence shows late; should the others fall out of step together then,
        // the one that is in sync alone would be the damaged one.
        if hasLatentDamage && parts(fault.kind) { return false }
        let roles = roles(of: fault.kind)
        for role in NodeRole.allCases where roles.contains(role) {
            // One node of a kind at a time, and some time for it to come back.
            if let whole = wholeAt[role], fault.at < whole { return false }
        }
        for role in NodeRole.allCases where roles.contains(role) {
            wholeAt[role] = fault.end + scenario.cluster.leaseDuration * 2 + .seconds(2)
        }
        if isLoss { hasLostNode = true }
        switch fault.kind {
        case .bitRot, .lostWrite, .misdirectedWrite, .unreadableSector: hasLatentDamage = true
        default: break
        }
        return true
    }

    /// Whether a fault may put all servers but one out of step at once.
    private func parts(_ kind: FaultKind) -> Bool {
        switch kind {
        case .restartAll, .bridgePartition, .ringPartition: true
        case .linkClogged(let node), .linkSlow(let node, _): node == nil
        default: false
        }
    }

    private var canLoseNode: Bool {
        scenario.cluster.servers > 1
            && scenario.cluster.replication > scenario.cluster.minimumInSync
    }

    /// The roles of the nodes that suffer.
    private func roles(of kind: FaultKind) -> Set<NodeRole> {
        switch kind {
        case .restartAll, .bridgePartition, .ringPartition: Set(NodeRole.allCases)
        default: Set(kind.nodes.map(\.role))
        }
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
        case .crashLoop:
            .crashLoop(node: node(), every: .milliseconds(200 + random.next(in: 0..<4000)))
        case .restartAll: .restartAll
        case .nodeLoss: .nodeLoss(node: unlucky)
        case .configurationChange:
            .configurationChange(
                node: server(), segmentByteCount: 16 * 1024 << random.next(in: 0..<7))
        case .powerLoss: .powerLoss(node: node())
        case .pause: .pause(node: node())
        case .clockStep: .clockStep(node: node(), by: clockStep())
        case .clockDrift:
            .clockDrift(node: node(), partsPerMillion: random.next(in: -20_000..<20_001))
        case .leaseExpiry: .leaseExpiry(node: server())
        case .memoryBudget:
            .memoryBudget(node: node(), byteCount: 256 * 1024 << random.next(in: 0..<6))
        case .partition, .bridgePartition, .ringPartition, .connectionReset, .connectionForgotten:
            connections(name)
        case .linkDelay, .linkReset, .linkClogged, .linkSlow, .linkDuplication: link(name)
        default: name.isForServers ? disk(name) : service(name)
        }
    }

    private func connections(_ name: FaultKindName) -> FaultKind {
        switch name {
        case .bridgePartition: .bridgePartition(node: node())
        case .ringPartition: .ringPartition(nodes: [])
        case .connectionReset: .connectionReset(node: node())
        case .connectionForgotten: .connectionForgotten(node: node())
        default:
            .partition(
                groups: [[node()]],
                direction: PartitionDirection.allCases[random.next(in: 0..<3)])
        }
    }

    private func link(_ name: FaultKindName) -> FaultKind {
        let node = random.chance(1, in: 2) ? node() : nil
        return switch name {
        case .linkDelay:
            .linkDelay(node: node, by: .milliseconds(20), jitter: .milliseconds(100))
        case .linkClogged: .linkClogged(node: node)
        case .linkSlow:
            .linkSlow(node: node, bytesPerSecond: 16 * 1024 << random.next(in: 0..<7))
        case .linkDuplication: .linkDuplication(node: node, partsPerMillion: rate(upTo: 100_000))
        default: .linkReset(node: node, partsPerMillion: rate(upTo: 20_000))
        }
    }

    private func disk(_ name: FaultKindName) -> FaultKind {
        switch name {
        case .diskSlow: .diskSlow(node: server(), factor: 2 + random.next(in: 0..<30))
        case .diskFull: .diskFull(node: server())
        case .diskBudget:
            .diskBudget(node: server(), byteCount: 64 * 1024 << random.next(in: 0..<9))
        case .diskErrors:
            .diskErrors(
                node: server(), partsPerMillion: rate(upTo: 20_000),
                operation: DiskOperation.allCases[random.next(in: 0..<3)])
        case .syncFailure: .syncFailure(node: unlucky, partsPerMillion: rate(upTo: 200_000))
        case .lostWrite: .lostWrite(node: unlucky, file: ".log")
        case .misdirectedWrite: .misdirectedWrite(node: unlucky, file: ".log")
        case .unreadableSector:
            .unreadableSector(node: unlucky, file: random.chance(1, in: 2) ? ".log" : "")
        default: .bitRot(node: unlucky, file: ".log")
        }
    }

    private func service(_ name: FaultKindName) -> FaultKind {
        switch name {
        case .objectStoreErrors:
            .objectStoreErrors(
                partsPerMillion: rate(upTo: 300_000),
                effect: RequestEffect.allCases[random.next(in: 0..<3)])
        case .objectStoreThrottle: .objectStoreThrottle(partsPerMillion: rate(upTo: 800_000))
        case .objectStoreSlow: .objectStoreSlow(factor: 2 + random.next(in: 0..<30))
        case .objectStoreTornUpload: .objectStoreTornUpload(partsPerMillion: rate(upTo: 300_000))
        case .objectStoreTail:
            .objectStoreTail(
                partsPerMillion: rate(upTo: 100_000), factor: 10 + random.next(in: 0..<190))
        case .coordinationUnavailable: .coordinationUnavailable
        case .coordinationOutcomeUnknown:
            .coordinationOutcomeUnknown(partsPerMillion: rate(upTo: 200_000))
        case .coordinationConflict: .coordinationConflict(partsPerMillion: rate(upTo: 500_000))
        case .watchDelay: .watchDelay(by: .milliseconds(1 + random.next(in: 0..<3000)))
        case .watchRepeat: .watchRepeat(partsPerMillion: rate(upTo: 500_000))
        case .strike: preconditionFailure("a strike is not drawn")
        case .lakeCatalogConflict: .lakeCatalogConflict(partsPerMillion: rate(upTo: 500_000))
        case .lakeCatalogUnavailable: .lakeCatalogUnavailable
        case .lakeForeignCompaction: .lakeForeignCompaction
        case .lakeForeignProperty: .lakeForeignProperty
        case .lakeForeignExpiry: .lakeForeignExpiry
        case .lakeForeignReference: .lakeForeignReference
        case .lakeForeignSchema: .lakeForeignSchema
        case .lakeForeignPartitionSpec: .lakeForeignPartitionSpec
        case .lakeForeignSortOrder: .lakeForeignSortOrder
        case .lakeCatalogOutcomeUnknown:
            .lakeCatalogOutcomeUnknown(partsPerMillion: rate(upTo: 500_000))
        default: preconditionFailure("'\(name)' is no fault of a service")
        }
    }

    /// Up to two minutes, forward or back.
    private func clockStep() -> Duration {
        .milliseconds(random.next(in: -120_000..<120_001))
    }
}
