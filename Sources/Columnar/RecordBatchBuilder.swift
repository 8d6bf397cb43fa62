/// Collects rows into a batch.
public struct RecordBatchBuilder: Sendable {
    public let schema: Schema
    public private(set) var rowCount = 0
    private var columns: [ColumnVectorBuilder]

    public init(schema: Schema, capacity: Int = 0) {
        self.schema = schema
        columns = schema.fields.map { ColumnVectorBuilder(type: $0.type, capacity: capacity) }
    }

    /// The bytes collected so far, roughly.
    public var byteCount: Int { columns.reduce(0) { $0 + $1.byteCount } }

    /// Appends a row; `ColumnarError.invalidValue`, and no change, if it does not fit the schema.
    public mutating func append(_ row: Row) throws(ColumnarError) {
        try schema.validate(row)
        for position in row.indices { try columns[position].append(row[position]) }
        rowCount += 1
    }

    /// Appends all rows of a batch whose columns are of the same types.
    public mutating func append(contentsOf batch: RecordBatch) throws(ColumnarError) {
        try append(contentsOf: batch, rows: 0..<batch.rowCount)
    }

    /// Appends some rows of a batch whose columns are of the same types.
    public mutating func append(
        contentsOf batch: RecordBatch, rows: Range<Int>
    ) throws(ColumnarError) {
        try check(batch)
        for position in columns.indices {
            try columns[position].append(contentsOf: batch.columns[position], rows: rows)
        }
        rowCount += rows.count
    }

    /// Appends some runs of rows of a batch whose columns are of the same types, in their order.
    public mutating func append(
        contentsOf batch: RecordBatch, runs: [Range<Int>]
    ) throws(ColumnarError) {
        try check(batch)
        for position in columns.indices {
            try columns[position].append(contentsOf: batch.columns[position], runs: runs)
        }
        rowCount += runs.reduce(0) { $0 + $1.count }
    }

    private func check(_ batch: RecordBatch) throws(ColumnarError) {
        guard batch.columns.map(\.type) == schema.fields.map(\.type) else {
            throw .invalidValue(reason: "the batch has other columns")
        }
        for (field, column) in zip(schema.fields, batch.columns)
        where !field.isNullable && column.nullCount > 0 {
            throw .invalidValue(reason: "column \(field.name) must not be null")
        }
    }

    /// Appends one row of a batch whose columns are of the same types, without making values of it.
    public mutating func append(
        row: Int, of batch: RecordBatch
    ) throws(ColumnarError) {
        precondition(batch.columns.count == columns.count, "the batch has other columns")
        for position in columns.indices {
            try columns[position].appendRow(row, of: batch.columns[position])
        }
        rowCount += 1
    }

    /// The batch; the builder is empty again.
    public mutating func finish() -> RecordBatch {
        let batch = RecordBatch(
            schema: schema, rowCount: rowCount,
            columns: columns.indices.map { columns[$0].finish() })
        rowCount = 0
        return batch
    }
}
