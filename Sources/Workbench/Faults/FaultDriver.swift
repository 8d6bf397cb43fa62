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
    /// Called with a server whose next lives are those of the newest program.
    var upgrade: (NodeName) -> Void = { _ in }
    /// Another program that works on the lake.
    let foreignWriter: ForeignWriter
    /// Another program that calls nodes of the cluster.
    let foreignCaller: ForeignCaller
    /// The nodes that are lost for good.
    private(set) var lost: Set<NodeName> = []
    /// The nodes whose disks were damaged, or may have been.
    private(set) var damaged: Set<NodeName> = []
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
    /// Faults that wait for a probe.
    private var waiting: [PlannedFault] = []
    /// Which node does now what a fault names.
    var resolve: (NodeReference) -> NodeName? = { _ in nil }
    var holds: (FaultCondition) -> Bool = { _ in false }

    init(_ world: SimulationWorld, plan: FaultPlan, nodes: [NodeName]) {
        self.world = world
        self.plan = plan
        wholePlan = plan
        self.nodes = nodes
        foreignWriter = ForeignWriter(world)
        foreignCaller = ForeignCaller(world)
    }

    /// What the foreign writer has committed to the lake.
    var foreignCommitCount: Int { foreignWriter.commitCount }

    /// Dates all faults of the plan, from now.
    func start() {
        for fault in plan.faults {
            if fault.at == .zero && fault.kind.effect.isForFirstOperation {
                onChange(fault, true)
                fault.kind.effect.begin(fault.kind, self)
            } else {
                world.after(fault.at) { [self] in arm(fault) }
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
        waiting = []
        for fault in active { end(fault) }
        for node in nodes { world.setClockDrift(node.description, partsPerMillion: 0) }
    }

    private func begin(_ planned: PlannedFault) {
        if !plan.faults.contains(planned) { return }
        guard let fault = named(planned) else {
            // Nobody does now what it names: it begins as soon as somebody does.
            world.after(Self.interval) { [self] in begin(planned) }
            return
        }
        if fault.kind.name.description.damagesSilently { damaged.formUnion(fault.kind.nodes) }
        active.append(fault)
        disturb(fault.kind)
        onChange(fault, true)
        fault.kind.effect.begin(fault.kind, self)
        applyRates()
        if fault.duration > .zero {
            world.after(fault.duration) { [self] in end(fault) }
        } else {
            end(fault)
        }
    }

    /// The fault with its nodes by their names; nil where nobody does what it names.
    private func named(_ fault: PlannedFault) -> PlannedFault? {
        if fault.kind.references.isEmpty { return fault }
        guard let kind = fault.kind.resolved(resolve) else { return nil }
        return PlannedFault(at: fault.at, duration: fault.duration, kind: kind)
    }

    /// Between two looks whether what a fault waits for is so.
    private static let interval = Duration.milliseconds(2)

    /// Begins a fault now, or once what it waits for has come.
    private func arm(_ fault: PlannedFault) {
        if !plan.faults.contains(fault) { return }
        switch fault.trigger {
        case nil: begin(fault)
        case .probe: waiting.append(fault)
        case .condition(let condition):
            if holds(condition) {
                begin(fault)
            } else {
                world.after(Self.interval) { [self] in arm(fault) }
            }
        }
    }

    /// A rare path was taken: what waits for it begins.
    func reached(_ probe: String) {
        guard waiting.contains(where: { $0.trigger == .probe(probe) }) else { return }
        let due = waiting.filter { $0.trigger == .probe(probe) }
        waiting.removeAll { $0.trigger == .probe(probe) }
        for fault in due { world.after(.zero) { [self] in begin(fault) } }
    }

    private func end(_ fault: PlannedFault) {
        guard let position = active.firstIndex(of: fault) else { return }
        active.remove(at: position)
        disturb(fault.kind)
        onChange(fault, false)
        fault.kind.effect.end(fault.kind, self)
        applyRates()
    }

    // MARK: Nodes that are down

    /// All nodes but clients.
    var members: [NodeName] { nodes.filter { $0.role != .client } }

    /// Whether a fault keeps a node down.
    func holdsDown(_ node: NodeName) -> Bool {
        if lost.contains(node) || betweenLives.contains(node) { return true }
        return active.contains { fault in
            switch fault.kind.effect.keepsDown {
            case .none: false
            case .itsNodes: fault.kind.nodes.contains(node)
            case .members: node.role != .client
            }
        }
    }

    /// Ends a node's process again and again while its fault lasts.
    func crashAgain(_ fault: FaultKind) {
        guard let node = fault.nodes.first, active.contains(where: { $0.kind == fault }) else {
            return
        }
        betweenLives.insert(node)
        takeDown(node, false)
        world.after(Self.supervisorWait) { [self] in
            betweenLives.remove(node)
            bringUp(node)
            world.after(fault.duration("every")) { [self] in crashAgain(fault) }
        }
    }

    func endLoop(_ fault: FaultKind) {
        for node in fault.nodes {
            betweenLives.remove(node)
            bringUp(node)
        }
    }

    /// Ends a node, starts it again, and goes on with the next.
    func restartNext(_ position: Int, of fault: FaultKind) {
        let nodes = restarting(fault)
        guard nodes.indices.contains(position), active.contains(where: { $0.kind == fault }) else {
            return
        }
        let node = nodes[position]
        betweenLives.insert(node)
        takeDown(node, false)
        world.after(fault.duration("down")) { [self] in
            if betweenLives.remove(node) == nil { return }
            bringUp(node)
            world.after(fault.duration("wait")) { [self] in
                restartNext(position + 1, of: fault)
            }
        }
    }

    func endRestarts(of fault: FaultKind) {
        for node in restarting(fault) where betweenLives.remove(node) != nil { bringUp(node) }
    }

    private func restarting(_ fault: FaultKind) -> [NodeName] {
        fault.words("role").flatMap { role in nodes.filter { $0.role.rawValue == role } }
    }

    /// After which a supervisor starts a process that ended.
    private static let supervisorWait = Duration.milliseconds(500)

    func lose(_ node: NodeName) {
        if isHealed { return }
        if !isSpare(node) {
            world.after(.seconds(1)) { [self] in lose(node) }
            return
        }
        lost.insert(node)
        takeDown(node, true)
    }

    /// Takes a node down, and its disk with it unless nobody else has what is on it.
    func loseDisk(_ node: NodeName) {
        let isSpare = isSpare(node)
        takeDown(node, true)
        if isSpare { world.replaceDisk(node.description) }
    }

    // MARK: Faults that set a rate

    private func applyRates() {
        var rates = FaultRates(nodes)
        for fault in active { fault.kind.effect.rates(fault.kind, &rates) }
        world.objects.faults = rates.objects
        world.coordinator.faults = rates.coordination
        world.catalog.faults = rates.catalog
        world.vectors.faults = rates.vectors
        world.journal.disturbs = rates.keepsStepsApart
        for (node, faults) in zip(nodes, rates.disks) where node.role == .server {
            world.setDiskFaults(node.description, faults)
        }
        for (node, byteCount) in zip(nodes, rates.memory) where node.role != .client {
            world.setMemoryLimit(node.description, byteCount: byteCount)
        }
        for (source, faults) in zip(nodes, rates.links) {
            for target in nodes where source != target {
                let way = (Place.machine(source.description), Place.machine(target.description))
                world.setDelay(from: way.0, to: way.1, faults.delay, jitter: faults.jitter)
                world.setResets(from: way.0, to: way.1, partsPerMillion: faults.resets)
                world.setRepeats(from: way.0, to: way.1, partsPerMillion: faults.repeats)
                world.setBandwidth(from: way.0, to: way.1, bytesPerSecond: faults.bytesPerSecond)
            }
        }
    }
}
