import Columnar
import Parquet
import Platform
import Simulation

@testable import Iceberg

let warehouse = LakeLocation(prefix: "s3://warehouse/")
let shelfName = LakeTableName(namespace: "tests", name: "shelf")
let shelfSchema = Schema(
    fields: [
        Field(identifier: 1, name: "number", type: .bigint, isNullable: false),
        Field(identifier: 2, name: "text", type: .string),
    ], primaryKey: [0])

/// The table that the tests commit to.
func openShelf(_ machine: Machine) async throws -> LakeTable {
    try await LakeTable.openOrCreate(
        machine, shelfName, in: warehouse, schema: IcebergSchema(shelfSchema),
        properties: [("purpose", "tests")])
}

extension LakeTable {
    /// Writes a data file of some numbers.
    func file(_ numbers: Range<Int64>) async throws -> DataFile {
        var writer = try ParquetWriter(schema: ParquetSchema(shelfSchema))
        let rows = numbers.map { [Value.bigint($0), $0 % 4 == 0 ? .null : .string("text \($0)")] }
        try writer.append(try RecordBatch(schema: shelfSchema, rows: rows))
        let file = writer.finish()
        let path = newPath("data", ".parquet")
        try await write(file.bytes, at: path)
        return DataFile(file, content: .data, path: path)
    }

    /// Commits a file of some numbers under a label in the summary.
    func add(
        _ numbers: Range<Int64>, label: String, on machine: Machine,
        validate: (TableMetadata) throws -> Void = { _ in }
    ) async throws -> Snapshot {
        var change = LakeChange()
        change.dataFiles = [try await file(numbers)]
        change.summary = [Snapshot.SummaryEntry("label", label)]
        change.properties = [("label", label)]
        return try await commit(change, on: machine, validate: validate)!
    }

    /// All numbers of the current snapshot, sorted.
    func numbers() async throws -> [Int64] {
        guard let current = metadata.current else { return [] }
        let scan = try await scan(current)
        let deletions = try await deletions(of: scan)
        var found: [Int64] = []
        for data in scan.dataFiles {
            for rows in try await rows(of: data.file, without: deletions, as: shelfSchema) {
                for row in 0..<rows.batch.rowCount {
                    found.append(rows.batch.columns[0].int64(at: row))
                }
            }
        }
        return found.sorted()
    }

    /// The labels of all snapshots from the current one back.
    var labels: [String] {
        var found: [String] = []
        var next = metadata.current
        while let snapshot = next {
            found.append(snapshot.summary("label") ?? "")
            next = snapshot.parent.flatMap(metadata.snapshot)
        }
        return found
    }
}
