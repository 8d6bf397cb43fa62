import Cluster
import Platform
import Simulation

/// One server of a `ClusterScript`, by its number.
struct ServerInScript {
    private let script: ClusterScript
    let number: Int
    var name: String { "server-\(number)" }

    init(_ script: ClusterScript, _ number: Int) {
        self.script = script
        self.number = number
    }

    private var world: SimulationWorld { script.world }

    var isRunning: Bool { world.isRunning(name) }

    var replica: Replica? {
        isRunning ? script.cluster.servers[name]?.replicas[script.bucket] : nil
    }

    // MARK: What may happen to it

    func crash() { world.crash(name) }

    func losePower() { world.losePower(name) }

    func start() { script.cluster.startServer(name) }

    /// Nothing passes between it and the other servers; the services still hear it.
    func isolate() {
        script.cluster.cut.insert(name)
        forEachOther { world.block(from: .machine(name), to: $0) }
        forEachOther { world.block(from: $0, to: .machine(name)) }
    }

    func rejoin() {
        if script.cluster.cut.remove(name) == nil { return }
        forEachOther { world.open(from: .machine(name), to: $0) }
        forEachOther { world.open(from: $0, to: .machine(name)) }
    }

    private func forEachOther(_ body: (Place) -> Void) {
        for other in script.cluster.serverNames where other != name { body(.machine(other)) }
    }

    /// Not a byte more fits on its disk.
    func fillDisk() {
        var faults = DiskFaults()
        faults.isFull = true
        world.setDiskFaults(name, faults)
    }

    func freeDisk() { world.setDiskFaults(name, DiskFaults()) }

    func slowDisk(_ factor: Int) {
        var faults = DiskFaults()
        faults.slowFactor = factor
        world.setDiskFaults(name, faults)
    }

    func failSyncs() {
        var faults = DiskFaults()
        faults.failingSyncsPerMillion = 1_000_000
        world.setDiskFaults(name, faults)
    }

    func rotLog() { _ = world.rotBit(name, inPathContaining: ".log") }
}
