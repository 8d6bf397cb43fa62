import Foundation
import Host
import Platform
import ScenarioFiles
import Server

/// Puts what of a plan of faults can be real into effect, and takes each back at its end.
final class MachineFaults {
    let cluster: MachineCluster
    let proxy: LinkProxy?
    /// Called when a fault begins, and when it ends.
    var onChange: (PlannedFault, _ began: Bool) -> Void = { _, _ in }
    /// Called with what could not be brought about.
    var onProblem: (String) -> Void = { _ in }
    /// Which node does now what a fault names.
    var resolve: (NodeReference) -> NodeName? = { _ in nil }
    var holds: (FaultCondition) -> Bool = { _ in false }
    /// Whether enough copies are in sync elsewhere of everything that a node has.
    var isSpare: (NodeName) -> Bool = { _ in false }
    private(set) var lost: Set<NodeName> = []
    private(set) var active: [PlannedFault] = []
    /// When a fault last began or ended, by node; the empty name stands for all.
    private(set) var disturbances: [String: Int64] = [:]
    private let plan: FaultPlan
    private let nodes: [NodeName]
    private let configuration: HostConfiguration
    private let disks: [NodeName: SmallFileSystem]
    private var machine: Machine?
    private var reachedProbes: Set<String> = []
    private var betweenLives: Set<NodeName> = []
    private var blocks: [String: DatabaseBlock] = [:]
    private var isHealed = false
    private var now: () -> Int64

    init(
        _ plan: FaultPlan, nodes: [NodeName], _ cluster: MachineCluster, proxy: LinkProxy?,
        disks: [NodeName: SmallFileSystem], _ configuration: HostConfiguration,
        now: @escaping () -> Int64
    ) {
        self.plan = plan
        self.nodes = nodes
        self.cluster = cluster
        self.proxy = proxy
        self.disks = disks
        self.configuration = configuration
        self.now = now
    }

    /// Dates all faults of the plan, from now.
    func start(on machine: Machine) {
        self.machine = machine
        for fault in plan.faults {
            machine.spawn("fault \(fault.kind.name.rawValue)") {
                try await machine.sleep(fault.at)
                try await self.run(fault, machine)
            }
        }
    }

    /// A node took a rare path: what waits for it may begin.
    func reached(_ probe: String) { reachedProbes.insert(probe) }

    private func run(_ planned: PlannedFault, _ machine: Machine) async throws {
        if case .probe(let probe) = planned.trigger { reachedProbes.remove(probe) }
        var fault = planned
        while true {
            if isHealed { return }
            if let named = named(planned), isDue(planned) {
                fault = named
                break
            }
            try await machine.sleep(.milliseconds(20))
        }
        begin(fault)
        if fault.duration > .zero { try await machine.sleep(fault.duration) }
        end(fault)
    }

    private func isDue(_ fault: PlannedFault) -> Bool {
        switch fault.trigger {
        case nil: true
        case .probe(let probe): reachedProbes.contains(probe)
        case .condition(let condition): holds(condition)
        }
    }

    private func named(_ fault: PlannedFault) -> PlannedFault? {
        if fault.kind.references.isEmpty { return fault }
        guard let kind = fault.kind.resolved(resolve) else { return nil }
        return PlannedFault(at: fault.at, duration: fault.duration, kind: kind)
    }

    private func begin(_ fault: PlannedFault) {
        active.append(fault)
        disturb(fault.kind)
        onChange(fault, true)
        RealFault.of(fault.kind.name)!.begin(fault.kind, self)
        applyRules()
    }

    private func end(_ fault: PlannedFault) {
        guard let position = active.firstIndex(of: fault) else { return }
        active.remove(at: position)
        disturb(fault.kind)
        onChange(fault, false)
        RealFault.of(fault.kind.name)!.end(fault.kind, self)
        applyRules()
    }

    private func applyRules() {
        guard let proxy else { return }
        var rules = LinkRules(nodes)
        for fault in active { RealFault.of(fault.kind.name)!.rules(fault.kind, &rules) }
        proxy.set(rules.rules)
    }

    /// Ends what is active and begins nothing more; what is lost stays lost.
    func healAll() {
        isHealed = true
        for fault in active { end(fault) }
        betweenLives = []
        for node in cluster.nodes {
            cluster.resume(node)
            bringUp(node)
        }
    }

    /// Gives back whatever is held: locks and file systems.
    func close() {
        isHealed = true
        for path in blocks.keys.sorted() { blocks[path]?.end() }
        blocks = [:]
        for node in disks.keys.sorted() { disks[node]?.remove() }
    }

    // MARK: What is disturbed

    private func disturb(_ kind: FaultKind) {
        let names = kind.name.description.isForAll || kind.nodes.isEmpty ? [""] : names(of: kind)
        for name in names { disturbances[name] = now() }
    }

    private func names(of kind: FaultKind) -> [String] { kind.nodes.map(\.description) }

    /// When a fault was last at work on a node, or on all with the empty name; `Int64.max` while
    /// one is.
    func lastDisturbance(of name: String) -> Int64? {
        let isDisturbed = active.contains { fault in
            name.isEmpty
                ? fault.kind.name.description.isForAll || fault.kind.nodes.isEmpty
                : names(of: fault.kind).contains(name)
        }
        return isDisturbed ? .max : disturbances[name]
    }

