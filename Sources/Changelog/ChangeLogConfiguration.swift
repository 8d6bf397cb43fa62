/// How a log lays itself out.
public struct ChangeLogConfiguration: Hashable, Sendable {
    /// A segment that has reached this size is sealed, in bytes.
    public var segmentByteCount: Int64 = 64 * 1024 * 1024
    /// A segment whose first batch is this much older than a new one is sealed, by commit
    /// timestamps.
    public var segmentDuration = Duration.seconds(7 * 24 * 3600)
    /// The index keeps an entry each so many bytes.
    public var indexInterval: Int64 = 4096
    /// After how long without a batch a writer is forgotten, by commit timestamps.
    public var writerExpiration = Duration.seconds(7 * 24 * 3600)
    /// The newest batches stay in memory up to this size, in bytes.
    public var tailByteCount = 1024 * 1024

    public init() {}
}
