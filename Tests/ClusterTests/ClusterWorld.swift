import Cluster
import Columnar
import Platform
import Simulation

/// Servers, two coordinators and a client in the tank.
final class ClusterWorld {
    let world: SimulationWorld
    var configuration = ClusterConfiguration()
    private(set) var servers: [String: TabletServer] = [:]
    let serverNames: [String]
    let coordinatorNames = ["coordinator-1", "coordinator-2"]

    /// What each server's next life reads and writes.
    var formats: [String: FormatVersion] = [:]
    /// Servers that are cut off from the others.
    var cut: Set<String> = []

    init(
        seed: UInt64, format: FormatVersion = .newest, serverCount: Int = 3,
        _ configure: (inout ClusterConfiguration) -> Void = { _ in }
    ) {
        world = SimulationWorld(seed: seed)
        serverNames = (1...serverCount).map { "server-\($0)" }
        for name in serverNames { formats[name] = format }
        configuration.segmentByteCount = 16 * 1024
        configuration.tailByteCount = 4 * 1024
        configure(&configuration)
        for name in serverNames + coordinatorNames + ["client-1"] { world.addMachine(name) }
        for name in serverNames { startServer(name) }
        for name in coordinatorNames { startCoordinator(name) }
        world.onHalt = { [unowned self] name in
            world.after(.seconds(2)) { [unowned self] in
                if serverNames.contains(name) && !world.isRunning(name) { startServer(name) }
            }
        }
    }

    func startServer(_ name: String) {
        // What a former life had in memory is gone.
        servers[name] = nil
        world.start(name) { machine in
            var configuration = self.configuration
            configuration.formatVersion = self.formats[name] ?? .newest
            let server = TabletServer(machine, configuration)
            self.servers[name] = server
            try await server.run()
        }
    }

    func startCoordinator(_ name: String) {
        world.start(name) { machine in
            try await Coordinator(machine, self.configuration).run()
        }
    }

    /// Starts the client machine with a client that follows the metadata.
    func startClient(_ body: @escaping (ClusterClient) async throws -> Void) {
        world.start("client-1") { machine in
            let client = ClusterClient(machine, self.configuration)
            machine.spawn("metadata") { try await client.run() }
            try await body(client)
        }
    }

    var serverList: [TabletServer] { serverNames.compactMap { servers[$0] } }
}

let eventTable = TableDescription(
    name: "events",
    schema: Schema(fields: [
        Field(identifier: 1, name: "number", type: .bigint, isNullable: false),
        Field(identifier: 2, name: "text", type: .string),
    ]),
    bucketCount: 2, replicationFactor: 3, bucketKey: [0])
