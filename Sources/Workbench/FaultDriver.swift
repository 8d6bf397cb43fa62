import Cluster
import Platform
import ScenarioFiles
import Simulation

/// Puts a plan of faults into effect and takes each back at its end.
///
/// Faults that set a rate or a factor are worked out anew from all that are active, so that two of
/// a kind may overlap and end in any order.
final class FaultDriver {
    private(set) var plan: FaultPlan
    /// Called when a node must go down or may come up again.
    var takeDown: (NodeName, _ losingPower: Bool) -> Void = { _, _ in }
    var bringUp: (NodeName) -> Void = { _ in }
    /// Called when a fault begins, and when it ends.
    var onChange: (PlannedFault, _ began: Bool) -> Void = { _, _ in }
    private let world: SimulationWorld
    private let nodes: [NodeName]
    private var active: [PlannedFault] = []
    private let random: RandomStream

    init(_ world: SimulationWorld, plan: FaultPlan, nodes: [NodeName]) {
        self.world = world
        self.plan = plan
        self.nodes = nodes
        random = RandomStream(seed: world.seed, label: "fault driver")
    }

    /// Dates all faults of the plan, from now.
    func start() {
        for fault in plan.faults {
            world.after(fault.at) { [self] in begin(fault) }
        }
    }

    /// Ends what is active and begins nothing more.
    func healAll() {
        plan = FaultPlan()
        for fault in active { end(fault) }
        for node in nodes { world.setClockDrift(node.description, partsPerMillion: 0) }
    }

    private func begin(_ fault: PlannedFault) {
        if !plan.faults.contains(fault) { return }
        active.append(fault)
        onChange(fault, true)
        strike(fault.kind)
        applyRates()
        if fault.duration > .zero {
            world.after(fault.duration) { [self] in end(fault) }
        } else {
            end(fault)
        }
    }

    private func end(_ fault: PlannedFault) {
        guard let position = active.firstIndex(of: fault) else { return }
        active.remove(at: position)
        onChange(fault, false)
        relieve(fault.kind)
        applyRates()
    }

    // MARK: Faults that begin and end

    private func strike(_ kind: FaultKind) {
        switch kind {
        case .crash(let node): takeDown(node, false)
        case .powerLoss(let node): takeDown(node, true)
        case .pause(let node): world.pause(node.description)
        case .clockStep(let node, let step): world.stepClock(node.description, by: step)
        case .clockDrift(let node, let drift):
            world.setClockDrift(node.description, partsPerMillion: drift)
        case .partition:
            for (source, target) in ways(of: kind) { world.block(from: source, to: target) }
        case .connectionReset(let node):
            for other in nodes where other != node {
                world.resetConnections(between: node.description, and: other.description)
            }
        case .bitRot(let node, let file):
            _ = world.rotBit(node.description, inPathContaining: file)
        case .leaseExpiry(let node): expireLease(of: node)
        default: break
        }
    }

    private func relieve(_ kind: FaultKind) {
        switch kind {
        case .crash(let node), .powerLoss(let node): bringUp(node)
        case .pause(let node): world.resume(node.description)
        case .clockDrift(let node, _): world.setClockDrift(node.description, partsPerMillion: 0)
        case .partition:
            for (source, target) in ways(of: kind) { world.open(from: source, to: target) }
        default: break
        }
    }

    /// Whether an active fault keeps a node down.
    func holdsDown(_ node: NodeName) -> Bool {
        active.contains { $0.kind == .crash(node: node) || $0.kind == .powerLoss(node: node) }
    }

    private func ways(of kind: FaultKind) -> [(Place, Place)] {
        guard case .partition(let groups, let direction) = kind else { return [] }
        let all = groups.count > 1 ? groups : groups + [nodes.filter { !groups[0].contains($0) }]
        var ways: [(Place, Place)] = []
        for (position, group) in all.enumerated() {
            for other in all[(position + 1)...] {
                for first in group {
                    for second in other {
                        let near = Place.machine(first.description)
                        let far = Place.machine(second.description)
                        if direction != .incoming || position > 0 { ways.append((near, far)) }
                        if direction != .outgoing || position > 0 { ways.append((far, near)) }
                    }
                }
            }
        }
        return ways
    }

    private func expireLease(of node: NodeName) {
        let key = registrationKey(of: node.description)
        if let lease = world.coordinator.entry(key)?.lease {
            _ = world.coordinator.expireLease(lease)
        }
    }

    // MARK: Faults that set a rate

    private func applyRates() {
        var objects = ServiceFaults()
        var coordination = ServiceFaults()
        var catalog = ServiceFaults()
        var disks: [NodeName: DiskFaults] = [:]
        for fault in active {
            switch fault.kind {
            case .diskSlow(let node, let factor):
                disks[node, default: DiskFaults()].slowFactor *= factor
            case .diskFull(let node): disks[node, default: DiskFaults()].isFull = true
            case .syncFailure(let node, let rate):
                disks[node, default: DiskFaults()].failingSyncsPerMillion += rate
            case .objectStoreErrors(let rate, let effect):
                if effect != .after { objects.lostBeforePerMillion += rate }
                if effect != .before { objects.lostAfterPerMillion += rate }
            case .objectStoreThrottle(let rate): objects.refusalsPerMillion += rate
            case .objectStoreSlow(let factor): objects.slowFactor *= factor
            case .coordinationUnavailable: coordination.isUnavailable = true
            case .coordinationOutcomeUnknown(let rate): coordination.lostAfterPerMillion += rate
            case .watchDelay(let delay): coordination.watchDelay += delay
            case .lakeCatalogConflict(let rate): catalog.conflictsPerMillion += rate
            case .lakeCatalogUnavailable: catalog.isUnavailable = true
            case .lakeCatalogOutcomeUnknown(let rate): catalog.lostAfterPerMillion += rate
            default: break
            }
        }
        world.objects.faults = objects
        world.coordinator.faults = coordination
        world.catalog.faults = catalog
        for node in nodes where node.role == .server {
            world.setDiskFaults(node.description, disks[node] ?? DiskFaults())
        }
        applyLinks()
    }

    private func applyLinks() {
        for source in nodes {
            for target in nodes where source != target {
                var delay = Duration.zero
                var resets = 0
                for fault in active {
                    switch fault.kind {
                    case .linkDelay(let node, let by, let jitter)
                    where node == nil || node == source:
                        delay += by
                        if jitter > .zero { delay += random.duration(in: .zero..<jitter) }
                    case .linkLoss(let node, let rate) where node == nil || node == source:
                        resets += rate
                    default: break
                    }
                }
                let way = (Place.machine(source.description), Place.machine(target.description))
                world.setDelay(from: way.0, to: way.1, delay)
                world.setResets(from: way.0, to: way.1, partsPerMillion: resets)
            }
        }
    }
}
