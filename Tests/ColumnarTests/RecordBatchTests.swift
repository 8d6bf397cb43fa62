import Columnar
import TestSupport
import Testing

@Suite("Record batches")
struct RecordBatchTests {
    @Test("Rows come out as they went in", arguments: 0..<10)
    func rows(seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        let rows = (0..<draws.next(below: 40)).map { _ in draws.row(everyColumn) }
        let batch = try RecordBatch(schema: everyColumn, rows: rows)
        #expect(batch.rowCount == rows.count)
        for (left, right) in zip(batch.rows, rows) {
            #expect(Value.compare(left, right) == .same)
        }
    }

    @Test("A row that does not fit is refused and leaves no trace")
    func refused() throws {
        let schema = Schema(fields: [
            Field(identifier: 1, name: "id", type: .int, isNullable: false),
            Field(identifier: 2, name: "name", type: .string),
        ])
        var builder = RecordBatchBuilder(schema: schema)
        try builder.append([.int(1), .null])
        #expect(throws: ColumnarError.invalidValue(reason: "column id must not be null")) {
            try builder.append([.null, .string("x")])
        }
        #expect(throws: ColumnarError.invalidValue(reason: "column name wants string")) {
            try builder.append([.int(2), .int(2)])
        }
        #expect(throws: ColumnarError.self) { try builder.append([.int(2)]) }
        let batch = builder.finish()
        #expect(batch.rows == [[.int(1), .null]])
        #expect(builder.rowCount == 0)
    }

    @Test("A decimal of too many digits is refused")
    func digits() throws {
        let type = DataType.decimal(precision: 3, scale: 1)
        let schema = Schema(fields: [Field(identifier: 1, name: "price", type: type)])
        let batch = try RecordBatch(schema: schema, rows: [[.decimal(999)], [.decimal(-999)]])
        #expect(batch.rowCount == 2)
        #expect(throws: ColumnarError.self) {
            try RecordBatch(schema: schema, rows: [[.decimal(-1000)]])
        }
        let largest = DataType.decimal(precision: 18, scale: 0)
        #expect(Value.decimal(999_999_999_999_999_999).matches(largest))
        #expect(!Value.decimal(.min).matches(largest))
        let four = [UInt8]([0xE8, 3]) + [UInt8](repeating: 0, count: 14)
        #expect(throws: ColumnarError.self) {
            try ColumnVector(type: type, count: 1, validity: [], offsets: [], data: four)
        }
    }

    @Test("A slice, and batches put together, hold the right rows", arguments: 0..<10)
    func sliceAndConcatenate(seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        let batch = try draws.batch(everyColumn, rowCount: 30)
        let cut = draws.next(below: 31)
        let parts = [batch.slice(0..<cut), batch.slice(cut..<30)]
        #expect(parts[0].rowCount == cut)
        #expect(try RecordBatch.concatenate(parts) == batch)
        #expect(try RecordBatch.concatenate([]) == nil)
        var builder = RecordBatchBuilder(schema: everyColumn)
        for row in 0..<30 { try builder.append(row: row, of: batch) }
        #expect(builder.finish() == batch)
    }

    @Test("Runs of rows come one after the other, with and without nulls", arguments: 0..<20)
    func runs(seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        var batch = try draws.batch(everyColumn, rowCount: 40)
        if seed % 2 == 0 {
            let whole = batch.columns.indices.filter { batch.columns[$0].nullCount == 0 }
            batch = batch.project(whole)
        }
        var runs: [Range<Int>] = []
        var row = 0
        while row < 40 {
            let end = min(40, row + draws.next(below: 4))
            runs.append(row..<end)
            row = end + draws.next(below: 3)
        }
        var builder = RecordBatchBuilder(schema: batch.schema)
        try builder.append(contentsOf: batch, rows: 3..<5)
        try builder.append(contentsOf: batch, runs: runs)
        let expected = [3, 4] + runs.joined()
        let found = builder.finish()
        #expect(found.rowCount == expected.count)
        for (place, row) in expected.enumerated() {
            #expect(Value.compare(found.row(at: place), batch.row(at: row)) == .same)
        }
    }

    @Test("A projection keeps the wanted columns in the wanted order")
    func project() throws {
        var draws = SeededDraws(seed: 1)
        let batch = try draws.batch(everyColumn, rowCount: 5)
        let part = batch.project([3, 0])
        #expect(part.columns == [batch.columns[3], batch.columns[0]])
        #expect(part.schema.fields.map(\.identifier) == [4, 1])
    }

    @Test("Buffers from outside are checked before they are believed")
    func foreignBuffers() {
        #expect(throws: ColumnarError.self) {
            try ColumnVector(
                type: .string, count: 1, validity: [], offsets: [0, 9], data: [0x61])
        }
        #expect(throws: ColumnarError.self) {
            try ColumnVector(
                type: .string, count: 2, validity: [], offsets: [0, 1, 0], data: [0x61])
        }
        #expect(throws: ColumnarError.self) {
            try ColumnVector(
                type: .string, count: 2, validity: [], offsets: [0, 1, 2], data: [0xC3, 0xA9])
        }
        #expect(throws: ColumnarError.self) {
            try ColumnVector(
                type: .bigint, count: 2, validity: [], offsets: [],
                data: [UInt8](repeating: 0, count: 15))
        }
        #expect(throws: ColumnarError.self) {
            try ColumnVector(
                type: .decimal(precision: 9, scale: 2), count: 1, validity: [], offsets: [],
                data: [UInt8](repeating: 0, count: 15) + [1])
        }
    }
}
