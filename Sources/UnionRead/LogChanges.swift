import Changelog
import Columnar
import Iceberg
import LakeTiering

/// What the log changed after the lake: rows of a log table pass through, of a primary-key table
/// the last change of each key is kept.
struct LogChanges {
    /// The columns that were asked for.
    let target: Schema
    let keyFields: [Field]
    var partitionFields: [Field] {
        table.partitionFields.compactMap { identifier in
            table.schema.fields.first { $0.identifier == identifier }
        }
    }
    var tableSchema: Schema { table.schema }
    var tableFields: [Field] { table.schema.fields }
    private let table: TieredTable
    private let filter: RowFilter
    private let codec: KeyCodec
    /// Those of the table that are read of the log, then the system columns.
    private var rows: RowSet
    private let columns: [Int]
    private let targetColumns: [Int]
    /// The last change of each key; nil of a key that was deleted.
    private var byKey: [[UInt8]: RowSet.Place?] = [:]

    init(_ table: TieredTable, _ request: ReadRequest) throws {
        let schema = table.schema
        self.table = table
        filter = request.filter
        codec = KeyCodec(primaryKeyOf: schema)
        keyFields = schema.primaryKey.map { schema.fields[$0] }
        let asked = request.columns ?? Array(schema.fields.indices)
        let filtered = request.filter.columns
        var columns = asked
        for position in schema.fields.indices where !columns.contains(position) {
            let isFiltered = filtered.contains(schema.fields[position].identifier)
            if isFiltered || schema.primaryKey.contains(position) { columns.append(position) }
        }
        self.columns = columns
        rows = RowSet(schema, columns: columns)
        let system = request.includesSystemColumns ? SystemColumns.all : []
        target = Schema(
            identifier: schema.identifier, fields: asked.map { schema.fields[$0] } + system)
        targetColumns =
            Array(asked.indices) + system.indices.map { columns.count + $0 }
    }

    /// Whether rows of the lake may have been changed.
    var hasKeys: Bool { !byKey.isEmpty }

    /// Takes in a batch, as far as it is before an offset; answers rows of a log table that pass.
    mutating func take(
        _ batch: LogBatch, bucket: LakeBucket, before end: Int64
    ) throws -> RecordBatch? {
        let (records, changes) = try table.records(of: batch)
        let count = min(records.rowCount, Int(max(0, end - batch.baseOffset)))
        if count == 0 { return nil }
        var passing: [Int] = []
        if !table.isPrimaryKeyTable {
            var own = RowSet(table.schema, columns: columns)
            _ = try own.append(records.project(columns), of: batch, bucket: bucket)
            for row in 0..<count {
                guard changes[row] == .append else {
                    throw UnionReadError.inconsistent(
                        table: table.name,
                        reason: "\(changes[row].symbol) at \(bucket) offset "
                            + "\(batch.baseOffset + Int64(row)) of a log table")
                }
                if filter.passes(own.batches[0], row: row) { passing.append(row) }
            }
            if passing.isEmpty { return nil }
            return try own.batches[0].project(targetColumns).gathering(passing)
        }
        let number = try rows.append(records.project(columns), of: batch, bucket: bucket)
        for row in 0..<count where changes[row] != .updateBefore {
            let key = try self.key(rows.batches[Int(number)], row)
            if changes[row] == .delete {
                byKey.updateValue(nil, forKey: key)
            } else {
                byKey.updateValue(RowSet.Place(batch: number, row: Int32(row)), forKey: key)
            }
        }
        return nil
    }

    /// Whether the log changed a row of the lake.
    func replaces(_ batch: RecordBatch, _ row: Int) throws -> Bool {
        if byKey.isEmpty { return false }
        return byKey[try key(batch, row)] != nil
    }

    /// The rows of a primary-key table that the log has and that pass.
    func left() throws -> [RecordBatch] {
        let keys = byKey.keys.sorted { $0.lexicographicallyPrecedes($1) }
        let places = keys.compactMap { byKey[$0]! }.filter { rows.passes($0, filter) }
        return try rows.gather(places, columns: targetColumns)
    }

    private func key(_ batch: RecordBatch, _ row: Int) throws -> [UInt8] {
        try codec.encode(
            keyFields.map { field in
                let column = batch.schema.fields.firstIndex { $0.identifier == field.identifier }
                guard let column else { preconditionFailure("a key column is not read") }
                return batch.value(row: row, column: column)
            })
    }
}
