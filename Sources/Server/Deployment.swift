public import Cluster
public import Fluss
public import Platform
public import VectorSinks

/// The nodes of a cluster and what runs on each: the same in the tank and on the real machine.
///
/// Whoever owns the machines starts and stops them; this says what their program is and finds the
/// objects that run, for those who watch.
public final class Deployment {
    /// All nodes of the cluster itself, clients aside, in the order in which they start.
    public let nodes: [NodeName]
    public let configuration: ClusterConfiguration
    /// Those of servers that were started again with another.
    private var configurations: [NodeName: ClusterConfiguration] = [:]
    public private(set) var coordinators: [NodeName: Coordinator] = [:]
    public private(set) var servers: [NodeName: TabletServer] = [:] {
        didSet { runningServers = servers.keys.sorted().map { ($0, servers[$0]!) } }
    }
    public private(set) var tierers: [NodeName: LakeTierer] = [:]
    public private(set) var indexers: [NodeName: VectorIndexer] = [:]
    public private(set) var sinks: [NodeName: ClusterSinks] = [:]
    /// The running servers, in order.
    public private(set) var runningServers: [(name: NodeName, server: TabletServer)] = []
    /// Where clients reach the gateways, if not at their own machines.
    public var gatewayEndpoints: Gateway.Endpoints?
    /// The gateways that are up, where there are several.
    public var gatewayPeers: () -> [Gateway.Peer] = { [] }
    /// Tablet servers of the whole cluster, where other processes run some of them.
    public var serverCount: Int
    /// Who may call the gateways from outside.
    public var access = AccessConfiguration()
    /// Called with what a server counted of a client that has a quota.
    public var onQuotaUse: (NodeName, QuotaUse) -> Void = { _, _ in }
    /// Called when an index shows everything of a bucket below an offset.
    public var onIndexed: (BucketIdentifier, Int64) -> Void = { _, _ in }
    /// Called when a vector service has confirmed everything of a bucket below an offset.
    public var onSunk: (BucketIdentifier, Int64) -> Void = { _, _ in }

    public init(_ nodes: [NodeName], _ configuration: ClusterConfiguration) {
        precondition(nodes.allSatisfy { $0.role != .client }, "a client is no part of a cluster")
        precondition(Set(nodes).count == nodes.count, "two nodes of one name")
        self.nodes = nodes
        self.configuration = configuration
        serverCount = nodes.filter { $0.role == .server }.count
    }

    /// Runs a node's program on a machine until the machine ends.
    public func run(_ node: NodeName, on machine: Machine) async throws {
        precondition(node.description == machine.name, "\(node) would run on \(machine.name)")
        switch node.role {
        case .coordinator:
            let coordinator = Coordinator(machine, configuration)
            coordinators[node] = coordinator
            try await coordinator.run()
        case .server:
            let server = TabletServer(machine, configurations[node] ?? configuration) { caller in
                NodeName(caller)?.role != .client
            }
            servers[node] = server
            server.quotas.onUse = { [unowned self] in onQuotaUse(node, $0) }
            try await server.run()
        case .tierer:
            let tierer = LakeTierer(machine, configuration)
            tierers[node] = tierer
            try await tierer.run()
        case .indexer:
            let indexer = VectorIndexer(machine, configuration)
            indexers[node] = indexer
            indexer.onIndexed = onIndexed
            try await indexer.run()
        case .sink:
            let sink = ClusterSinks(machine, configuration)
            sinks[node] = sink
            sink.onConfirmed = onSunk
            try await sink.run()
        case .gateway:
            let endpoints =
                gatewayEndpoints
                ?? Gateway.Endpoints(
                    host: machine.name, coordinatorPort: Gateway.coordinatorPort,
                    tabletServerPort: Gateway.tabletServerPort)
            try await Gateway(
                machine, configuration, at: endpoints,
                standardReplicas: min(3, max(1, serverCount)), access: access,
                peers: gatewayPeers
            ).run()
        case .client: preconditionFailure("clients run workloads, not a node's program")
        }
    }

    /// Has a server's next lives seal segments at another size.
    public func reconfigure(_ node: NodeName, segmentByteCount: Int) {
        precondition(node.role == .server, "\(node) keeps no logs")
        var changed = configurations[node] ?? configuration
        changed.segmentByteCount = Int64(segmentByteCount)
        configurations[node] = changed
    }

    /// Has a server's next lives know formats up to this one.
    public func reconfigure(_ node: NodeName, format: FormatVersion) {
        precondition(node.role == .server, "\(node) keeps no logs")
        var changed = configurations[node] ?? configuration
        changed.formatVersion = format
        configurations[node] = changed
    }

    /// Whether each bucket that a server holds has enough other replicas in sync, as far as the
    /// servers know; the same of one that is no server if another of its role runs.
    public func isSpare(_ node: NodeName) -> Bool {
        if node.role != .server { return true }
        for other in runningServers where other.name != node {
            for (_, state) in other.server.mirror.buckets
            where state.value.replicas.contains(node.description) {
                let others = state.value.inSync.filter { $0 != node.description }
                if others.count < configuration.minimumInSync { return false }
            }
        }
        return runningServers.contains { $0.name != node }
    }

    /// Forgets the objects of a node that is down.
    public func ended(_ node: NodeName) {
        coordinators[node] = nil
        servers[node] = nil
        tierers[node] = nil
        indexers[node] = nil
        sinks[node] = nil
    }

    /// The running sinks, in order.
    public var runningSinks: [(name: NodeName, sinks: ClusterSinks)] {
        sinks.keys.sorted().map { ($0, sinks[$0]!) }
    }

    /// The running indexers, in order.
    public var runningIndexers: [(name: NodeName, indexer: VectorIndexer)] {
        indexers.keys.sorted().map { ($0, indexers[$0]!) }
    }
}
