import Cluster
import Platform
import ScenarioFiles
import Server
import Simulation

/// Puts a plan of faults into effect and takes each back at its end.
///
/// Faults that set a rate or a factor are worked out anew from all that are active, so that two of
/// a kind may overlap and end in any order.
final class FaultDriver {
    private(set) var plan: FaultPlan
    /// The plan as it was before all was healed.
    let wholePlan: FaultPlan
    /// Called when a node must go down or may come up again.
    var takeDown: (NodeName, _ losingPower: Bool) -> Void = { _, _ in }
    var bringUp: (NodeName) -> Void = { _ in }
    /// Called when a fault begins, and when it ends.
    var onChange: (PlannedFault, _ began: Bool) -> Void = { _, _ in }
    /// Whether enough other copies are in sync of everything that a node has.
    var isSpare: (NodeName) -> Bool = { _ in true }
    /// Called with the size of segments of a server's next lives.
    var reconfigure: (NodeName, _ segmentByteCount: Int) -> Void = { _, _ in }
    /// Another program that works on the lake.
    private let foreignWriter: ForeignWriter
    /// The nodes that are lost for good.
    private(set) var lost: Set<NodeName> = []
    let world: SimulationWorld
    let nodes: [NodeName]
    private(set) var active: [PlannedFault] = []
    /// When a fault last began or ended on a node, and on what all share.
    var disturbances: [String: Int64] = [:]
    var sharedDisturbance: Int64?
    var storeDisturbance: Int64?
    /// Nodes in a loop of crashes that are between two lives.
    private var betweenLives: Set<NodeName> = []
    private var isHealed = false

    init(_ world: SimulationWorld, plan: FaultPlan, nodes: [NodeName]) {
        self.world = world
        self.plan = plan
        wholePlan = plan
        self.nodes = nodes
        foreignWriter = ForeignWriter(world)
    }

    /// What the foreignWriter has committed to the lake.
    var foreignCommitCount: Int { foreignWriter.commitCount }

    /// Dates all faults of the plan, from now.
    func start() {
        for fault in plan.faults {
            if fault.at == .zero, case .strike = fault.kind {
                // Its operation may be the first of all.
                onChange(fault, true)
                strike(fault.kind)
            } else {
                world.after(fault.at) { [self] in begin(fault) }
            }
        }
    }

    /// Ends what is active and begins nothing more.
    ///
    /// What is lost for good stays lost.
    func healAll() {
        isHealed = true
        world.endStrikes()
        plan = FaultPlan()
        for fault in active { end(fault) }
        for node in nodes { world.setClockDrift(node.description, partsPerMillion: 0) }
    }

    private func begin(_ fault: PlannedFault) {
        if !plan.faults.contains(fault) { return }
        active.append(fault)
        disturb(fault.kind)
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
        disturb(fault.kind)
        onChange(fault, false)
        relieve(fault.kind)
        applyRates()
    }

    // MARK: Faults that begin and end

    private func strike(_ kind: FaultKind) {
        switch kind {
        case .crash(let node): takeDown(node, false)
        case .crashLoop(let node, let interval): crashAgain(node, every: interval)
        case .restartAll: for node in members { takeDown(node, false) }
        case .nodeLoss(let node): lose(node)
        case .configurationChange(let node, let segmentByteCount):
            takeDown(node, false)
            reconfigure(node, segmentByteCount)
        case .powerLoss(let node): takeDown(node, true)
        case .pause(let node): world.pause(node.description)
        case .clockStep(let node, let step): world.stepClock(node.description, by: step)
        case .clockDrift(let node, let drift):
            world.setClockDrift(node.description, partsPerMillion: drift)
        case .partition, .bridgePartition, .ringPartition:
            for (source, target) in ways(of: kind) { world.block(from: source, to: target) }
        case .linkClogged:
            for (source, target) in ways(of: kind) { world.clog(from: source, to: target) }
        case .connectionForgotten(let node): world.forgetConnections(of: node.description)
        case .connectionReset(let node):
            for other in nodes where other != node {
                world.resetConnections(between: node.description, and: other.description)
            }
        case .bitRot(let node, let file):
            _ = world.rotBit(node.description, inPathContaining: file)
        case .unreadableSector(let node, let file):
            _ = world.loseSector(node.description, inPathContaining: file)
        case .lostWrite(let node, let file):
            world.loseWrite(node.description, inPathContaining: file)
        case .misdirectedWrite(let node, let file):
            world.misdirectWrite(node.description, inPathContaining: file)
        case .leaseExpiry(let node): expireLease(of: node)
        case .lakeForeignCompaction: foreignWriter.act(.compact)
        case .lakeForeignProperty: foreignWriter.act(.setProperty)
        case .lakeForeignExpiry: foreignWriter.act(.expire)
        case .lakeForeignReference: foreignWriter.act(.tag)
        case .lakeForeignSchema: foreignWriter.act(.addColumn)
        case .lakeForeignPartitionSpec: foreignWriter.act(.addPartitionSpec)
        case .lakeForeignSortOrder: foreignWriter.act(.addSortOrder)
        case .strike(let place, let operation, let effect):
            world.arm(
                Strike(
                    Strike.Place(rawValue: place.rawValue)!, operation,
                    Strike.Effect(rawValue: effect.rawValue)!))
        default: break
        }
    }

