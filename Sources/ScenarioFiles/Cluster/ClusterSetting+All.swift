import Cluster
import LakeTiering

extension ClusterSetting {
    /// Every setting, in the order of the reference.
    static let all = nodes + replication + logs + rows + lake + vectors + tables + clients

    private static let nodes: [ClusterSetting] = [
        ofRun("servers", .integer(1...128), "3", "tablet servers"),
        ofRun("coordinators", .integer(1...8), "2", "coordinators, one of them active"),
        ofRun("tierers", .integer(0...8), "1", "nodes that commit to the lake"),
        ofRun("indexers", .integer(0...8), "1", "nodes that index vectors"),
        ofRun(
            "gateways", .integer(0...8), "0",
            "nodes that speak the Fluss protocol; where there are any, writers write through them"),
        ofRun(
            "sinks", .integer(0...8), "0",
            "nodes that bring tables with vectors to a vector database of others"),
        ofRun(
            "serverFormat", .integer(1...Int(FormatVersion.newest.number)),
            "\(FormatVersion.newest)",
            "the format up to which tablet servers read and write, each until it is upgraded"),
        ofRun("replication", .integer(1...9), "3", "replicas of each bucket"),
        count(
            "minimumInSync", 1...9, \.minimumInSync,
            "in-sync replicas that an acknowledgement needs"
        ).drawn("1", "2"),
        ofRun("buckets", .integer(1...1024), "2", "buckets of each table").drawn("1", "256"),
    ]

    private static let replication: [ClusterSetting] = [
        duration(
            "leaseDuration", \.leaseDuration,
            "how long a silent node keeps its registration", in: .seconds(1)...(.seconds(600))
        ).drawn("2s", "20s"),
        derived(
            "leaseRenewal", \.leaseRenewal,
            "between two renewals of a registration; a quarter of the lease when absent",
            example: "1s"),
        derived(
            "replicaLagLimit", \.replicaLagLimit,
            "after which a follower that is behind leaves the in-sync set; one and a half times "
                + "the lease when absent", example: "6s"),
        duration("fetchWait", \.fetchWait, "how long a fetch waits for something new").drawn(
            "100ms", "10s"),
        bytes(
            "fetchBytes", 1024...(1 << 26), \.fetchByteCount, "of a log that one fetch returns"
        ).drawn("4KiB", "4MiB"),
        duration("callTimeout", \.callTimeout, "after which an answer to a call is given up").drawn(
            "1s", "20s"),
        duration(
            "retryWait", \.retryWait,
            "the first wait before a failed step is tried again",
            in: .milliseconds(1)...(.seconds(600))
        ).drawn("5ms", "500ms"),
        duration(
            "retryWaitLimit", \.retryWaitLimit,
            "up to which the waits grow", in: .milliseconds(1)...(.seconds(600))),
    ]

    private static let logs: [ClusterSetting] = [
        bytes(
            "segmentBytes", 4096...(1 << 30), \.segmentByteCount, "at which a segment is sealed"
        ).drawn("8KiB", "16MiB"),
        duration(
            "segmentDuration", \.segmentDuration,
            "between a segment's first batch and a new one, at which it is sealed", in: age
        ).drawn("5s", "7d"),
        bytes(
            "logIndexBytes", 64...(1 << 26), \.logIndexByteCount,
            "of a log between two entries of its index"
        ).drawn("256B", "64KiB"),
        bytes("tailBytes", 0...(1 << 30), \.tailByteCount, "of each log that stay in memory").drawn(
            "0", "1MiB"),
        count(
            "localSegments", 0...1024, \.localSegmentCount,
            "sealed segments kept on the disk though they are tiered"
        ).drawn("0", "20"),
        duration(
            "tieringInterval", \.remoteLogTaskInterval,
            "between two moves of sealed segments to the object store"
        ).drawn("1s", "60s"),
        duration(
            "writerExpiration", \.writerExpiration,
            "without a batch, after which a log forgets a writer", in: age
        ).drawn("60s", "7d"),
        limit(
            "logTimeToLive", \.logTimeToLive, "after which the oldest segments of a log expire",
            in: age),
        bound(
            "logRetentionBytes", 4096...(1 << 40), \.logRetentionByteCount,
            "of a bucket's remote log that stay when the oldest segments expire; no bound when "
                + "absent", example: "64MiB"),
        duration(
            "orphanCheckInterval", \.orphanCheckInterval,
            "at which leaders look for objects that those before them left"
        ).drawn("5s", "1h"),
        duration(
            "placementInterval", \.placementInterval,
            "at which the coordinator looks where leaders and replicas are"
        ).drawn("1s", "60s"),
        limit(
            "preferredLeaderDelay", \.preferredLeaderDelay,
            "that the first replica of a bucket is there before it leads again"
        ).drawn("2s", "10m"),
        limit(
            "replacementDelay", \.replacementDelay,
            "that a server is away before its replicas are given to others"),
        count(
            "reassignmentsAtOnce", 1...1000, \.reassignmentsAtOnce,
            "buckets whose replicas move, up to which a rebalance begins another"),
    ]

    private static let rows: [ClusterSetting] = [
        bytes(
            "rowMemory", 256...(1 << 30), \.rowMemoryByteCount,
            "of a bucket's rows before they are flushed"
        ).drawn("2KiB", "4MiB"),
        count(
            "flushedTables", 2...1000, \.flushedTableCount,
            "flushed tables of a bucket's rows before they are compacted"
        ).drawn("2", "16"),
        duration("snapshotInterval", \.snapshotInterval, "between two snapshots of the rows").drawn(
            "2s", "10m"),
        count(
            "retainedSnapshots", 1...100, \.retainedSnapshotCount,
            "snapshots of a bucket's rows that are kept"
        ).drawn("1", "5"),
    ]

