import Columnar
import Parquet
import Platform
import TestSupport
import Testing

@testable import Iceberg

@Suite("Equality deletes")
struct EqualityDeleteTests {
    /// Writes a file that deletes rows by some columns, as Flink does.
    private static func deletes(
        _ table: LakeTable, by identifiers: [Int32], _ rows: [Row]
    ) async throws -> DataFile {
        let fields = identifiers.map { wanted in
            shelfSchema.fields.first { $0.identifier == wanted }!
        }
        let schema = Schema(fields: fields)
        var writer = try ParquetWriter(schema: ParquetSchema(schema))
        try writer.append(try RecordBatch(schema: schema, rows: rows))
        let file = writer.finish()
        let path = table.newPath("data", "-equality.parquet")
        try await table.write(file.bytes, at: path)
        var described = DataFile(file, content: .equalityDeletes, path: path)
        described.equalityIdentifiers = identifiers
        return described
    }

    @Test("They delete what was there before them, and nothing that came with or after them")
    func scope() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            _ = try await table.add(0..<10, label: "a", on: machine)
            _ = try await table.add(10..<20, label: "b", on: machine)
            var change = LakeChange()
            change.dataFiles = [try await table.file(3..<5)]
            change.deleteFiles = [
                try await Self.deletes(
                    table, by: [1], [[.bigint(3)], [.bigint(12)], [.bigint(15)], [.bigint(99)]])
            ]
            _ = try await table.commit(change, on: machine) { _ in }
            _ = try await table.add(12..<13, label: "c", on: machine)
            let left = (Array(0..<20 as Range<Int64>) + [4]).filter { ![15].contains($0) }
            #expect(try await table.numbers() == left.sorted())
            let scan = try await table.scan(try #require(table.metadata.current))
            let compaction = try #require(
                try await table.compaction(of: scan.dataFiles, in: scan))
            #expect(compaction.removedFiles.count == scan.dataFiles.count + 1)
            _ = try await table.commit(compaction, on: machine) { _ in }
            #expect(try await table.numbers() == left.sorted())
            let after = try await table.scan(try #require(table.metadata.current))
            #expect(after.dataFiles.count == 1 && after.deleteFiles.isEmpty)
        }
    }

    @Test("Null equals null, and several columns are compared together")
    func nulls() throws {
        try inWorld { machine, world in
            let table = try await openShelf(machine)
            _ = try await table.add(0..<10, label: "a", on: machine)
            var change = LakeChange()
            change.deleteFiles = [
                try await Self.deletes(table, by: [2], [[.null]]),
                try await Self.deletes(
                    table, by: [1, 2],
                    [[.bigint(1), .string("text 1")], [.bigint(2), .string("text 3")]]),
            ]
            _ = try await table.commit(change, on: machine) { _ in }
            // Each fourth text is null.
            #expect(try await table.numbers() == [2, 3, 5, 6, 7, 9])
        }
    }
}
