import Changelog
import Columnar
import TestSupport
import Testing

@testable import Cluster

@Suite("Filters of logs that are joined")
struct LogFilterTests {
    private static let table = TableDescription(
        name: "orders",
        schema: Schema(
            fields: [
                Field(identifier: 1, name: "id", type: .int),
                Field(identifier: 2, name: "size", type: .int),
            ]), bucketCount: 1, replicationFactor: 1, bucketKey: [])

    /// A filter of one to three terms, and what it says of a row.
    private func draw(
        _ draws: inout SeededDraws
    ) throws -> (filter: LogFilter, passes: (Row) -> Bool) {
        var filter = LogFilter()
        var tests: [(Row) -> Bool] = []
        for _ in 0..<1 + draws.next(below: 3) {
            let column = draws.next(below: 2)
            let number = Int32(draws.next(below: 11)) - 5
            let all = LogFilter.Comparison.allCases
            let comparison = all[draws.next(below: all.count)]
            let isBare = comparison == .isNull || comparison == .isNotNull
            try filter.add(
                ["id", "size"][column], comparison, isBare ? .null : .int(number), of: Self.table)
            tests.append { Self.holds(comparison, $0[column], number) }
        }
        return (filter, { row in tests.allSatisfy { $0(row) } })
    }

    private static func holds(
        _ comparison: LogFilter.Comparison, _ value: Value, _ number: Int32
    ) -> Bool {
        guard case .int(let value) = value else { return comparison == .isNull }
        return switch comparison {
        case .equal: value == number
        case .less: value < number
        case .lessOrEqual: value <= number
        case .greater: value > number
        case .greaterOrEqual: value >= number
        case .isNull: false
        case .isNotNull: true
        }
    }

    @Test(
        "No batch with a row that one of two wants is left out, and all that neither wants may be",
        arguments: 1...20 as ClosedRange<UInt64>)
    func joined(seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        var leftOut = 0
        for _ in 0..<200 {
            let (first, passesFirst) = try draw(&draws)
            let (second, passesSecond) = try draw(&draws)
            let rows = (0..<1 + draws.next(below: 4)).map { _ -> Row in
                (0..<2).map { _ in
                    draws.next(below: 4) == 0
                        ? .null : .int(Int32(draws.next(below: 13)) - 6)
                }
            }
            var builder = RecordBatchBuilder(schema: Self.table.schema)
            for row in rows { try builder.append(row) }
            let statistics = BatchStatistics(of: builder.finish(), columns: [0, 1])
            func mayHold(_ filter: LogFilter) -> Bool {
                filter.mayHold(statistics, recordCount: rows.count) { _ in true }
            }
            let both = mayHold(first.and(second))
            let either = mayHold(first.or(second))
            if rows.contains(where: { passesFirst($0) && passesSecond($0) }) { #expect(both) }
            if rows.contains(where: { passesFirst($0) || passesSecond($0) }) { #expect(either) }
            #expect(!both || (mayHold(first) && mayHold(second)))
            if !either { leftOut += 1 }
        }
        #expect(leftOut > 0, "no batch was ever left out")
    }

    @Test("Bounds of a column are compared with values of its own type alone")
    func widened() throws {
        let wide = try Self.table.applying([.widenColumn(name: "size", type: .bigint)])
        let narrow = try LogPredicate.column("size", .equal, .int(5)).filter(of: Self.table)
        let later = try LogPredicate.column("size", .equal, .bigint(5)).filter(of: wide)
        let (first, second) = (Self.table.schema.identifier, wide.schema.identifier)
        #expect(Self.table.hasType(of: narrow.terms[0], inSchema: first))
        #expect(wide.hasType(of: later.terms[0], inSchema: second))
        // Who asks knows of a widening, and this server does not; or the other way about.
        #expect(!Self.table.hasType(of: later.terms[0], inSchema: first))
        #expect(!wide.hasType(of: narrow.terms[0], inSchema: second))
        #expect(!wide.hasType(of: narrow.terms[0], inSchema: first))
        let null = try LogPredicate.column("size", .isNull, .null).filter(of: Self.table)
        #expect(wide.hasType(of: null.terms[0], inSchema: second))
    }

    @Test("A predicate is the filter of its comparisons, joined as it joins them")
    func predicates() throws {
        func filter(_ predicate: LogPredicate) throws -> LogFilter {
            try predicate.filter(of: Self.table)
        }
        let (small, large) = (
            LogPredicate.column("size", .less, .int(3)),
            LogPredicate.column("size", .greater, .int(7))
        )
        let id = LogPredicate.column("id", .isNotNull, .null)
        #expect(try filter(.all([small, id])) == filter(small).and(filter(id)))
        #expect(try filter(.any([small, large])) == filter(small).or(filter(large)))
        #expect(
            try filter(.oneOf("id", [.int(1), .int(4)]))
                == filter(
                    .any([.column("id", .equal, .int(1)), .column("id", .equal, .int(4))])))
        #expect(try filter(.all([])) == LogFilter())
        #expect(throws: ClusterError.self) {
            try filter(.any([small, .column("none", .isNull, .null)]))
        }
    }
}
