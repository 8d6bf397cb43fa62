public import Columnar

/// Collects rows and what they do, and makes a batch of them.
public struct LogBatchBuilder: Sendable {
    private var records: RecordBatchBuilder
    private var changes: [ChangeType] = []
    private let isAppendOnly: Bool
    /// Whether few rows become a batch of rows: all who will read it have to know of such.
    private let writesRows: Bool
    /// The rows while they are few enough; `records` has them otherwise.
    private var rows: [Row] = []

    /// - Parameter writesRows: Whether few rows may be written as rows, and not as Arrow.
    public init(
        schema: Schema, isAppendOnly: Bool, writesRows: Bool = false, capacity: Int = 0
    ) {
        let isSmall = writesRows && capacity <= LogBatch.rowsLimit
        records = RecordBatchBuilder(schema: schema, capacity: isSmall ? 0 : capacity)
        self.isAppendOnly = isAppendOnly
        self.writesRows = writesRows
    }

    public var schema: Schema { records.schema }

    public var recordCount: Int { records.rowCount + rows.count }

    /// Appends a row; `ColumnarError.invalidValue`, and no change, if it does not fit the schema.
    ///
    /// Precondition: `change` is `.append` in an append-only batch, and only there.
    public mutating func append(_ row: Row, _ change: ChangeType) throws(ColumnarError) {
        precondition((change == .append) == isAppendOnly, "\(change) in another kind of batch")
        if writesRows && records.rowCount == 0 && rows.count < LogBatch.rowsLimit {
            try schema.validate(row)
            rows.append(row)
        } else {
            try spill()
            try records.append(row)
        }
        if !isAppendOnly { changes.append(change) }
    }

    /// Puts the rows so far into columns.
    private mutating func spill() throws(ColumnarError) {
        for row in rows { try records.append(row) }
        rows.removeAll()
    }

    /// The batch, empty if there were no rows; the builder is empty again.
    public mutating func finish(
        writer: Int64 = LogBatch.none, sequence: Int32 = -1, compression: Compression = .none,
        statistics: [Int] = []
    ) throws(ChangelogError) -> LogBatch {
        defer {
            changes.removeAll()
            rows.removeAll()
        }
        if let body = rowsBody(compression) {
            return try .rows(
                body, count: rows.count, schema, changes: isAppendOnly ? nil : changes,
                writer: writer, sequence: sequence, statistics: self.statistics(statistics))
        }
        do { try spill() } catch { throw .invalidBatch(reason: "\(error)") }
        let batch = records.finish()
        if isAppendOnly {
            return try .appendOnly(
                batch, writer: writer, sequence: sequence, compression: compression,
                statistics: statistics)
        }
        return try .changes(
            batch, changes, writer: writer, sequence: sequence, compression: compression,
            statistics: statistics)
    }

    /// The rows as a batch's body; nil where it is to be Arrow.
    private func rowsBody(_ compression: Compression) -> [UInt8]? {
        if rows.isEmpty { return nil }
        let codec = RowCodec(schema: schema)
        var body = ByteWriter(capacity: rows.count * 8 * schema.fields.count)
        for row in rows { codec.encode(compacted: row, to: &body) }
        let isPlain = compression == .none || body.count <= LogBatch.plainByteCountLimit
        return isPlain ? body.bytes : nil
    }

    private func statistics(_ columns: [Int]) throws(ChangelogError) -> BatchStatistics? {
        if columns.isEmpty { return nil }
        do {
            return BatchStatistics(
                of: try RecordBatch(schema: schema, rows: rows), columns: columns)
        } catch {
            throw .invalidBatch(reason: "\(error)")
        }
    }
}
