public import Server

/// How large the cluster is, and the few settings that a scenario may turn.
public struct ClusterLayout: Sendable, Hashable {
    public var servers: Int
    public var coordinators: Int
    /// More than one means that they compete: one works, the others stand by.
    public var tierers: Int
    public var indexers: Int
    /// Replicas of each bucket.
    public var replication: Int
    /// An acknowledgement needs as many in-sync replicas.
    public var minimumInSync: Int
    /// Buckets of each table.
    public var buckets: Int
    /// A segment that has reached this is sealed and a new one begun.
    public var segmentByteCount: Int
    /// The newest batches of each log that stay in memory: what is older is read from the disk.
    public var tailByteCount: Int
    /// Sealed segments that stay on the disk though they are tiered.
    public var localSegments: Int
    /// Rows of a bucket that are kept in memory before they are flushed; the levels below grow with
    /// it.
    public var rowMemoryByteCount: Int
    /// Vectors in memory before a segment of the index is sealed.
    public var hotPoints: Int
    /// Whether a segment is searched point by point where that is faster than its graph.
    public var exactSearch: Bool
    /// Sealed segments go to the object store at this interval.
    public var segmentTieringInterval: Duration
    /// Each table is committed to the lake at this interval.
    public var lakeInterval: Duration
    /// Snapshots of lake tables expire when they are older.
    public var lakeSnapshotAge: Duration
    /// Rows of primary-key tables are snapshotted at this interval.
    public var snapshotInterval: Duration
    /// How long a silent node keeps its registration.
    public var leaseDuration: Duration
    /// After which a writer gives a change up.
    public var deliveryTimeout: Duration
}

extension ClusterLayout {
    static let shape = RecordShape([
        Field("servers", .integer(1...128), .byDefault("3"), "tablet servers"),
        Field("coordinators", .integer(1...8), .byDefault("2"), "coordinators, one of them active"),
        Field("tierers", .integer(0...8), .byDefault("1"), "nodes that commit to the lake"),
        Field("indexers", .integer(0...8), .byDefault("1"), "nodes that index vectors"),
        Field("replication", .integer(1...9), .byDefault("3"), "replicas of each bucket"),
        Field(
            "minimumInSync", .integer(1...9), .byDefault("2"),
            "in-sync replicas that an acknowledgement needs"),
        Field("buckets", .integer(1...1024), .byDefault("2"), "buckets of each table"),
        Field(
            "segmentBytes", .byteCount(4096...(1 << 30)), .byDefault("1MiB"),
            "at which a segment is sealed"),
        Field(
            "tailBytes", .byteCount(0...(1 << 30)), .byDefault("128KiB"),
            "of each log that stay in memory"),
        Field(
            "localSegments", .integer(0...1024), .byDefault("2"),
            "sealed segments kept on the disk though they are tiered"),
        Field(
            "rowMemory", .byteCount(256...(1 << 30)), .byDefault("512KiB"),
            "of a bucket's rows before they are flushed"),
        Field(
            "hotPoints", .integer(1...1_000_000), .byDefault("1024"),
            "vectors in memory before a segment of the index is sealed"),
        Field(
            "exactSearch", .boolean, .byDefault("true"),
            "search a segment point by point where that is faster than its graph"),
        Field(
            "tieringInterval", interval, .byDefault("10s"),
            "between two moves of sealed segments to the object store"),
        Field("lakeInterval", interval, .byDefault("30s"), "between two commits to the lake"),
        Field(
            "lakeSnapshotAge", interval, .byDefault("10m"),
            "after which a snapshot of a lake table expires"),
        Field("snapshotInterval", interval, .byDefault("30s"), "between two snapshots of the rows"),
        Field(
            "leaseDuration", .duration(.seconds(1)...(.seconds(600))), .byDefault("4s"),
            "how long a silent node keeps its registration"),
        Field(
            "deliveryTimeout", interval, .byDefault("60s"), "after which a change is given up"),
    ])

    private static let interval = Shape.duration(.milliseconds(100)...(.seconds(86_400)))

    init(_ record: CheckedRecord) {
        servers = record.integer("servers")
        coordinators = record.integer("coordinators")
        tierers = record.integer("tierers")
        indexers = record.integer("indexers")
        replication = record.integer("replication")
        minimumInSync = record.integer("minimumInSync")
        buckets = record.integer("buckets")
        segmentByteCount = record.integer("segmentBytes")
        tailByteCount = record.integer("tailBytes")
        localSegments = record.integer("localSegments")
        rowMemoryByteCount = record.integer("rowMemory")
        hotPoints = record.integer("hotPoints")
        exactSearch = record.boolean("exactSearch")
        segmentTieringInterval = record.duration("tieringInterval")
        lakeInterval = record.duration("lakeInterval")
        lakeSnapshotAge = record.duration("lakeSnapshotAge")
        snapshotInterval = record.duration("snapshotInterval")
        leaseDuration = record.duration("leaseDuration")
        deliveryTimeout = record.duration("deliveryTimeout")
    }

    /// How many nodes there are of a role, apart from clients.
    public func count(of role: NodeRole) -> Int {
        switch role {
        case .server: servers
        case .coordinator: coordinators
        case .tierer: tierers
        case .indexer: indexers
        case .gateway, .client: 0
        }
    }
}
