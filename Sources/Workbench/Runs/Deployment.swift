import Cluster
import Platform
import ScenarioFiles

/// The nodes of a cluster and what runs on each: the same in the tank and on the real machine.
final class Deployment {
    let layout: ClusterLayout
    let configuration: ClusterConfiguration
    /// Those of servers that were started again with another.
    private var configurations: [NodeName: ClusterConfiguration] = [:]
    private(set) var coordinators: [NodeName: Coordinator] = [:]
    private(set) var servers: [NodeName: TabletServer] = [:] {
        didSet { runningServers = servers.keys.sorted().map { ($0, servers[$0]!) } }
    }
    private(set) var tierers: [NodeName: LakeTierer] = [:]
    private(set) var indexers: [NodeName: VectorIndexer] = [:]
    /// Called when an index shows everything of a bucket below an offset.
    var onIndexed: (BucketIdentifier, Int64) -> Void = { _, _ in }

    init(_ layout: ClusterLayout) {
        self.layout = layout
        var configuration = ClusterConfiguration()
        configuration.leaseDuration = layout.leaseDuration
        configuration.leaseRenewal = layout.leaseDuration / 4
        configuration.replicaLagLimit = layout.leaseDuration + layout.leaseDuration / 2
        configuration.minimumInSync = layout.minimumInSync
        configuration.segmentByteCount = Int64(layout.segmentByteCount)
        configuration.tailByteCount = layout.tailByteCount
        configuration.localSegmentCount = layout.localSegments
        configuration.rowMemoryByteCount = layout.rowMemoryByteCount
        configuration.hotPointLimit = layout.hotPoints
        configuration.segmentTieringInterval = layout.segmentTieringInterval
        configuration.snapshotInterval = layout.snapshotInterval
        configuration.lakeInterval = layout.lakeInterval
        self.configuration = configuration
    }

    /// All nodes of the cluster itself, clients aside, in the order in which they start.
    var nodes: [NodeName] {
        (1...layout.coordinators).map { NodeName(.coordinator, $0) }
            + (1...layout.servers).map { NodeName(.server, $0) }
            + numbered(.tierer, layout.tierers) + numbered(.indexer, layout.indexers)
    }

    private func numbered(_ role: NodeRole, _ count: Int) -> [NodeName] {
        count == 0 ? [] : (1...count).map { NodeName(role, $0) }
    }

    /// Runs a node's program on a machine until the machine ends.
    func run(_ node: NodeName, on machine: Machine) async throws {
        switch node.role {
        case .coordinator:
            let coordinator = Coordinator(machine, configuration)
            coordinators[node] = coordinator
            try await coordinator.run()
        case .server:
            let server = TabletServer(machine, configurations[node] ?? configuration)
            servers[node] = server
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
        case .client: preconditionFailure("clients run workloads, not a node's program")
        }
    }

    /// Has a server's next lives seal segments at another size.
    func reconfigure(_ node: NodeName, segmentByteCount: Int) {
        var changed = configurations[node] ?? configuration
        changed.segmentByteCount = Int64(segmentByteCount)
        configurations[node] = changed
    }

    /// Whether each bucket that a server holds has enough other replicas in sync, as far as the
    /// servers know; the same of one that is no server if another of its role runs.
    func isSpare(_ node: NodeName) -> Bool {
        if node.role != .server { return true }
        for other in runningServers where other.name != node {
            for (_, state) in other.server.mirror.buckets
            where state.value.replicas.contains(node.description) {
                let others = state.value.inSync.filter { $0 != node.description }
                if others.count < layout.minimumInSync { return false }
            }
        }
        return runningServers.contains { $0.name != node }
    }

    /// Forgets the objects of a node that is down.
    func ended(_ node: NodeName) {
        coordinators[node] = nil
        servers[node] = nil
        tierers[node] = nil
        indexers[node] = nil
    }

    /// The running indexers, in order.
    var runningIndexers: [(name: NodeName, indexer: VectorIndexer)] {
        indexers.keys.sorted().map { ($0, indexers[$0]!) }
    }

    /// The running servers, in order.
    private(set) var runningServers: [(name: NodeName, server: TabletServer)] = []
}
