import Changelog
import Columnar
import Iceberg
import KeyValue
import Platform
import Simulation
import TestSupport
import Testing
import LakeTiering

@testable import UnionRead

let warehouse = LakeLocation(prefix: "s3://warehouse/")

@Suite("Union reads")
struct UnionReadTests {
    @Test(
        "The head is what the log comes to, whatever part of it is in the lake",
        arguments: 1...8 as ClosedRange<UInt64>)
    func head(seed: UInt64) throws {
        let compared = try inWorld(seed: seed) { machine, world in
            let table = try await LoggedTable(machine, isKeyed: seed % 2 == 0, bucketCount: 3)
            let random = RandomStream(seed: seed, label: "changes")
            let tiering = TableTiering(machine, table.table, epoch: 1, in: warehouse, from: table)
            let reader = UnionReader(machine, in: warehouse, log: table)
            var compared = 0
            for _ in 0..<20 {
                for _ in 0..<random.next(in: 0..<6) { try table.write(random) }
                if random.chance(1, in: 3) { _ = try await tiering.round() }
                let request = ReadRequest.drawn(random, table.table.schema)
                let answer = try await reader.read(table.table, request)
                #expect(answer.offsets == table.highWatermarks)
                let all = try await table.rows(upTo: answer.offsets)
                #expect(answer.rows == request.select(all, table.table.schema))
                compared += all.count
            }
            return compared
        }
        #expect(compared > 500)
    }

    @Test("A snapshot is the table as it was", arguments: [true, false])
    func timeTravel(isKeyed: Bool) throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: isKeyed)
            let random = RandomStream(seed: 9, label: "changes")
            let tiering = TableTiering(machine, table.table, epoch: 1, in: warehouse, from: table)
            let reader = UnionReader(machine, in: warehouse, log: table)
            var commits: [LakeCommit] = []
            for _ in 0..<10 {
                for _ in 0..<5 { try table.write(random) }
                commits.append(try #require(try await tiering.round()))
            }
            for commit in commits {
                let answer = try await reader.read(table.table, at: .snapshot(commit.snapshot))
                #expect(answer.offsets == commit.to && answer.logRecordCount == 0)
                #expect(answer.rows == (try await table.rows(upTo: commit.to)))
            }
            await #expect(throws: IcebergError.self) {
                try await reader.read(table.table, at: .snapshot(5))
            }
        }
    }

    @Test("Rows come with their places, in their order")
    func order() throws {
        try inWorld { machine, world in
            let random = RandomStream(seed: 6, label: "changes")
            for isKeyed in [true, false] {
                let table = try await LoggedTable(machine, isKeyed: isKeyed)
                let tiering = TableTiering(
                    machine, table.table, epoch: 1, in: warehouse, from: table)
                let reader = UnionReader(machine, in: warehouse, log: table)
                for round in 0..<6 {
                    for _ in 0..<6 { try table.write(random) }
                    if round < 5 { _ = try await tiering.round() }
                }
                let answer = try await reader.read(
                    table.table, ReadRequest(columns: [3], includesSystemColumns: true))
                #expect(answer.lakeRowCount > 0 && answer.logRecordCount > 0)
                let system = answer.rows.map { Array($0.suffix(3)) }
                #expect(
                    system.map { [$0[0], $0[1]] }
                        == answer.positions.map { [.int($0.bucket), .bigint($0.offset)] })
                #expect(answer.batches.allSatisfy { $0.schema.fields.count == 4 })
                if isKeyed {
                    let keys = answer.rowsByKey.map(\.key)
                    let pairs = zip(keys, keys.dropFirst())
                    #expect(pairs.allSatisfy { $0.lexicographicallyPrecedes($1) })
                } else {
                    let places = answer.rowsByPosition.map {
                        ($0.position.bucket, $0.position.offset)
                    }
                    #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 })
                }
            }
        }
    }

    @Test("A filter leaves out files of which the bounds tell that no row passes")
    func pruning() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: false)
            let random = RandomStream(seed: 6, label: "changes")
            let tiering = TableTiering(machine, table.table, epoch: 1, in: warehouse, from: table)
            let reader = UnionReader(machine, in: warehouse, log: table)
            for _ in 0..<10 {
                for _ in 0..<4 { try table.write(random) }
                _ = try await tiering.round()
            }
            let all = try await reader.read(table.table)
            let filter = RowFilter([.init(column: 1, .lessOrEqual, .bigint(20))])
            let before = world.objects.counters.gets
            let few = try await reader.read(table.table, ReadRequest(filter: filter))
            let between = world.objects.counters.gets
            _ = try await reader.read(table.table)
            #expect(between - before < world.objects.counters.gets - between - 8)
            #expect(few.rowCount == 20)
            #expect(few.lakeRowCount < all.lakeRowCount / 2)
        }
    }

    @Test("A log that seems to end before the lake does is not read as if it did")
    func lakeAhead() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: true)
            let random = RandomStream(seed: 6, label: "changes")
            for _ in 0..<9 { try table.write(random) }
            _ = try await TableTiering(machine, table.table, epoch: 1, in: warehouse, from: table)
                .round()
            let end = table.highWatermarks[1]
            table.pretend(end - 1, of: 1)
            let reader = UnionReader(machine, in: warehouse, log: table)
            let error = await #expect(throws: UnionReadError.self) {
                try await reader.read(table.table)
            }
            #expect(
                error
                    == .lakeAhead(
                        table: "shelves", bucket: LakeBucket(bucket: 1), lakeEnd: end,
                        highWatermark: end - 1))
        }
    }

    @Test("A log that contradicts the lake is not answered")
    func contradiction() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: true)
            let row = table.row(1, RandomStream(seed: 1, label: "row"))
            let record = try RecordBatch(schema: table.table.schema, rows: [row])
            try table.append(.changes(record, [.insert]), to: 0)
            _ = try await TableTiering(machine, table.table, epoch: 1, in: warehouse, from: table)
                .round()
            try table.append(.changes(record, [.insert]), to: 0)
            let reader = UnionReader(machine, in: warehouse, log: table)
            await #expect(throws: UnionReadError.self) { try await reader.read(table.table) }
        }
    }
}

