public import LakeTiering

/// What can go wrong in a union read, by what the caller must do.
public enum UnionReadError: Error, Hashable, Sendable, CustomStringConvertible {
    // Wait, and try again: a new leader learns late how far its log is committed.
    case lakeAhead(table: String, bucket: LakeBucket, lakeEnd: Int64, highWatermark: Int64)
    case logIncomplete(table: String, bucket: LakeBucket, end: Int64, highWatermark: Int64)
    /// The read is as of an offset that the leader does not know to be committed: it may have been
    /// before, and will be known again, or nobody has written as much yet.
    case notCommittedYet(table: String, bucket: LakeBucket, offset: Int64, highWatermark: Int64)
    // Read again with the table as it is by now: it was altered.
    case laterSchema(table: String, schema: Int16, known: Int16)
    // Read as of now: what was dropped is read no more, as of whatever moment.
    case unknownPartition(table: String, partition: Int64)
    // Fix the call.
    case invalidRequest(reason: String)
    // Restore the data, or report a bug.
    case inconsistent(table: String, reason: String)

    public var description: String {
        switch self {
        case .lakeAhead(let table, let bucket, let lakeEnd, let highWatermark):
            "table \(table) \(bucket): the lake ends at offset \(lakeEnd), past the "
                + "log's high watermark \(highWatermark)"
        case .logIncomplete(let table, let bucket, let end, let highWatermark):
            "table \(table) \(bucket): the log was read only to offset \(end), not to its "
                + "high watermark \(highWatermark)"
        case .notCommittedYet(let table, let bucket, let offset, let highWatermark):
            "table \(table) \(bucket): offset \(offset) is past the log's high watermark "
                + "\(highWatermark)"
        case .laterSchema(let table, let schema, let known):
            "table \(table) has rows of schema \(schema), and is read by schema \(known): read it "
                + "as it is by now"
        case .unknownPartition(let table, let partition):
            "table \(table) has no partition \(partition), or none any more"
        case .invalidRequest(let reason): "bad union read: \(reason)"
        case .inconsistent(let table, let reason):
            "table \(table): lake and log contradict each other: \(reason)"
        }
    }
}
