import Cluster
import Fluss
public import Host
import Platform
import Server

/// A process of a cluster that serves programs of others, until it is told to stop.
///
/// The same nodes as in the tank, each a machine of the real world. Without an etcd all of them are
/// in this one process, on one folder of files and databases; with one, each process runs those of
/// its role and number, and finds the others' where the etcd says. What was acknowledged is there
/// when the process is started again on the same folder.
public final class HostServer {
    let cluster: ServedCluster
    private let folder: ServedFolder
    let world: HostWorld
    private let directory: ClusterDirectory?
    let deployment: Deployment
    var web: HTTPServer?
    private(set) var noteCounts: [Severity: Int64] = [:]
    let started = ContinuousClock.now
    /// Called with each note of a node, on the world's thread.
    public var onNote: ((HostJournal.Note) -> Void)?
    /// Where HTTP is served; nil if nowhere, or not yet.
    public var httpPort: Int? { web?.port }

    /// Checks everything that can be known to be wrong before anything is started.
    ///
    /// - Throws: `WorkbenchError` about the folder, `HostError` about a service or a port; either
    ///   says what to do.
    public init(_ cluster: ServedCluster) throws {
        try cluster.checkExposure()
        precondition(cluster.serverCount > 0 && cluster.number > 0, "checked by the command")
        precondition((1...65_534).contains(cluster.port), "checked by the command")
        self.cluster = cluster
        folder = try ServedFolder(cluster.folder, number: cluster.number)
        var host = HostConfiguration(folder: cluster.folder)
        host.s3 = cluster.s3
        host.etcd = cluster.etcd
        host.listenHost = cluster.listenHost
        // Nodes of one process call each other on this computer alone.
        if cluster.etcd != nil { host.innerHost = cluster.listenHost }
        host.tls = cluster.tls
        host.innerTLS = cluster.innerTLS
        host.lakeCatalog = cluster.catalog
        host.connectionLimit = cluster.connectionLimit
        host.openFileLimit = cluster.openFileLimit
        host.advertisedHost = cluster.advertisedHost ?? cluster.listenHost
        host.publicPorts = [
            Gateway.coordinatorPort: cluster.port, Gateway.tabletServerPort: cluster.port + 1,
        ]
        let directory = cluster.etcd == nil ? nil : ClusterDirectory()
        self.directory = directory
        world = try HostWorld(host, directory: directory ?? LocalDirectory())
        var configuration = ClusterConfiguration()
        configuration.minimumInSync = cluster.serverCount == 1 ? 1 : 2
        if let location = cluster.lakeLocation { configuration.lakeLocation = location }
        deployment = Deployment(cluster.nodes, configuration)
        deployment.serverCount = cluster.serverCount
        deployment.access = cluster.access
        deployment.gatewayEndpoints = Gateway.Endpoints(
            host: host.advertisedHost, coordinatorPort: cluster.port,
            tabletServerPort: cluster.port + 1)
        if let directory {
            deployment.gatewayPeers = { Self.peers(directory) }
        }
    }

    /// The gateways that are up; the number of each is that of the tablet server beside it.
    private static func peers(_ directory: ClusterDirectory) -> [Gateway.Peer] {
        directory.listeners(at: Gateway.tabletServerPort).compactMap { listener in
            guard let node = NodeName(listener.machine), node.role == .gateway else { return nil }
            return Gateway.Peer(
                number: Int32(clamping: node.number),
                server: NodeName(.server, node.number).description, host: listener.place.host,
                tabletServerPort: listener.place.port)
        }
    }

    /// Serves until `isStopped` says so; `onReady` is called once clients are answered.
    ///
    /// - Throws: `HostError` if a service is not there or not fit, a port is taken, or another
    ///   process has the number.
    public func run(onReady: @escaping () -> Void, isStopped: () -> Bool) throws {
        defer { world.shutDown() }
        world.journal.onNote = { [unowned self] note in
            noteCounts[note.severity, default: 0] += 1
            onNote?(note)
        }
        try world.checkServices()
        if let directory { try enter(directory) }
        world.onHalt = { [unowned self] name in
            guard let node = NodeName(name) else { return }
            deployment.ended(node)
            restarts.append(node)
        }
        for node in deployment.nodes { start(node) }
        if let port = cluster.httpPort { try startWeb(port) }
        defer { web?.close() }
        var isReady = false
        while !isStopped() {
            world.run(for: .milliseconds(isReady ? 100 : 5))
            for node in restarts { start(node) }
            restarts.removeAll()
            if !isReady && isServing {
                isReady = true
                onReady()
            }
        }
        world.leave()
    }

    /// Whether what this process runs has begun to answer.
    var isServing: Bool {
        let roles = deployment.nodes.map(\.role)
        return (!roles.contains(.server) || !deployment.runningServers.isEmpty)
            && (!roles.contains(.coordinator) || !deployment.coordinators.isEmpty)
    }

    /// Takes this process's number, and holds the folder to the cluster of the etcd.
    private func enter(_ directory: ClusterDirectory) throws {
        let number = cluster.number
        let name = "the process at \(world.configuration.advertisedHost):\(cluster.port)"
        let folder = self.folder
        var known: Result<String, any Error>?
        world.start("process-\(number)") { machine in
            do {
                known = .success(
                    try await ClusterDirectory.identity(folder.cluster, on: machine))
            } catch let error as Terminated {
                throw error
            } catch {
                known = .failure(error)
                return
            }
            try await directory.run(number, name, on: machine)
        }
        // A process of this number that was killed a moment ago is still entered.
        let isEntered = world.run(atMost: .seconds(15)) {
            if case .failure? = known { return true }
            return directory.isEntered
        }
        if case .success(let identity)? = known { try folder.adopt(identity) }
        if case .failure(let error)? = known {
            throw HostError.service(name: "etcd", reason: "\(error)")
        }
        if !isEntered || !directory.isEntered {
            let holder = directory.holder ?? "another process"
            throw HostError.service(
                name: "the number \(number)",
                reason: "\(holder) runs as number \(number) of this cluster; end it, or give "
                    + "another --number")
        }
    }

    private var restarts: [NodeName] = []

    private func start(_ node: NodeName) {
        if world.isRunning(node.description) { return }
        world.start(node.description) { try await self.deployment.run(node, on: $0) }
    }
}