extension ReadRequest {
    /// Some columns, and up to two conditions of values that occur.
    static func drawn(_ random: RandomStream, _ schema: Schema) -> ReadRequest {
        var request = ReadRequest()
        if random.chance(1, in: 2) {
            request.columns = schema.fields.indices.filter { _ in random.chance(1, in: 2) }
        }
        for _ in 0..<random.next(in: 0..<3) {
            request.filter.conditions.append(.drawn(random, depth: 0))
        }
        return request
    }

    /// What the request makes of all rows, told plainly.
    func select(_ rows: [Row], _ schema: Schema) -> [Row] {
        rows.filter { row in filter.conditions.allSatisfy { $0.told(of: row) == true } }
            .map { row in (columns ?? Array(schema.fields.indices)).map { row[$0] } }
    }
}

extension RowFilter.Condition {
    fileprivate static func drawn(_ random: RandomStream, depth: Int) -> Self {
        let number = Int64(random.next(in: 0..<1000))
        let choices: [(Int32, Value)] = [
            (1, .bigint(number % 150)), (2, .string("key \(number % 7)")),
            (4, .int(Int32(number))), (5, .float(Float(number) / 8)),
            (8, .date(Int32(number) - 500)), (11, .decimal(Int128(number) * 7919 - 3_000_000)),
            (13, .string("text \(number % 13)")),
        ]
        let (column, value) = choices[random.next(in: 0..<choices.count)]
        func parts() -> [Self] {
            (0..<random.next(in: 1..<4)).map { _ in drawn(random, depth: depth + 1) }
        }
        switch random.next(in: 0..<(depth < 2 ? 9 : 5)) {
        case 0: return .isNull(column: column)
        case 1: return .isIn(column: column, choices.filter { $0.0 == column }.map(\.1))
        case 5: return .and(parts())
        case 6, 7: return .or(parts())
        case 8: return .not(drawn(random, depth: depth + 1))
        default:
            let operators: [RowFilter.Operator] = [
                .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
            ]
            return .comparison(
                .init(column: column, operators[random.next(in: 0..<operators.count)], value))
        }
    }

    /// Whether it is true of a row, nil if nobody knows.
    fileprivate func told(of row: Row) -> Bool? {
        switch self {
        case .isNull(let column): return row[Int(column) - 1] == .null
        case .isIn(let column, let values):
            let value = row[Int(column) - 1]
            return value == .null ? nil : values.contains(value)
        case .and(let parts):
            let all = parts.map { $0.told(of: row) }
            return all.contains(false) ? false : all.contains(nil) ? nil : true
        case .or(let parts):
            let all = parts.map { $0.told(of: row) }
            return all.contains(true) ? true : all.contains(nil) ? nil : false
        case .not(let part): return part.told(of: row).map { !$0 }
        case .comparison(let comparison):
            let value = row[Int(comparison.column) - 1]
            if value == .null { return nil }
            let ordering = Value.compare(value, comparison.value)
            switch comparison.comparator {
            case .equal: return ordering == .same
            case .notEqual: return ordering != .same
            case .less: return ordering == .ascending
            case .lessOrEqual: return ordering == .ascending || ordering == .same
            case .greater: return ordering == .descending
            case .greaterOrEqual: return ordering == .descending || ordering == .same
            }
        }
    }
}
