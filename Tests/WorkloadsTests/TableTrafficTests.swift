import Columnar
import Testing

@testable import Workloads

@Suite("Traffic of any tables")
struct TableTrafficTests {
    @Test("Equal seeds write equal changes, and every table gets some", arguments: [1, 2, 3])
    func seeds(seed: UInt64) {
        let left = TableTraffic(seed: seed, tables: [], drawnCount: 5)
        let right = TableTraffic(seed: seed, tables: [], drawnCount: 5)
        #expect(left.tables == right.tables)
        var counts = [Int](repeating: 0, count: left.tables.count)
        for _ in 0..<1000 {
            let step = left.next(now: 0)
            #expect(step == right.next(now: 0))
            counts[step!.changes[0].table] += 1
        }
        #expect(counts.allSatisfy { $0 > 100 })
    }

    @Test("Drawn rows are of their schemas, of every type", arguments: 1...20)
    func rows(seed: UInt64) throws {
        let traffic = TableTraffic(seed: seed, tables: [], drawnCount: 6)
        var nulls = 0
        for _ in 0..<600 {
            let change = traffic.next(now: 1_795_910_399_999_000)!.changes[0]
            let schema = traffic.tables[change.table].schema
            switch change.kind {
            case .append(let row), .upsert(let row):
                try schema.validate(row)
                nulls += row.count { $0.isNull }
            case .update(let row, let columns):
                #expect(schema.primaryKey.allSatisfy(columns.contains))
                try schema.validate(row)
            case .deletePart(let key, let columns):
                #expect(schema.primaryKey.allSatisfy(columns.contains))
                #expect(key.count == schema.primaryKey.count)
            case .delete(let key), .insertIfAbsent(let key):
                _ = try KeyCodec(primaryKeyOf: schema).encode(key)
                #expect(key.count == schema.primaryKey.count)
            }
        }
        #expect(nulls > 0)
    }

    @Test("Seeds draw every merge engine, partitions, numbers, log tables and tables of the lake")
    func variety() {
        let tables = (1...60).flatMap {
            TableTraffic(seed: $0, tables: [], drawnCount: 4).tables
        }
        #expect(Set(tables.map(\.mergeEngine)).count == 4)
        #expect(tables.contains { !$0.partitionKey.isEmpty && $0.isPrimaryKeyTable })
        #expect(tables.contains { !$0.partitionKey.isEmpty && !$0.isPrimaryKeyTable })
        #expect(tables.contains { $0.autoIncrementColumn != nil })
        #expect(tables.contains { $0.isInLake } && tables.contains { !$0.isInLake })
        #expect(tables.contains { $0.property("table.changelog.image") == "WAL" })
    }

    @Test("Some deletions are of a part of the columns, and none where columns may be dropped")
    func partialDeletions() {
        var whole = 0
        var parts = 0
        for seed in 1...20 as ClosedRange<UInt64> {
            var options = TableTraffic.Options()
            options.tablesLosingColumns = seed % 4 == 0 ? nil : ["drawn_1"]
            let traffic = TableTraffic(seed: seed, tables: [], drawnCount: 4, options)
            for change in (0..<400).flatMap({ _ in traffic.next(now: 0)!.changes }) {
                switch change.kind {
                case .delete: whole += 1
                case .deletePart:
                    parts += 1
                    #expect(traffic.tables[change.table].takesPartialUpdates)
                    #expect(seed % 4 != 0 && traffic.tables[change.table].name != "drawn_1")
                default: break
                }
            }
        }
        #expect(parts > 10 && whole > parts)
    }

    @Test("A table that is not there is not written to, and a former schema only for a while")
    func schemas() {
        let traffic = TableTraffic(seed: 1, tables: [], drawnCount: 1)
        let first = traffic.tables[0].schema
        traffic.learned(nil, of: 0)
        for _ in 0..<100 { #expect(traffic.next(now: 0)!.changes.isEmpty) }
        traffic.learned(first, of: 0)
        var fields = first.fields
        fields.append(Field(identifier: 100, name: "late", type: .int))
        traffic.learned(
            Schema(identifier: 1, fields: fields, primaryKey: first.primaryKey), of: 0)
        let soon = (0..<100).map { _ in traffic.next(now: 0)!.changes[0].schema }
        #expect(Set(soon) == [0, 1])
        for _ in 0..<2000 { _ = traffic.next(now: 0) }
        #expect((0..<100).allSatisfy { _ in traffic.next(now: 0)!.changes[0].schema == 1 })
    }

    @Test("The time of a partition is that of the calendar")
    func times() {
        var table = TableDefinition(
            name: "days",
            schema: Schema(
                fields: [Field(identifier: 1, name: "day", type: .string, isNullable: false)]),
            bucketKey: [])
        table.partitionKey = [0]
        let names = [
            "YEAR": "2026", "QUARTER": "20264", "MONTH": "202611", "DAY": "20261128",
            "HOUR": "2026112823",
        ]
        for unit in names.keys.sorted() {
            table.properties = [
                .init(name: "table.auto-partition.enabled", value: "true"),
                .init(name: "table.auto-partition.time-unit", value: unit),
            ]
            let value = KeyDraw(table).partitionValue(
                0, table.schema.fields[0], now: 1_795_910_399_999_000)
            #expect(value == .string(names[unit]!))
        }
    }
}