    private func relieve(_ kind: FaultKind) {
        switch kind {
        case .crash(let node), .powerLoss(let node), .configurationChange(let node, _):
            bringUp(node)
        case .crashLoop(let node, _):
            betweenLives.remove(node)
            bringUp(node)
        case .restartAll: for node in members { bringUp(node) }
        case .pause(let node): world.resume(node.description)
        case .clockDrift(let node, _): world.setClockDrift(node.description, partsPerMillion: 0)
        case .partition, .bridgePartition, .ringPartition:
            for (source, target) in ways(of: kind) { world.open(from: source, to: target) }
        case .linkClogged:
            for (source, target) in ways(of: kind) { world.unclog(from: source, to: target) }
        default: break
        }
    }

    /// All nodes but clients.
    private var members: [NodeName] { nodes.filter { $0.role != .client } }

    /// Whether a fault keeps a node down.
    func holdsDown(_ node: NodeName) -> Bool {
        if lost.contains(node) || betweenLives.contains(node) { return true }
        return active.contains { fault in
            switch fault.kind {
            case .crash(let down), .powerLoss(let down), .configurationChange(let down, _):
                down == node
            case .restartAll: node.role != .client
            default: false
            }
        }
    }

    private func crashAgain(_ node: NodeName, every interval: Duration) {
        if !active.contains(where: { $0.kind == .crashLoop(node: node, every: interval) }) {
            return
        }
        betweenLives.insert(node)
        takeDown(node, false)
        world.after(Self.supervisorWait) { [self] in
            betweenLives.remove(node)
            bringUp(node)
            world.after(interval) { [self] in crashAgain(node, every: interval) }
        }
    }

    /// After which a supervisor starts a process that ended.
    private static let supervisorWait = Duration.milliseconds(500)

    private func lose(_ node: NodeName) {
        if isHealed { return }
        if !isSpare(node) {
            world.after(.seconds(1)) { [self] in lose(node) }
            return
        }
        lost.insert(node)
        takeDown(node, true)
    }

    // MARK: Ways

    private func ways(of kind: FaultKind) -> [(Place, Place)] {
        switch kind {
        case .partition(let groups, let direction): ways(between: groups, direction)
        case .bridgePartition(let node):
            ways(between: halves(without: node), .both)
        case .ringPartition(let ring): ways(across: ring.isEmpty ? members : ring)
        case .linkClogged(let node): ways { node == nil || node == $0 }
        default: []
        }
    }

    private func halves(without bridge: NodeName) -> [[NodeName]] {
        let others = nodes.filter { $0 != bridge }.enumerated()
        return [0, 1].map { half in others.filter { $0.offset % 2 == half }.map(\.element) }
    }

    private func ways(across ring: [NodeName]) -> [(Place, Place)] {
        var ways: [(Place, Place)] = []
        for (position, source) in ring.enumerated() {
            for (other, target) in ring.enumerated() {
                let distance = abs(position - other)
                if distance > 1 && distance < ring.count - 1 {
                    ways.append((.machine(source.description), .machine(target.description)))
                }
            }
        }
        return ways
    }