    private static let lake: [ClusterSetting] = [
        duration("lakeInterval", \.lakeInterval, "between two commits to the lake").drawn(
            "1s", "2m"),
        // The engine keeps snapshots for days, in which a run would never see one expire.
        duration(
            "lakeSnapshotAge", \.lakeTiering.maximumSnapshotAge,
            "after which a snapshot of a lake table expires", in: age, byDefault: .seconds(600)
        ).drawn("10s", "5d"),
        count(
            "lakeSnapshots", 1...10_000, \.lakeTiering.minimumSnapshotCount,
            "of the newest that stay all the same"),
        duration(
            "lakeCollection", \.lakeTiering.collectionInterval,
            "between two searches for files of a lake table that nothing names", in: age,
            byDefault: .seconds(300)
        ).drawn("10s", "1d"),
        duration(
            "lakeForeignOrphans", \.lakeTiering.foreignOrphanAge,
            "after which files of other programs that nothing names are deleted", in: age),
        count(
            "lakeFormat", 2...3, \.lakeTiering.formatVersion,
            "of Iceberg that lake tables are made in; the third has deletion vectors"
        ).drawn("2", "3"),
        count(
            "lakeRowsPerFile", 1...10_000_000, \.lakeTiering.rowsPerFile,
            "rows that a data file has at most"
        ).drawn("20", "250000"),
        bytes(
            "lakeBytesPerRound", 1024...(1 << 30), \.lakeTiering.byteCountPerRound,
            "of the log that a round takes, and a batch of each bucket at least"
        ).drawn("16KiB", "16MiB"),
        choice("lakeCompaction", \.lakeTiering.isCompacting, "whether small files are compacted"),
        count(
            "lakeCompactionFiles", 2...10_000, \.lakeTiering.minimumInputFileCount,
            "files that are compacted at once, at least"),
        bytes(
            "lakeFileBytes", 1024...(1 << 32), \.lakeTiering.targetFileByteCount,
            "of a data file that is not compacted for its size"
        ).drawn("64KiB", "128MiB"),
        bytes(
            "lakeCompactionBytes", 1024...(1 << 32), \.lakeTiering.compactionByteCount,
            "that a compaction reads at most"),
    ]

    private static let vectors: [ClusterSetting] = [
        count(
            "hotPoints", 1...1_000_000, \.hotPointLimit,
            "vectors in memory before a segment of the index is sealed"
        ).drawn("16", "4096"),
        choice(
            "exactSearch", \.searchesExactlyWhereFaster,
            "whether a segment is searched point by point where that is faster than its graph"),
        count("vectorDegree", 2...256, \.vectorDegree, "neighbours of a vector in the graph"),
        count(
            "vectorBreadth", 1...10_000, \.vectorBreadth,
            "candidates that an insertion and a search of a vector weigh"),
        count(
            "vectorMergeCount", 2...100, \.vectorMergeCount,
            "segments of an index of one size before they are merged"),
        count(
            "vectorSegmentPoints", 16...10_000_000, \.vectorSegmentPointLimit,
            "vectors that a merged segment of an index has at most"),
        count(
            "vectorCandidates", 1...10_000, \.vectorCandidateLimit,
            "rows that a search with a filter looks at before it reads the whole table instead"),
        duration(
            "searchHedge", \.searchHedgeWait,
            "after how long without an answer the other indexer of a bucket is searched as well",
            in: .milliseconds(1)...(.seconds(600))),
    ]

    private static let tables: [ClusterSetting] = [
        duration(
            "droppedTableWatch", \.droppedTableWatch,
            "how long the collector looks for what a dropped table left once it finds no more"),
        duration(
            "scanLease", \.scanLease, "how long a scan may pause between two pages"),
    ]

    private static let clients: [ClusterSetting] = [
        ofRun("deliveryTimeout", .duration(interval), "60s", "after which a change is given up")
            .drawn("10s", "2m"),
        ofRun(
            "writerBatchChanges", .integer(1...100_000), "500",
            "changes of a bucket that a writer sends together"
        ).drawn("1", "2000"),
        bytes(
            "writerBatchBytes", 1024...(1 << 26), \.writerBatchByteCount,
            "of changes that a writer sends together, unless one is larger"
        ).drawn("4KiB", "4MiB"),
        count(
            "writerBatchesInFlight", 1...ClusterConfiguration.batchesInFlightLimit,
            \.writerBatchesInFlight, "batches of a bucket that a writer has under way at once"
        ).drawn("1", "5"),
        bound(
            "producedQuota", 1...(1 << 40), \.clientQuota.producedBytes,
            "a second that each client may write to each server; what is over it waits, and there "
                + "is no bound when absent", example: "64KiB"),
        bound(
            "fetchedQuota", 1...(1 << 40), \.clientQuota.fetchedBytes,
            "a second that each client may read from each server; who has read more waits, and "
                + "there is no bound when absent", example: "1MiB"),
        bound(
            "requestQuota", 1...1_000_000, requests: \.clientQuota.requests,
            "a second that each client may send to each server; what is over it waits, and there "
                + "is no bound when absent", example: "100"),
    ]
}
