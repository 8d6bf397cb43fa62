import Columnar
import Testing

@testable import KeyValue

@Suite("Merge engines")
struct RowMergerTests {
    private func merger(
        _ engine: MergeEngine, _ deletes: DeleteBehavior? = nil, _ schema: Schema = accounts
    ) throws -> RowMerger {
        try RowMerger(
            schema: schema, engine: engine,
            deleteBehavior: deletes ?? engine.defaultDeleteBehavior)
    }

    @Test("The last row wins, of a partial update its columns")
    func lastRow() throws {
        let merger = try merger(.lastRow)
        let old = account(1, "a", 5)
        #expect(try merger.upsert(old, account(1, nil, 6), columns: nil) == account(1, nil, 6))
        #expect(try merger.upsert(old, account(1, "x", 6), columns: [0, 2]) == account(1, "a", 6))
        #expect(try merger.upsert(nil, account(1, "x", 6), columns: [0, 2]) == account(1, nil, 6))
        guard case .gone = merger.delete(old, columns: nil) else {
            Issue.record("a deleted row stays")
            return
        }
        guard case .row(account(1, "a", nil)) = merger.delete(old, columns: [0, 2]) else {
            Issue.record("a partial deletion takes the wrong columns")
            return
        }
        guard case .gone = merger.delete(account(1, nil, 5), columns: [0, 2]) else {
            Issue.record("a row of nothing but nulls stays")
            return
        }
        #expect(throws: KeyValueError.self) { try merger.check(targetColumns: [1]) }
    }

    @Test("The first row stays")
    func firstRow() throws {
        let merger = try merger(.firstRow)
        #expect(try merger.upsert(nil, account(1, "a", 5), columns: nil) == account(1, "a", 5))
        #expect(try merger.upsert(account(1, "a", 5), account(1, "b", 6), columns: nil) == nil)
        guard case .unchanged = merger.delete(account(1, "a", 5), columns: nil) else {
            Issue.record("a deletion is not ignored")
            return
        }
        #expect(throws: KeyValueError.self) { try self.merger(.firstRow, .allow) }
        #expect(throws: KeyValueError.self) { try merger.check(targetColumns: [0, 1]) }
    }

