import Changelog
public import Iceberg
public import LakeTiering

/// How a cluster behaves; the defaults suit a small one.
public struct ClusterConfiguration: Sendable {
    /// How long a silent server or coordinator keeps its registration.
    public var leaseDuration = Duration.seconds(4)
    public var leaseRenewal = Duration.seconds(1)
    /// A follower that has not caught up for this long leaves the in-sync set.
    public var replicaLagLimit = Duration.seconds(6)
    /// How often the coordinator looks whether replicas and leaders are where they should be.
    public var placementInterval = Duration.seconds(5)
    /// How long the first replica of a bucket has to be registered before it leads again; nil for
    /// never. Kafka's `leader.imbalance.check.interval.seconds` is as long.
    public var preferredLeaderDelay: Duration? = .seconds(300)
    /// How long a server has to be away before its replicas are given to others; nil for never.
    public var replacementDelay: Duration? = .seconds(1800)
    /// Buckets whose replicas move at a time, at most, before a rebalance begins another move.
    public var reassignmentsAtOnce = 4
    /// How long a fetch waits for something new.
    public var fetchWait = Duration.seconds(2)
    public var fetchByteCount = 1024 * 1024
    /// How long a follower lets its fetch wait: it has to be heard of before it counts as behind.
    public var followerFetchWait: Duration { min(fetchWait, replicaLagLimit / 3) }
    /// After how long without a batch a log forgets a writer, by the log's own timestamps.
    public var writerExpiration = Duration.seconds(7 * 24 * 3600)
    /// Changes of one bucket are sent in batches of at most this size, or one by one if larger.
    public var writerBatchByteCount = 1024 * 1024
    /// Batches of one bucket that a writer has under way at once, up to `batchesInFlightLimit`.
    /// Fluss's `client.writer.max-inflight-requests-per-bucket`.
    public var writerBatchesInFlight = 1
    /// As many of a writer's batches a log remembers: a retry of an older one would not be known.
    public static let batchesInFlightLimit = WriterStates.batchLimit
    /// The largest row or key that is taken, in bytes as it is encoded.
    public static let rowByteCountLimit = 8 * 1024 * 1024
    /// An answer to a lookup or a scan has at most so many bytes of keys and rows, but for one row.
    public static let answerByteCountLimit = 8 * 1024 * 1024
    /// Acknowledging needs as many in-sync replicas.
    public var minimumInSync = 2
    /// After which an answer to a call is given up.
    public var callTimeout = Duration.seconds(5)
    /// Waits before a failed step is tried again grow from the first to the second.
    public var retryWait = Duration.milliseconds(50)
    public var retryWaitLimit = Duration.seconds(2)
    /// Sealed segments are copied to the remote log at this interval.
    public var remoteLogTaskInterval = Duration.seconds(10)
    public var segmentByteCount: Int64 = 1024 * 1024
    /// A segment whose first batch is this much older than a new one is sealed.
    public var segmentDuration = Duration.seconds(7 * 24 * 3600)
    /// The index of a log keeps an entry each so many bytes.
    public var logIndexByteCount: Int64 = 4096
    /// The newest batches of each log stay in memory up to this size.
    public var tailByteCount = 128 * 1024
    /// Sealed segments kept on the local disk though the remote log has them.
    public var localSegmentCount = 2
    /// Segments of the remote log expire at this age, where a table does not say otherwise; nil for
    /// never. What the lake, the vector index or the rows still need stays.
    public var logTimeToLive: Duration? = .seconds(7 * 24 * 3600)
    /// The oldest segments of a bucket's remote log expire while the others have this size, where
    /// a table does not say otherwise; nil for no bound.
    public var logRetentionByteCount: Int64?
    /// How often a leader looks for objects that leaders before it left in the store; it does at
    /// the beginning of its term as well.
    public var orphanCheckInterval = Duration.seconds(3600)
    /// Rows of primary-key tables are snapshotted to the object store at this interval.
    public var snapshotInterval = Duration.seconds(30)
    /// Snapshots of a bucket's rows that are kept, the current one included; readers keep others by
    /// leases. Fluss's `kv.snapshot.num-retained`.
    public var retainedSnapshotCount = 2
    /// Each table is committed to the lake at this interval.
    public var lakeInterval = Duration.seconds(30)
    /// Bounds of one round of lake tiering.
    public var lakeTiering = LakeTieringConfiguration()
    /// Where all lake tables are.
    public var lakeLocation = defaultLakeLocation
    /// Where they are in the tank, and were in folders that were served before.
    public static let defaultLakeLocation = LakeLocation(prefix: "s3://warehouse/")
    /// Rows of a bucket in memory before they are flushed, and cached blocks, in bytes each.
    public var rowMemoryByteCount = 512 * 1024
    /// Flushed tables of rows are compacted once there are so many.
    public var flushedTableCount = 4
    /// Vectors in memory before a segment of the index is sealed.
    public var hotPointLimit = 1024
    /// Neighbours of a vector in the graph.
    public var vectorDegree = 16
    /// Candidates that the insertion of a vector weighs, and a search.
    public var vectorBreadth = 100
    /// As many segments of an index of about one size are merged into one.
    public var vectorMergeCount = 4
    /// Segments of an index are not merged into a larger one than this, in vectors.
    public var vectorSegmentPointLimit = 65_536
    /// A segment of a vector index is searched point by point where that is faster than its graph.
    public var searchesExactlyWhereFaster = true
    /// Where more candidates of near rows than these would have to be looked at, for a filter that
    /// passes few, the table is read once instead.
    public var vectorCandidateLimit = 4096
    /// After how long without an answer the other indexer of a bucket is searched as well.
    public var searchHedgeWait = Duration.milliseconds(20)
    /// How long the collector goes on looking for what a dropped table left once it finds no more.
    public var droppedTableWatch = Duration.seconds(120)
    /// How long a scan of a bucket's rows may pause between two pages.
    public var scanLease = Duration.seconds(60)
    /// How much each client may ask of one server in a second. The cluster's own nodes may have
    /// whatever they want: a gateway counts who calls it.
    public var clientQuota = Quota()
    /// The most partitions a table may have.
    static let partitionCountLimit = 1000
    /// The newest format that the node reads; less than the program's own to play an older one.
    public var formatVersion = FormatVersion.newest
    /// Logical port of tablet servers and coordinators.
    public var port = 9123

    public init() {}
}
