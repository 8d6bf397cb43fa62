import Columnar
import Testing

@testable import Workloads

@Suite("What merge engines come to")
struct MergeModelTests {
    /// One table for each way to merge.
    enum Table: CaseIterable {
        case lastRows, keptRows, firstRows, versions, totals

        var definition: TableDefinition {
            let pairs: [(String, String)] =
                switch self {
                case .lastRows: []
                case .keptRows: [("table.delete.behavior", "ignore")]
                case .firstRows: [("table.merge-engine", "first_row")]
                case .versions:
                    [
                        ("table.merge-engine", "versioned"),
                        ("table.merge-engine.versioned.ver-column", "version"),
                    ]
                case .totals:
                    [
                        ("table.merge-engine", "aggregation"), ("fields.amount.agg", "sum"),
                        ("fields.version.agg", "max"), ("fields.note.agg", "listagg"),
                        ("fields.flag.agg", "bool_or"),
                    ]
                }
            return TableDefinition(
                name: "\(self)", schema: MergeModelTests.schema, bucketKey: [0],
                properties: pairs.map { TableDefinition.Property(name: $0.0, value: $0.1) },
                hasPartialUpdates: true)
        }
    }

    static let schema = Schema(
        fields: [
            Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
            Field(identifier: 2, name: "amount", type: .bigint),
            Field(identifier: 3, name: "version", type: .int),
            Field(identifier: 4, name: "note", type: .string),
            Field(identifier: 5, name: "flag", type: .boolean),
        ], primaryKey: [0])

    private let key: [Value] = [.bigint(1)]

    private func row(
        _ amount: Int64?, _ version: Int32?, _ note: String?, _ flag: Bool? = nil
    ) -> Row {
        [
            .bigint(1), amount.map { .bigint($0) } ?? .null, version.map { .int($0) } ?? .null,
            note.map { .string($0) } ?? .null, flag.map { .boolean($0) } ?? .null,
        ]
    }

    /// What is wrong with `found` after these changes of one key were acknowledged.
    private func violations(
        _ table: Table, _ changes: [Change.Kind], found: Row?
    ) throws -> [String] {
        let model = try #require(MergeModel(table.definition))
        for (number, change) in changes.enumerated() {
            try model.learned(change, under: Self.schema, number: number, .acknowledged)
        }
        let encoded = try KeyCodec(primaryKeyOf: Self.schema).encode(key)
        var violations: [String] = []
        let compared = model.check(
            rows: found.map { [encoded: $0] } ?? [:], under: Self.schema
        ) { violations.append($0) }
        #expect(compared == 1)
        return violations
    }

    @Test("Each engine keeps what Fluss says it keeps")
    func engines() throws {
        let first = row(1, 5, "a", false)
        let second = row(2, 4, "b", true)
        let both: [Change.Kind] = [.upsert(first), .upsert(second)]
        #expect(try violations(.lastRows, both, found: second).isEmpty)
        #expect(try violations(.firstRows, both, found: first).isEmpty)
        #expect(try violations(.versions, both, found: first).isEmpty)
        #expect(try violations(.totals, both, found: row(3, 5, "a,b", true)).isEmpty)
        let update = Change.Kind.update(row(9, nil, nil), columns: [0, 1, 3])
        let partial = [.upsert(first), update]
        #expect(try violations(.lastRows, partial, found: row(9, 5, nil, false)).isEmpty)
        let deleted = both + [.delete(key: key)]
        #expect(try violations(.lastRows, deleted, found: nil).isEmpty)
        #expect(try violations(.keptRows, deleted, found: second).isEmpty)
        #expect(try violations(.versions, deleted, found: first).isEmpty)
    }

    @Test("Another row than that is seen")
    func violations() throws {
        let changes: [Change.Kind] = [.upsert(row(1, 5, "a")), .upsert(row(2, 4, "b"))]
        for table in Table.allCases {
            #expect(try violations(table, changes, found: row(7, 7, "c")).count == 1)
            #expect(try violations(table, changes, found: nil).count == 1)
        }
    }