    @Test("The largest version wins, of equal ones the last, and none is no version")
    func versioned() throws {
        let merger = try merger(.versioned(column: 2))
        let old = account(1, "a", 5)
        #expect(try merger.upsert(old, account(1, "b", 4), columns: nil) == nil)
        #expect(try merger.upsert(old, account(1, "b", 5), columns: nil) == account(1, "b", 5))
        #expect(try merger.upsert(old, account(1, "b", 6), columns: nil) == account(1, "b", 6))
        #expect(try merger.upsert(old, account(1, "b", nil), columns: nil) == nil)
        #expect(
            try merger.upsert(account(1, "a", nil), account(1, "b", 1), columns: nil)
                == account(1, "b", 1))
        #expect(throws: KeyValueError.self) { try self.merger(.versioned(column: 1)) }
    }

    private struct Case: CustomStringConvertible {
        var function: AggregateFunction
        var type: DataType
        var old: Value
        var new: Value
        var merged: Value
        var description: String { "\(function) of \(old), \(new)" }
    }

    @Test("Each aggregate function does what its name says")
    func aggregates() throws {
        let cases: [Case] = [
            Case(function: .sum, type: .int, old: .int(2), new: .int(-5), merged: .int(-3)),
            Case(function: .sum, type: .bigint, old: .null, new: .bigint(4), merged: .bigint(4)),
            Case(function: .sum, type: .bigint, old: .bigint(4), new: .null, merged: .bigint(4)),
            Case(
                function: .sum, type: .double, old: .double(0.5), new: .double(1),
                merged: .double(1.5)),
            Case(
                function: .sum, type: .decimal(precision: 5, scale: 2), old: .decimal(150),
                new: .decimal(-50), merged: .decimal(100)),
            Case(
                function: .product, type: .decimal(precision: 9, scale: 2), old: .decimal(150),
                new: .decimal(-150), merged: .decimal(-225)),
            Case(
                function: .product, type: .decimal(precision: 9, scale: 1), old: .decimal(5),
                new: .decimal(3), merged: .decimal(2)),
            Case(
                function: .product, type: .bigint, old: .bigint(6), new: .bigint(7),
                merged: .bigint(42)),
            Case(function: .maximum, type: .date, old: .date(3), new: .date(2), merged: .date(3)),
            Case(
                function: .minimum, type: .string, old: .string("b"), new: .string("a"),
                merged: .string("a")),
            Case(function: .lastValue, type: .int, old: .int(1), new: .null, merged: .null),
            Case(
                function: .lastValueIgnoringNulls, type: .int, old: .int(1), new: .null,
                merged: .int(1)),
            Case(function: .firstValue, type: .int, old: .null, new: .int(2), merged: .null),
            Case(
                function: .firstValueIgnoringNulls, type: .int, old: .null, new: .int(2),
                merged: .int(2)),
            Case(
                function: .list(delimiter: ", "), type: .string, old: .string("a"),
                new: .string("b"), merged: .string("a, b")),
            Case(
                function: .and, type: .boolean, old: .boolean(true), new: .boolean(false),
                merged: .boolean(false)),
            Case(
                function: .or, type: .boolean, old: .boolean(true), new: .boolean(false),
                merged: .boolean(true)),
        ]
        for each in cases {
            #expect(each.function.accepts(each.type))
            #expect(
                try each.function.merge(each.old, each.new, each.type) == each.merged, "\(each)")
        }
    }

    @Test("A sum or product that does not fit is refused, never wrapped")
    func overflow() throws {
        #expect(throws: KeyValueError.self) {
            try AggregateFunction.sum.merge(.int(.max), .int(1), .int)
        }
        #expect(throws: KeyValueError.self) {
            try AggregateFunction.product.merge(.bigint(.min), .bigint(-1), .bigint)
        }
        let decimal = DataType.decimal(precision: 3, scale: 0)
        #expect(throws: KeyValueError.self) {
            try AggregateFunction.sum.merge(.decimal(999), .decimal(1), decimal)
        }
        let wide = DataType.decimal(precision: 18, scale: 0)
        #expect(throws: KeyValueError.self) {
            try AggregateFunction.product.merge(
                .decimal(999_999_999_999_999_999), .decimal(999_999_999_999_999_999), wide)
        }
    }

    @Test("Sets of numbers are united, and what is no set is refused before it stands in the way")
    func bitmaps() throws {
        let union = AggregateFunction.bitmapUnion
        #expect(union.accepts(.bytes) && !union.accepts(.string))
        let sets = [[1, 70_000], [2, 70_000], [1, 2, 70_000]] as [[UInt32]]
        let values = sets.map { Value.bytes(RoaringBitmap($0).encoded) }
        #expect(try union.merge(values[0], values[1], .bytes) == values[2])
        #expect(try union.merge(.null, values[1], .bytes) == values[1])
        #expect(try union.merge(values[0], .null, .bytes) == values[0])
        let schema = Schema(
            fields: [
                Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
                Field(identifier: 2, name: "visitors", type: .bytes),
            ], primaryKey: [0])
        let merger = try merger(.aggregate([1: union]), nil, schema)
        let bad: Row = [.bigint(1), .bytes([1, 2, 3])]
        for old in [nil, [.bigint(1), .null], [.bigint(1), values[0]]] as [Row?] {
            #expect(throws: KeyValueError.self) { try merger.upsert(old, bad, columns: nil) }
        }
    }

    @Test("Columns aggregate each by its own, the key never, untold ones keep the last value")
    func aggregateRows() throws {
        let merger = try merger(.aggregate([2: .sum]))
        let old = account(1, "a", 5)
        #expect(try merger.upsert(old, account(1, nil, 6), columns: nil) == account(1, "a", 11))
        #expect(try merger.upsert(old, account(1, "b", 6), columns: [0, 1]) == account(1, "b", 5))
        #expect(throws: KeyValueError.self) { try self.merger(.aggregate([1: .sum])) }
    }
}
