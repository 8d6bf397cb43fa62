/// Rows of one schema, column by column.
public struct RecordBatch: Hashable, Sendable {
    public let schema: Schema
    public let rowCount: Int
    /// One for each field of the schema, each of `rowCount` values.
    public let columns: [ColumnVector]

    /// Precondition: the columns are of the schema's types and of `rowCount` values each.
    public init(schema: Schema, rowCount: Int, columns: [ColumnVector]) {
        precondition(columns.count == schema.fields.count, "columns and fields differ")
        for (column, field) in zip(columns, schema.fields) {
            precondition(column.type == field.type && column.count == rowCount)
        }
        self.schema = schema
        self.rowCount = rowCount
        self.columns = columns
    }

    /// A batch of these rows; `ColumnarError.invalidValue` if one does not fit the schema.
    public init(schema: Schema, rows: [Row]) throws(ColumnarError) {
        var builder = RecordBatchBuilder(schema: schema, capacity: rows.count)
        for row in rows { try builder.append(row) }
        self = builder.finish()
    }

    public func row(at position: Int) -> Row { columns.map { $0.value(at: position) } }

    public func value(row: Int, column: Int) -> Value { columns[column].value(at: row) }

    /// All rows, in order.
    public var rows: [Row] { (0..<rowCount).map { row(at: $0) } }

    /// A copy of some rows.
    public func slice(_ range: Range<Int>) -> RecordBatch {
        precondition(range.lowerBound >= 0 && range.upperBound <= rowCount, "no such rows")
        if range == 0..<rowCount { return self }
        return RecordBatch(
            schema: schema, rowCount: range.count, columns: columns.map { $0.slice(range) })
    }

    /// Only the columns at these positions, in this order; nothing is copied.
    ///
    /// The schema keeps its identifier but not its primary key unless all key columns are kept.
    public func project(_ positions: [Int]) -> RecordBatch {
        RecordBatch(
            schema: schema.project(positions), rowCount: rowCount,
            columns: positions.map { columns[$0] })
    }

    /// One batch of all rows; nil if there are no batches.
    ///
    /// Precondition: all are of one schema.
    public static func concatenate(
        _ batches: [RecordBatch]
    ) throws(ColumnarError) -> RecordBatch? {
        guard let first = batches.first else { return nil }
        if batches.count == 1 { return first }
        var builder = RecordBatchBuilder(
            schema: first.schema, capacity: batches.reduce(0) { $0 + $1.rowCount })
        for batch in batches { try builder.append(contentsOf: batch) }
        return builder.finish()
    }

    public static func == (left: RecordBatch, right: RecordBatch) -> Bool {
        left.schema == right.schema && left.columns == right.columns
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(schema)
        hasher.combine(rowCount)
    }
}

extension ColumnVector {
    /// A copy of some values.
    public func slice(_ range: Range<Int>) -> ColumnVector {
        var builder = ColumnVectorBuilder(type: type, capacity: range.count)
        do {
            try builder.append(contentsOf: self, rows: range)
        } catch {
            preconditionFailure("a part is larger than its whole: \(error)")
        }
        return builder.finish()
    }
}
