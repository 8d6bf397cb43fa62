/// Where the committed log of a table is read from, whoever keeps it.
///
/// Each method throws `LogSourceError`. A bucket is of a table, or of one of its partitions.
public protocol LogSource: AnyObject {
    /// The end of what is committed of a bucket.
    ///
    /// It may lag behind what was read before: a new leader learns it late.
    func highWatermark(of table: Int64, partition: Int64?, bucket: Int32) async throws -> Int64

    /// Committed batches with verified checksums, from the one that holds `offset` on; none at the
    /// end.
    func batches(
        of table: Int64, partition: Int64?, bucket: Int32, from offset: Int64, byteCount: Int
    ) async throws -> [LogBatch]

    /// Whether a partition is there at this moment, whatever was heard before: one that is gone
    /// never comes again.
    func hasPartition(_ partition: Int64, of table: Int64) async throws -> Bool
}

/// Why a log cannot be read, by what the caller must do.
public enum LogSourceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Wait, and try again.
    case unavailable(reason: String)
    /// Begin again from `start`, or elsewhere: what is below has expired.
    case expired(table: Int64, bucket: Int32, offset: Int64, start: Int64)
    /// Restore the data.
    case damaged(reason: String)

    public var description: String {
        switch self {
        case .unavailable(let reason): "the log has to wait: \(reason)"
        case .expired(let table, let bucket, let offset, let start):
            "the log of table \(table) bucket \(bucket) starts at offset \(start) by now: offset "
                + "\(offset) has expired"
        case .damaged(let reason): "the log is damaged: \(reason)"
        }
    }
}

extension LogSource {
    /// Whole batches of a range of offsets in order and without gap, until they have `byteCount`
    /// bytes.
    ///
    /// Progress is the end of the last batch, not the number of records: batches may be empty.
    /// `LogSourceError.damaged` if offsets are missing, or `range` does not begin with a batch.
    public func batches(
        of table: Int64, partition: Int64? = nil, bucket: Int32, in range: Range<Int64>,
        byteCount limit: Int
    ) async throws -> [LogBatch] {
        precondition(limit > 0, "no room for a batch")
        var taken: [LogBatch] = []
        var byteCount = 0
        var end = range.lowerBound
        while end < range.upperBound && byteCount < limit {
            let portion = try await batches(
                of: table, partition: partition, bucket: bucket, from: end,
                byteCount: min(limit - byteCount, 1 << 20))
            let before = end
            for batch in portion where batch.endOffset <= range.upperBound && byteCount < limit {
                guard batch.baseOffset == end else {
                    throw LogSourceError.damaged(
                        reason: "table \(table) bucket \(bucket): a batch of offsets "
                            + "\(batch.baseOffset)...\(batch.lastOffset) where \(end) should begin")
                }
                taken.append(batch)
                byteCount += batch.byteCount
                end = batch.endOffset
            }
            if end == before { break }
        }
        return taken
    }
}
