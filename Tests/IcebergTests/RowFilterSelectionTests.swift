import Columnar
import Platform
import Simulation
import Testing

@testable import Iceberg

@Suite("Filters of whole batches")
struct RowFilterSelectionTests {
    private static let schema = Schema(
        fields: [
            Field(identifier: 1, name: "small", type: .smallint),
            Field(identifier: 2, name: "number", type: .int),
            Field(identifier: 3, name: "big", type: .bigint),
            Field(identifier: 4, name: "share", type: .double),
            Field(identifier: 5, name: "text", type: .string),
            Field(identifier: 6, name: "moment", type: .timestamp(precision: 6)),
            Field(identifier: 7, name: "day", type: .date),
        ])

    private static func value(of column: Int32, _ random: RandomStream) -> Value {
        let number = random.next(in: 0..<9) - 4
        switch column {
        case 1: return .smallint(Int16(number))
        case 2: return .int(number == 4 ? .max : Int32(number))
        case 3: return .bigint(number == -4 ? .min : Int64(number))
        case 4: return .double([-0.0, 0, .nan, -.infinity, 1.5][(number + 4) % 5])
        case 5: return .string(["", "a", "b", "ö"][(number + 4) % 4])
        case 6: return .timestamp(Int64(number) * 1_000_000)
        default: return .date(Int32(number))
        }
    }

    private static func condition(_ random: RandomStream, _ depth: Int) -> RowFilter.Condition {
        let column = Int32(random.next(in: 1..<8))
        func parts() -> [RowFilter.Condition] {
            (0..<random.next(in: 0..<4)).map { _ in condition(random, depth - 1) }
        }
        switch random.next(in: 0..<(depth > 0 ? 7 : 4)) {
        case 0: return .isNull(column: column)
        case 1:
            return .isIn(
                column: column, (0..<random.next(in: 0..<3)).map { _ in value(of: column, random) })
        case 4: return .and(parts())
        case 5: return .or(parts())
        case 6: return .not(condition(random, depth - 1))
        default:
            let operators: [RowFilter.Operator] = [
                .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
            ]
            let compared = random.chance(1, in: 9) ? Value.null : value(of: column, random)
            return .comparison(
                RowFilter.Comparison(
                    column: column, operators[random.next(in: 0..<6)], compared))
        }
    }

    @Test("A batch's selection is what each row by itself comes to", arguments: 1...40)
    func equality(seed: Int) throws {
        let random = RandomStream(seed: UInt64(seed), label: "filters")
        let rows = (0..<random.next(in: 0..<60)).map { _ in
            Self.schema.fields.map { field in
                random.chance(1, in: 5) ? .null : Self.value(of: field.identifier, random)
            }
        }
        let batch = try RecordBatch(schema: Self.schema, rows: rows)
        for _ in 0..<40 {
            let filter = RowFilter(
                (0..<random.next(in: 0..<3)).map { _ in Self.condition(random, 3) })
            try filter.validate(Self.schema)
            #expect(
                filter.selection(of: batch)
                    == rows.indices.map { filter.passes(batch, row: $0) }, "\(filter)")
        }
    }
}