    @Test("A key of unknown outcome is not compared")
    func unknown() throws {
        let model = try #require(MergeModel(Table.lastRows.definition))
        try model.learned(.upsert(row(1, 1, "a")), under: Self.schema, number: 0, .unknown)
        #expect(model.check(rows: [:], under: Self.schema) { Issue.record("\($0)") } == 0)
    }

    @Test("A key that is inserted unless it is there has nothing else, and changes no row")
    func insertIfAbsent() throws {
        let insert = Change.Kind.insertIfAbsent(key: key)
        #expect(try violations(.lastRows, [insert], found: row(nil, nil, nil)).isEmpty)
        let first = row(1, 5, "a")
        #expect(try violations(.lastRows, [.upsert(first), insert], found: first).isEmpty)
        #expect(try violations(.lastRows, [.upsert(first), insert], found: nil).count == 1)
    }

    @Test("A row is what was written, whatever its columns are called by now and where they are")
    func evolution() throws {
        var fields = Self.schema.fields
        fields[1].name = "total"
        fields[2].type = .bigint
        fields.swapAt(3, 4)
        fields.remove(at: 3)
        fields.append(Field(identifier: 6, name: "flag", type: .boolean))
        let later = Schema(identifier: 1, fields: fields, primaryKey: [0])
        let model = try #require(MergeModel(Table.lastRows.definition))
        try model.learned(
            .upsert(row(7, 5, "a", true)), under: Self.schema, number: 0, .acknowledged)
        let encoded = try KeyCodec(primaryKeyOf: later).encode(key)
        func flaws(_ row: Row) -> Int {
            var count = 0
            _ = model.check(rows: [encoded: row], under: later) { _ in count += 1 }
            return count
        }
        let good: Row = [.bigint(1), .bigint(7), .bigint(5), .string("a"), .null]
        #expect(flaws(good) == 0)
        for position in 1..<good.count {
            var bad = good
            bad[position] =
                position < 3 ? .null : position == 3 ? .string("b") : .boolean(true)
            #expect(flaws(bad) == 1)
        }
    }

    @Test("A writer that has not heard of a wider column merges into it")
    func formerWriter() throws {
        var fields = Self.schema.fields
        fields[2].type = .bigint
        let later = Schema(identifier: 1, fields: fields, primaryKey: [0])
        let model = try #require(MergeModel(Table.totals.definition))
        let large: Row = [.bigint(1), .bigint(7), .bigint(1 << 40), .string("a"), .null]
        try model.learned(.upsert(large), under: later, number: 0, .acknowledged)
        try model.learned(.upsert(row(1, 5, "b")), under: Self.schema, number: 1, .acknowledged)
        let encoded = try KeyCodec(primaryKeyOf: later).encode(key)
        let merged: Row = [.bigint(1), .bigint(8), .bigint(1 << 40), .string("a,b"), .null]
        var violations: [String] = []
        let compared = model.check(rows: [encoded: merged], under: later) { violations.append($0) }
        #expect(compared == 1 && violations.isEmpty, "\(violations)")
    }

    @Test("A number that two rows have, or that a row loses, is seen")
    func numbering() throws {
        var table = Table.lastRows.definition
        table.autoIncrementColumn = 1
        func flaws(_ changes: [(Int64, Int64?, NumberedRows.Change)]) throws -> Int {
            let model = try #require(MergeModel(table))
            for (key, number, change) in changes {
                var row = row(number, nil, nil)
                row[0] = .bigint(key)
                try model.committed(row, under: Self.schema, change)
            }
            var count = 0
            _ = model.check(rows: [:], under: Self.schema) { _ in count += 1 }
            return count
        }
        #expect(try flaws([(1, 1, .written), (2, 2, .written), (1, 1, .written)]) == 0)
        #expect(try flaws([(1, 1, .written), (2, 1, .written)]) == 1)
        #expect(try flaws([(1, 1, .written), (1, 2, .written)]) == 1)
        #expect(try flaws([(1, nil, .written)]) == 1)
        // Also of a row that is gone no number comes again.
        #expect(try flaws([(1, 1, .written), (1, 1, .deleted), (1, 1, .written)]) == 1)
    }
}