    private func ways(from isSource: (NodeName) -> Bool) -> [(Place, Place)] {
        nodes.filter(isSource).flatMap { source in
            nodes.filter { $0 != source }.map { target in
                (Place.machine(source.description), Place.machine(target.description))
            }
        }
    }

    private func ways(
        between groups: [[NodeName]], _ direction: PartitionDirection
    ) -> [(Place, Place)] {
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
        for fault in active {
            switch fault.kind {
            case .objectStoreErrors(let rate, let effect):
                if effect != .after { objects.lostBeforePerMillion += rate }
                if effect != .before { objects.lostAfterPerMillion += rate }
            case .objectStoreThrottle(let rate): objects.refusalsPerMillion += rate
            case .objectStoreSlow(let factor):
                objects.slowFactor = max(objects.slowFactor, factor)
            case .objectStoreTornUpload(let rate): objects.tornUploadsPerMillion += rate
            case .objectStoreTail(let rate, let factor):
                objects.tailPerMillion += rate
                objects.tailFactor = max(objects.tailFactor, factor)
            case .coordinationUnavailable: coordination.isUnavailable = true
            case .coordinationOutcomeUnknown(let rate): coordination.lostAfterPerMillion += rate
            case .coordinationConflict(let rate): coordination.conflictsPerMillion += rate
            case .watchDelay(let delay): coordination.watchDelay += delay
            case .watchRepeat(let rate): coordination.repeatsPerMillion += rate
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
            world.setDiskFaults(node.description, diskFaults(of: node))
        }
        for node in members { world.setMemoryLimit(node.description, byteCount: memory(of: node)) }
        applyLinks()
    }

    /// What a node's process may hold, in bytes.
    private func memory(of node: NodeName) -> Int {
        active.reduce(Int.max) { least, fault in
            guard case .memoryBudget(node, let byteCount) = fault.kind else { return least }
            return min(least, byteCount)
        }
    }

    private func diskFaults(of node: NodeName) -> DiskFaults {
        var faults = DiskFaults()
        for fault in active where fault.kind.nodes.contains(node) {
            switch fault.kind {
            case .diskSlow(_, let factor): faults.slowFactor = max(faults.slowFactor, factor)
            case .diskFull: faults.isFull = true
            case .diskBudget(_, let byteCount):
                faults.capacityBytes = min(faults.capacityBytes, Int64(byteCount))
            case .diskErrors(_, let rate, let operation):
                if operation != .write { faults.failingReadsPerMillion += rate }
                if operation != .read { faults.failingWritesPerMillion += rate }
            case .syncFailure(_, let rate): faults.failingSyncsPerMillion += rate
            default: break
            }
        }
        return faults
    }

    private func applyLinks() {
        for source in nodes {
            let faults = linkFaults(of: source)
            for target in nodes where source != target {
                let way = (Place.machine(source.description), Place.machine(target.description))
                world.setDelay(from: way.0, to: way.1, faults.delay, jitter: faults.jitter)
                world.setResets(from: way.0, to: way.1, partsPerMillion: faults.resets)
                world.setRepeats(from: way.0, to: way.1, partsPerMillion: faults.repeats)
                world.setBandwidth(from: way.0, to: way.1, bytesPerSecond: faults.bytesPerSecond)
            }
        }
    }

    private struct LinkFaults {
        var delay = Duration.zero
        var jitter = Duration.zero
        var resets = 0
        var repeats = 0
        var bytesPerSecond: Int64?
    }

    /// What befalls the messages that a node sends.
    private func linkFaults(of source: NodeName) -> LinkFaults {
        var faults = LinkFaults()
        for fault in active where fault.kind.nodes.isEmpty || fault.kind.nodes == [source] {
            switch fault.kind {
            case .linkDelay(_, let delay, let jitter):
                faults.delay += delay
                faults.jitter += jitter
            case .linkReset(_, let rate): faults.resets += rate
            case .linkDuplication(_, let rate): faults.repeats += rate
            case .linkSlow(_, let rate):
                faults.bytesPerSecond = min(faults.bytesPerSecond ?? .max, Int64(rate))
            default: break
            }
        }
        return faults
    }
}
