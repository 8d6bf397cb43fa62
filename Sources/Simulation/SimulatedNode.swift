public import Platform

/// A machine's place in the world: what outlives its crashes, and its present incarnation.
final class SimulatedNode {
    let name: String
    let index: Int32
    var disk: DiskImage
    /// Draws for the machine's processors.
    let computing: RandomStream
    var clock = ClockState()
    /// The running incarnation, nil while the machine is down.
    var lifetime: Lifetime?
    var incarnation = 0
    var isPaused = false
    /// Whether the machine lost power: a silent host, where a crashed process leaves one that
    /// refuses.
    var isDark = false
    /// What arrived while the machine was paused.
    var held: [UInt64] = []
    var network: SimulatedNetwork?
    let memory = MemoryAllowance()
    var traffic = TrafficCounters()
    /// How far the first task of the present incarnation has come.
    var firstTask = FirstTask.none

    enum FirstTask {
        case none, called, returned
    }

    init(name: String, index: Int32, seed: UInt64, _ epoch: RandomEpoch) {
        self.name = name
        self.index = index
        disk = DiskImage(
            random: RandomStream(seed: seed, label: "disk of \(name)", epoch: epoch))
        computing = RandomStream(seed: seed, label: "processors of \(name)", epoch: epoch)
    }
}

extension SimulationWorld {
    /// Adds a machine that is off; `start` turns it on.
    public func addMachine(_ name: String) {
        precondition(nodeIndexes[name] == nil, "there is a machine named \(name) already")
        let index = Int32(nodes.count)
        nodes.append(SimulatedNode(name: name, index: index, seed: seed, randomEpoch))
        nodeIndexes[name] = index
    }

    /// Turns a machine on, with what its disk holds, and runs `body` as its first task.
    @discardableResult
    public func start(_ name: String, _ body: @escaping (Machine) async throws -> Void) -> Machine {
        let node = node(name)
        precondition(node.lifetime == nil, "\(name) is running already")
        let lifetime = Lifetime()
        node.lifetime = lifetime
        node.isDark = false
        node.isPaused = false
        node.incarnation += 1
        node.disk.openCount = 0
        node.firstTask = .none
        lifetime.onEnd = { [unowned self] in
            if node.lifetime === lifetime {
                end(name, losingPower: false)
                onHalt?(name)
            }
        }
        record(.started, node: node.index, UInt64(node.incarnation), 0, "time \(node.incarnation)")
        let network = SimulatedNetwork(world: self, node: node, lifetime: lifetime)
        node.network = network
        let machine = Machine(
            name: name,
            clock: SimulatedClock(world: self, node: node, lifetime: lifetime),
            disk: SimulatedDisk(world: self, node: node, lifetime: lifetime),
            network: network,
            objectStore: SimulatedObjectStore(objects, node: node, lifetime: lifetime),
            coordination: SimulatedCoordination(coordinator, node: node, lifetime: lifetime),
            lakeCatalog: SimulatedLakeCatalog(catalog, node: node, lifetime: lifetime),
            vectorService: SimulatedVectorService(vectors, node: node, lifetime: lifetime),
            entropy: randomStream("entropy of \(name) \(node.incarnation)"),
            observer: SimulatedObserver(journal, node: node.index),
            lifetime: lifetime,
            memory: memory(of: node, lifetime),
            processor: SimulatedProcessor(world: self, node: node, lifetime: lifetime),
            executor: self
        )
        machine.spawn("start of \(name)") {
            node.firstTask = .called
            try await body(machine)
            node.firstTask = .returned
        }
        return machine
    }

    private func memory(of node: SimulatedNode, _ lifetime: Lifetime) -> Memory {
        node.memory.begin { [unowned self] memory in
            record(.fault, node: node.index, 21, UInt64(memory.usedByteCount), "is out of memory")
            journal.note(.warning, node: node.index, "killed, for \(memory.excess)")
            lifetime.end()
        }
    }

    /// Sets how much memory a machine's process may hold, and those that follow it.
    ///
    /// One that holds more is ended as by the kernel's out-of-memory killer, and `onHalt` called.
    public func setMemoryLimit(_ name: String, byteCount: Int) {
        let node = node(name)
        if node.memory.limitByteCount == byteCount { return }
        record(.fault, node: node.index, 20, UInt64(byteCount), "may hold \(byteCount) bytes")
        node.memory.limit(to: byteCount)
    }

    /// The most memory that a machine's process has held, in any of its lives, in bytes.
    public func memoryPeak(of name: String) -> Int { node(name).memory.peakByteCount }

    /// Kills the machine's process: its memory is gone, what it wrote into its page cache is not.
    public func crash(_ name: String) { end(name, losingPower: false) }

    /// Cuts the machine's power: what was not synced may be lost or torn, and it falls silent.
    public func losePower(_ name: String) { end(name, losingPower: true) }

    /// Freezes a machine, as a long collection or a suspended virtual machine does.
    public func pause(_ name: String) {
        let node = node(name)
        if node.lifetime == nil || node.isPaused { return }
        node.isPaused = true
        record(.fault, node: node.index, 1, 0, "pauses")
    }

    /// Thaws a paused machine: everything that came meanwhile happens now, in order.
    public func resume(_ name: String) {
        let node = node(name)
        if !node.isPaused { return }
        node.isPaused = false
        record(.fault, node: node.index, 2, 0, "resumes")
        let held = node.held
        node.held = []
        release(held: held)
    }

    /// Stops all machines, lets their tasks unwind and drops all that was still to happen, so that
    /// nothing of the world is left over.
    public func shutDown() {
        for node in nodes { crash(node.name) }
        run(for: .zero)
        dropEvents()
    }

    public func isRunning(_ name: String) -> Bool { node(name).lifetime != nil }

    public func isPaused(_ name: String) -> Bool { node(name).isPaused }

    private func end(_ name: String, losingPower: Bool) {
        let node = node(name)
        guard let lifetime = node.lifetime else {
            if losingPower && !node.isDark { darken(node) }
            return
        }
        record(
            .stopped, node: node.index, losingPower ? 1 : 0, 0,
            losingPower ? "without power" : "as a process")
        node.lifetime = nil
        node.memory.end()
        node.isPaused = false
        drop(held: node.held)
        node.held = []
        lifetime.end()
        node.network?.hostEnded(silently: losingPower)
        node.network = nil
        coordinator.watcherEnded(node: node.index)
        if losingPower { darken(node) }
    }

    /// Whether its process runs or not, a host without power is silent and its page cache gone.
    private func darken(_ node: SimulatedNode) {
        node.isDark = true
        node.disk.losePower()
    }

    func node(_ name: String) -> SimulatedNode {
        guard let index = nodeIndexes[name] else {
            preconditionFailure("there is no machine named \(name)")
        }
        return nodes[Int(index)]
    }
}
