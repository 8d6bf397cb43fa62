import Cluster
import Fluss
import Host
import Platform
import Server

/// A cluster on this machine that serves programs of others, until it is told to stop.
///
/// The same nodes as in the tank, in one process: coordinator, tablet servers, tierer, indexer and
/// a gateway, each a machine of the real world, on one folder of files and databases. What it
/// acknowledged is there when it is started again on the same folder.
public final class HostServer {
    private static let host = "127.0.0.1"

    private let world: HostWorld
    private let deployment: Deployment
    /// Called with each warning that a node notes.
    public var onWarning: ((String) -> Void)?

    /// Clients of the Fluss protocol bootstrap at `port`; the port after it is the tablet server's.
    ///
    /// Throws what `HostWorld` throws about the folder.
    public init(folder: String, serverCount: Int, port: Int) throws {
        precondition(serverCount > 0 && (1...65_534).contains(port), "checked by the command")
        var host = HostConfiguration(folder: folder)
        host.publicPorts = [Gateway.coordinatorPort: port, Gateway.tabletServerPort: port + 1]
        world = try HostWorld(host)
        var configuration = ClusterConfiguration()
        configuration.minimumInSync = serverCount == 1 ? 1 : 2
        deployment = Deployment(
            [NodeName(.coordinator, 1)] + (1...serverCount).map { NodeName(.server, $0) } + [
                NodeName(.tierer, 1), NodeName(.indexer, 1), NodeName(.gateway, 1),
            ], configuration)
        deployment.gatewayEndpoints = Gateway.Endpoints(
            host: Self.host, coordinatorPort: port, tabletServerPort: port + 1)
    }

    /// Serves until `isStopped` says so; `onReady` is called once clients are answered.
    public func run(onReady: @escaping () -> Void, isStopped: () -> Bool) {
        world.journal.onNote = { [unowned self] note in
            if note.severity >= .warning { onWarning?("\(note.machine): \(note.message)") }
        }
        world.onHalt = { [unowned self] name in
            guard let node = NodeName(name) else { return }
            deployment.ended(node)
            restarts.append(node)
        }
        for node in deployment.nodes { start(node) }
        var isReady = false
        while !isStopped() {
            world.run(for: .milliseconds(100))
            for node in restarts { start(node) }
            restarts.removeAll()
            if !isReady && !deployment.runningServers.isEmpty {
                isReady = true
                onReady()
            }
        }
        world.shutDown()
    }

    private var restarts: [NodeName] = []

    private func start(_ node: NodeName) {
        if world.isRunning(node.description) { return }
        world.start(node.description) { try await self.deployment.run(node, on: $0) }
    }
}
