public import Cluster
public import Server

/// How large the cluster is, and every setting of its engine.
public struct ClusterLayout: Sendable, Hashable {
    /// One for each setting that the file says or that has a default, by its name.
    public private(set) var values: CheckedRecord

    init(_ record: CheckedRecord) { values = record }

    static let shape = RecordShape(ClusterSetting.all.map(\.field))

    /// Nodes of each role.
    public var servers: Int { values.integer("servers") }
    /// One of them is active.
    public var coordinators: Int { values.integer("coordinators") }
    /// More than one means that they compete: one works, the others stand by.
    public var tierers: Int { values.integer("tierers") }
    public var gateways: Int { values.integer("gateways") }
    public var indexers: Int { values.integer("indexers") }
    public var sinks: Int { values.integer("sinks") }
    /// What tablet servers know until they are upgraded.
    public var serverFormat: FormatVersion {
        FormatVersion(Int16(values.integer("serverFormat"))) ?? .newest
    }
    /// Replicas of each bucket.
    public var replication: Int { values.integer("replication") }
    /// An acknowledgement needs as many in-sync replicas.
    public var minimumInSync: Int {
        get { values.integer("minimumInSync") }
        set { values.values["minimumInSync"]?.content = .integer(newValue) }
    }
    /// Buckets of each table.
    public var buckets: Int { values.integer("buckets") }
    /// How long a silent node keeps its registration.
    public var leaseDuration: Duration { values.duration("leaseDuration") }
    /// After which a writer gives a change up.
    public var deliveryTimeout: Duration { values.duration("deliveryTimeout") }
    /// Changes of one bucket that a writer sends together.
    public var writerBatchChanges: Int { values.integer("writerBatchChanges") }

    /// What the engine is told.
    public var configuration: ClusterConfiguration {
        var configuration = ClusterConfiguration()
        configuration.leaseRenewal = leaseDuration / 4
        configuration.replicaLagLimit = leaseDuration + leaseDuration / 2
        for setting in ClusterSetting.all where values.has(setting.name) {
            setting.apply(values, &configuration)
        }
        return configuration
    }

    /// Simulated time after the last fault within which a healed cluster must have converged.
    ///
    /// What happens at an interval may have to be waited for twice: a round that goes on when the
    /// faults end may miss what was written last.
    public var settleLimit: Duration {
        let configuration = configuration
        let longest =
            [
                configuration.lakeInterval, configuration.remoteLogTaskInterval,
                configuration.leaseDuration * 2, configuration.replicaLagLimit,
                configuration.fetchWait, configuration.callTimeout, configuration.retryWaitLimit,
                deliveryTimeout / 2,
            ].max() ?? .zero
        return max(.seconds(300), .seconds(180) + longest * 4)
    }

    /// How many nodes there are of a role, apart from clients.
    public func count(of role: NodeRole) -> Int {
        switch role {
        case .server: servers
        case .coordinator: coordinators
        case .tierer: tierers
        case .indexer: indexers
        case .sink: sinks
        case .gateway: gateways
        case .client: 0
        }
    }
}