    // MARK: Processes

    func takeDown(_ node: NodeName) { cluster.kill(node) }

    func holdsDown(_ node: NodeName) -> Bool {
        if lost.contains(node) || betweenLives.contains(node) { return true }
        return active.contains { fault in
            guard let real = RealFault.of(fault.kind.name) else { return false }
            if fault.kind.name.rawValue == "restartAll" { return node.role != .client }
            return real.keepsDown && fault.kind.nodes.contains(node)
        }
    }

    func bringUp(_ node: NodeName) {
        if node.role == .client || holdsDown(node) || cluster.isRunning(node) { return }
        do { try cluster.start(node) } catch { onProblem("\(error)") }
    }

    private func bringUp(_ node: NodeName, after duration: Duration) {
        guard let machine else { return }
        machine.spawn("start of \(node)") {
            try await machine.sleep(duration)
            self.betweenLives.remove(node)
            self.bringUp(node)
        }
    }

    /// Ends a node's process again and again while its fault lasts.
    func crashAgain(_ fault: FaultKind) {
        guard let machine, let node = fault.nodes.first else { return }
        machine.spawn("crashes of \(node)") {
            while self.active.contains(where: { $0.kind == fault }) {
                self.betweenLives.insert(node)
                self.takeDown(node)
                self.bringUp(node, after: .milliseconds(500))
                try await machine.sleep(.milliseconds(500) + fault.duration("every"))
            }
        }
    }

    func endLoop(_ nodes: [NodeName]) {
        for node in nodes {
            betweenLives.remove(node)
            bringUp(node)
        }
    }

    func restarting(_ fault: FaultKind) -> [NodeName] {
        fault.words("role").flatMap { role in
            cluster.nodes.filter { $0.role.rawValue == role }
        }
    }

    /// Ends a node, starts it again, and goes on with the next.
    func restartInTurn(_ fault: FaultKind) {
        guard let machine else { return }
        machine.spawn("restarts") {
            for node in self.restarting(fault)
            where self.active.contains(where: { $0.kind == fault }) {
                self.betweenLives.insert(node)
                self.takeDown(node)
                try await machine.sleep(fault.duration("down"))
                if self.betweenLives.remove(node) == nil { return }
                self.bringUp(node)
                try await machine.sleep(fault.duration("wait"))
            }
        }
    }

    /// Lets a node's process run a part of the time alone.
    func slow(_ fault: FaultKind) {
        guard let machine else { return }
        // Longer than the kernel's own slices, so that it is about the share that is asked for.
        let running = Duration.milliseconds(4)
        let standing = running * (min(fault.integer("factor"), 200) - 1)
        machine.spawn("slow processes") {
            while self.active.contains(where: { $0.kind == fault }) {
                for node in fault.nodes { self.cluster.pause(node) }
                try await machine.sleep(standing)
                for node in fault.nodes { self.cluster.resume(node) }
                try await machine.sleep(running)
            }
        }
    }

    // MARK: Disks and databases

    /// Takes a node's disk, which is down already, unless nobody else has what is on it.
    func loseDisk(_ node: NodeName, forGood: Bool = false) {
        guard let machine else { return }
        machine.spawn("loss of \(node)'s disk") {
            // What was decided about the buckets while it was up is known by then.
            try await machine.sleep(.milliseconds(300))
            if self.cluster.isRunning(node) { return }
            if self.isSpare(node) {
                if forGood { self.lost.insert(node) }
                self.removeFiles(of: node)
            } else {
                self.onProblem("\(node) keeps its disk, which may have the only copy of something")
                if forGood { self.endLoop([node]) }
            }
        }
    }

    func lose(_ node: NodeName) {
        takeDown(node)
        betweenLives.insert(node)
        loseDisk(node, forGood: true)
    }

    private func removeFiles(of node: NodeName) {
        let folder = configuration.machinesFolder + "/\(node)"
        let manager = FileManager.default
        // A file system of its own stays where it is mounted.
        for name in (try? manager.contentsOfDirectory(atPath: folder))?.sorted() ?? [] {
            do { try manager.removeItem(atPath: "\(folder)/\(name)") } catch {
                onProblem("\(folder)/\(name) cannot be removed: \(error.localizedDescription)")
            }
        }
    }

    func fill(_ nodes: [NodeName], budget: Int) {
        for node in nodes {
            guard let disk = disks[node] else {
                onProblem("\(node) has no file system of its own")
                continue
            }
            do { try disk.limit(to: budget) } catch { onProblem("\(error)") }
        }
    }

    func widen(_ nodes: [NodeName]) {
        for node in nodes {
            do { try disks[node]?.widen() } catch { onProblem("\(error)") }
        }
    }

    func block(_ path: KeyPath<HostConfiguration, String>, _ isBlocked: Bool) {
        let path = configuration[keyPath: path]
        if !isBlocked {
            blocks[path]?.end()
            blocks[path] = nil
        } else if blocks[path] == nil {
            do { blocks[path] = try DatabaseBlock(path: path) } catch { onProblem("\(error)") }
        }
    }
}
