import Columnar
import TestSupport
import Testing

@Suite("Arrow IPC")
struct ArrowTests {
    static let compressions: [Compression] = [.none, .lz4Frame, .zstd]

    @Test("A batch comes back from its message", arguments: 0..<10 as Range<UInt64>, compressions)
    func roundTrip(seed: UInt64, compression: Compression) throws {
        var draws = SeededDraws(seed: seed)
        let batch = try draws.batch(everyColumn, rowCount: draws.next(below: 50))
        let message = ArrowMessage.encode(batch, compression: compression)
        #expect(message.count % 8 == 0)
        #expect(try ArrowMessage.decode(message, schema: everyColumn) == batch)
        let framed = [1, 2, 3] + message + [4]
        let range = 3..<3 + message.count
        #expect(try ArrowMessage.decode(framed, range: range, schema: everyColumn) == batch)
    }

    @Test("A projected message holds the wanted columns", arguments: compressions)
    func project(compression: Compression) throws {
        var draws = SeededDraws(seed: 2)
        let batch = try draws.batch(everyColumn, rowCount: 50)
        let message = ArrowMessage.encode(batch, compression: compression)
        let columns = [23, 0, 11, 22]
        let part = try ArrowMessage.project(message, schema: everyColumn, columns: columns)
        #expect(part.count < message.count)
        let expected = batch.project(columns)
        #expect(try ArrowMessage.decode(part, schema: expected.schema) == expected)
    }

    @Test("A stream comes back with its schema", arguments: compressions)
    func stream(compression: Compression) throws {
        var draws = SeededDraws(seed: 4)
        let batches = try [5, 0, 20].map { try draws.batch(everyColumn, rowCount: $0) }
        var writer = ArrowStreamWriter(schema: everyColumn, compression: compression)
        for batch in batches { writer.append(batch) }
        var reader = try ArrowStreamReader(writer.finish())
        #expect(reader.schema.fields == everyColumn.fields)
        for batch in batches { #expect(try reader.next()?.columns == batch.columns) }
        #expect(try reader.next() == nil)
        #expect(try reader.next() == nil)
    }

    static let goldenSchema = Schema(fields: [
        Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
        Field(identifier: 2, name: "name", type: .string),
        Field(identifier: 3, name: "price", type: .decimal(precision: 9, scale: 2)),
        Field(identifier: 4, name: "point", type: .vector(dimension: 2)),
    ])

    static let goldenRows: [Row] = [
        [.bigint(1), .string("a"), .decimal(150), .vector([1, 2])],
        [.bigint(2), .null, .decimal(-1), .vector([3, 4])],
        [.bigint(3), .string("wave"), .null, .null],
    ]

    @Test("A message of pyarrow is read")
    func golden() throws {
        // RecordBatch.serialize() of pyarrow 25.0.1, uncompressed.
        let message = bytes(
            """
            ffffffff4801000014000000000000000c0016000600050008000c000c0000000003040018000000
            980000000000000000000a0018000c00040008000a000000bc000000100000000300000000000000
            000000000a0000000000000000000000000000000000000000000000000000001800000000000000
            18000000000000000100000000000000200000000000000010000000000000003000000000000000
            05000000000000003800000000000000010000000000000040000000000000003000000000000000
            70000000000000000100000000000000780000000000000001000000000000008000000000000000
            18000000000000000000000005000000030000000000000000000000000000000300000000000000
            01000000000000000300000000000000010000000000000003000000000000000100000000000000
            06000000000000000200000000000000010000000000000002000000000000000300000000000000
            05000000000000000000000001000000010000000500000061776176650000000300000000000000
            96000000000000000000000000000000ffffffffffffffffffffffffffffffff0000000000000000
            000000000000000003000000000000000f000000000000000000803f000000400000404000008040
            0000000000000000
            """)
        let batch = try ArrowMessage.decode(message, schema: Self.goldenSchema)
        #expect(batch.rows == Self.goldenRows)
    }

    @Test("The bytes of a message stay as pyarrow was seen to read them")
    func ownBytes() throws {
        let batch = try RecordBatch(schema: Self.goldenSchema, rows: Self.goldenRows)
        let message = ArrowMessage.encode(batch)
        #expect(crc32c(message) == 0xDDB7_752B)
    }

    @Test("A nullable answer to a schema without nulls is refused")
    func unexpectedNulls() throws {
        let nullable = Schema(fields: [Field(identifier: 1, name: "a", type: .int)])
        let required = Schema(fields: [
            Field(identifier: 1, name: "a", type: .int, isNullable: false)
        ])
        let message = ArrowMessage.encode(try RecordBatch(schema: nullable, rows: [[.null]]))
        #expect(throws: ColumnarError.self) {
            try ArrowMessage.decode(message, schema: required)
        }
        #expect(throws: ColumnarError.self) {
            try ArrowMessage.decode(message, schema: Schema(fields: []))
        }
    }

    @Test("Damaged messages are an error or other rows, never a crash", arguments: 0..<400)
    func damaged(seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        let compression = Self.compressions[draws.next(below: 3)]
        let batch = try draws.batch(everyColumn, rowCount: 9)
        let message = draws.damage(ArrowMessage.encode(batch, compression: compression))
        if let other = try? ArrowMessage.decode(
            message, schema: everyColumn, byteLimit: 100_000)
        {
            for row in other.rows { try everyColumn.validate(row) }
        }
        _ = try? ArrowMessage.project(message, schema: everyColumn, columns: [1, 12, 23])

        var writer = ArrowStreamWriter(schema: everyColumn, compression: compression)
        writer.append(batch)
        let stream = draws.damage(writer.finish())
        if var reader = try? ArrowStreamReader(stream, byteLimit: 100_000) {
            while let other = try? reader.next() { #expect(other.rows.count == other.rowCount) }
        }
    }
}
