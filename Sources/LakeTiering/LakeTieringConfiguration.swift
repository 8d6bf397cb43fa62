/// Bounds of lake tiering, and how lake tables are kept in shape; the names are Iceberg's where it
/// has any.
public struct LakeTieringConfiguration: Hashable, Sendable {
    /// A data file has at most so many rows.
    public var rowsPerFile = 250_000
    /// A round takes about so many bytes of log of all buckets together, and at least a batch of
    /// each; fewer if they would take half of the memory that is free.
    public var byteCountPerRound = 16 * 1024 * 1024
    /// Whether small files are compacted (Fluss: `table.datalake.auto-compaction`).
    public var isCompacting = true
    /// As many files are compacted at once, at least (`min-input-files`).
    public var minimumInputFileCount = 8
    /// Files of at least three quarters of this size are not compacted for it
    /// (`write.target-file-size-bytes`).
    public var targetFileByteCount: Int64 = 128 * 1024 * 1024
    /// A compaction reads no more bytes than this; fewer if that would take half of the memory
    /// that is free (`max-file-group-size-bytes`).
    public var compactionByteCount: Int64 = 32 * 1024 * 1024
    /// Snapshots expire when they are older, and nothing names them
    /// (`history.expire.max-snapshot-age-ms`), and no reader has a lease.
    public var maximumSnapshotAge = Duration.seconds(5 * 24 * 3600)
    /// So many of the newest stay all the same (`history.expire.min-snapshots-to-keep`).
    public var minimumSnapshotCount = 1
    /// The format version that lake tables are made in, 2 or 3: the third has deletion vectors and
    /// row lineage.
    public var formatVersion = 2
    /// The table's folder is searched at this interval for files that nothing names.
    public var collectionInterval = Duration.seconds(24 * 3600)
    /// Such files of other programs are deleted when they have been seen to be so for this long
    /// (Iceberg's `remove_orphan_files` takes three days).
    public var foreignOrphanAge = Duration.seconds(3 * 24 * 3600)

    public init() {}
}
