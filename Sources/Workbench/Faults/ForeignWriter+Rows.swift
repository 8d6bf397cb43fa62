import Columnar
import Iceberg
import LakeTiering
import Parquet
import Platform

/// Rows as another program changes them, which knows of a table what its metadata says.
extension LakeTable {
    /// A few live rows of the current snapshot, and where they are.
    private struct Found {
        var scan: LakeScan
        var path: String
        var partition: PartitionKey?
        /// The columns whose values the partition says: they stay as they are.
        var partitionColumns: Set<Int32>
        var batch: RecordBatch
        var positions: [Int64]
    }

    /// As many rows as one act concerns.
    private static let rowLimit = 3

    private var allColumns: Schema { metadata.schema.columns }

    /// Rows of a file that `number` chooses; nil of an empty table.
    private func someRows(_ number: Int) async throws -> Found? {
        guard metadata.schema.identifier == metadata.currentSchemaIdentifier,
            let current = metadata.current
        else { return nil }
        let scan = try await scan(current)
        let files = scan.dataFiles
        if files.isEmpty { return nil }
        let file = files[number % files.count]
        let deletions = try await deletions(of: scan, from: [file])
        guard
            let rows = try await rows(of: file.file, without: deletions, as: allColumns).first
        else { return nil }
        let start = number % rows.positions.count
        let end = min(rows.positions.count, start + Self.rowLimit)
        return Found(
            scan: scan, path: file.file.path, partition: file.file.partitionKey,
            partitionColumns: Set(file.identityValues.keys), batch: rows.batch.slice(start..<end),
            positions: Array(rows.positions[start..<end]))
    }

    private func write(_ rows: [Row], _ partition: PartitionKey?) async throws -> DataFile {
        var writer = try ParquetWriter(schema: ParquetSchema(allColumns))
        try writer.append(RecordBatch(schema: allColumns, rows: rows))
        let file = writer.finish()
        let path = newPath("data", "-foreign.parquet")
        try await write(file.bytes, at: path)
        var described = DataFile(file, content: .data, path: path)
        described.partitionKey = partition
        return described
    }

    /// Appends copies of a few rows, or, of every second act, rows of keys of its own, which stand
    /// nowhere in the log.
    func foreignAppend(_ number: Int) async throws -> LakeChange? {
        guard let found = try await someRows(number) else { return nil }
        var rows = found.batch.rows
        if number % 2 == 0 {
            let place = allColumns.fields.firstIndex {
                $0.identifier == SystemColumns.offset.identifier
            }
            guard let place else { return nil }
            for position in rows.indices {
                rows[position][place] = .bigint(-1 - Int64(position))
                for key in allColumns.primaryKey
                where !found.partitionColumns.contains(allColumns.fields[key].identifier) {
                    rows[position][key] = rows[position][key].foreign(
                        number, allColumns.fields[key].type)
                }
            }
        }
        var change = LakeChange()
        change.dataFiles = [try await write(rows, found.partition)]
        return change
    }

    func foreignDelete(_ number: Int) async throws -> LakeChange? {
        guard let found = try await someRows(number) else { return nil }
        var change = LakeChange()
        let deletes = found.positions.map { PositionDelete(path: found.path, position: $0) }
        if metadata.formatVersion < 3 {
            change.deleteFiles = try await writeDeletes(deletes)
        } else {
            try await writeDeletes(deletes, of: found.scan, into: &change)
        }
        return change
    }

    /// Deletes rows by their primary keys, or, of a table without, by their places in the log; of
    /// every second act it adds them with other values in the same commit.
    func foreignDeleteByKey(_ number: Int) async throws -> LakeChange? {
        guard let found = try await someRows(number) else { return nil }
        let places = [SystemColumns.bucket.identifier, SystemColumns.offset.identifier]
        let columns =
            allColumns.primaryKey.isEmpty
            ? allColumns.fields.indices.filter { places.contains(allColumns.fields[$0].identifier) }
            : allColumns.primaryKey
        let compared = Schema(fields: columns.map { allColumns.fields[$0] })
        var writer = try ParquetWriter(schema: ParquetSchema(compared))
        try writer.append(
            RecordBatch(
                schema: compared, rows: found.batch.rows.map { row in columns.map { row[$0] } }))
        let file = writer.finish()
        let path = newPath("data", "-foreign-equality.parquet")
        try await write(file.bytes, at: path)
        var described = DataFile(file, content: .equalityDeletes, path: path)
        described.equalityIdentifiers = compared.fields.map(\.identifier)
        described.partitionKey = found.partition
        var change = LakeChange()
        change.deleteFiles = [described]
        if number % 2 == 0 {
            change.dataFiles = [try await write(updated(found, number), found.partition)]
        }
        return change
    }

    func foreignUpdate(_ number: Int) async throws -> LakeChange? {
        guard let found = try await someRows(number),
            var change = try await foreignDelete(number)
        else { return nil }
        change.dataFiles = [try await write(updated(found, number), found.partition)]
        return change
    }

    /// The rows with other values, but for those that say which rows they are.
    private func updated(_ found: Found, _ number: Int) -> [Row] {
        let system = SystemColumns.all.map(\.identifier)
        let own = allColumns.fields.indices.filter { column in
            !allColumns.primaryKey.contains(column)
                && !found.partitionColumns.contains(allColumns.fields[column].identifier)
                && !system.contains(allColumns.fields[column].identifier)
        }
        var rows = found.batch.rows
        for position in rows.indices {
            for column in own {
                rows[position][column] = rows[position][column].foreign(
                    number, allColumns.fields[column].type)
            }
        }
        return rows
    }
}

extension Value {
    /// Another value of the same type; the same where that is not easily said.
    fileprivate func foreign(_ number: Int, _ type: DataType) -> Value {
        switch self {
        case .int(let value): .int(value ^ 0x4000_0000)
        case .bigint(let value): .bigint(value ^ 0x4000_0000_0000)
        case .string(let text):
            // What differs stands at the end: a char(n) has room for n characters.
            if case .char(let length) = type {
                .string(String("of act \(number)".suffix(length)))
            } else {
                .string("\(text) of act \(number)")
            }
        case .boolean(let flag): .boolean(!flag)
        default: self
        }
    }
}
