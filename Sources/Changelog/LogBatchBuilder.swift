public import Columnar

/// Collects rows and what they do, and makes a batch of them.
public struct LogBatchBuilder: Sendable {
    private var records: RecordBatchBuilder
    private var changes: [ChangeType] = []
    private let isAppendOnly: Bool

    public init(schema: Schema, isAppendOnly: Bool, capacity: Int = 0) {
        records = RecordBatchBuilder(schema: schema, capacity: capacity)
        self.isAppendOnly = isAppendOnly
    }

    public var schema: Schema { records.schema }

    public var recordCount: Int { records.rowCount }

    /// The bytes collected so far, roughly.
    public var byteCount: Int { records.byteCount + changes.count }

    /// Appends a row; `ColumnarError.invalidValue`, and no change, if it does not fit the schema.
    ///
    /// Precondition: `change` is `.append` in an append-only batch, and only there.
    public mutating func append(_ row: Row, _ change: ChangeType) throws(ColumnarError) {
        precondition((change == .append) == isAppendOnly, "\(change) in another kind of batch")
        try records.append(row)
        if !isAppendOnly { changes.append(change) }
    }

    /// The batch, empty if there were no rows; the builder is empty again.
    public mutating func finish(
        writer: Int64 = LogBatch.none, sequence: Int32 = -1, compression: Compression = .none,
        statistics: [Int] = []
    ) throws(ChangelogError) -> LogBatch {
        let batch = records.finish()
        defer { changes.removeAll() }
        if isAppendOnly {
            return try .appendOnly(
                batch, writer: writer, sequence: sequence, compression: compression,
                statistics: statistics)
        }
        return try .changes(
            batch, changes, writer: writer, sequence: sequence, compression: compression,
            statistics: statistics)
    }
}
