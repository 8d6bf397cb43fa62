/// What can go wrong with a changelog; cases by what the caller must do.
public enum ChangelogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Restore the data: fetch the offsets from another replica, or refuse to serve.
    case damaged(LogDamage)
    /// The sender's batch is damaged or malformed: refuse it.
    case invalidBatch(reason: String)
    /// Send less at once: the batch would be larger than any may be.
    case batchTooLarge(byteCount: Int, limit: Int)
    /// The writer skipped or repeated a batch: it must send the expected one, or begin anew.
    case outOfOrderSequence(String, writer: Int64, sequence: Int32, expected: Int32)
    /// The writer was forgotten, or never began here: it must begin anew under another identifier.
    case unknownWriter(String, writer: Int64)
    /// A follower's next batch does not continue its log: compare leader epochs and truncate.
    case divergent(String, endOffset: Int64, reason: String)
    /// Read elsewhere: the offset is below the local start or beyond the end.
    case offsetOutOfRange(String, offset: Int64, valid: Range<Int64>)
    /// The log was truncated below what the caller waited for: ask the present leader.
    case truncated(String, endOffset: Int64)
    /// Wait until there is room on the disk, then sync again.
    case storageFull(path: String)
    /// The device failed; what it holds is in doubt: this log is closed, open it anew.
    case storageFailed(path: String, reason: String)
    /// The log was closed before.
    case closed(String)

    public var description: String {
        switch self {
        case .damaged(let damage): "\(damage); fetch them from another replica"
        case .invalidBatch(let reason): "invalid batch: \(reason)"
        case .outOfOrderSequence(let log, let writer, let sequence, let expected):
            "writer \(writer) sent batch \(sequence) to log \(log), which expects \(expected)"
        case .batchTooLarge(let byteCount, let limit):
            "a batch of \(byteCount) bytes is over the limit of \(limit)"
        case .unknownWriter(let log, let writer):
            "log \(log) does not remember writer \(writer)"
        case .divergent(let log, let endOffset, let reason):
            "log \(log), which ends at \(endOffset), cannot be continued: \(reason)"
        case .offsetOutOfRange(let log, let offset, let valid):
            "offset \(offset) is not in log \(log), which holds \(valid)"
        case .truncated(let log, let endOffset):
            "log \(log) was truncated to \(endOffset) meanwhile"
        case .storageFull(let path): "no space is left on the disk for \(path)"
        case .storageFailed(let path, let reason):
            "the disk failed under \(path), the log must be opened anew: \(reason)"
        case .closed(let log): "log \(log) is closed"
        }
    }
}
