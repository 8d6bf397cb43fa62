import Columnar
import TestSupport
import Testing

@Suite("Types and schemas")
struct TypeTests {
    @Test("A type is read from the text that it is written as", arguments: everyType)
    func text(type: DataType) throws {
        let schema = Schema(fields: [Field(identifier: 1, name: "a", type: type)])
        let read = try #require(DataType("\(type)"))
        // The text has no identifiers; a schema gives both the same.
        #expect(Schema(fields: [Field(identifier: 1, name: "a", type: read)]) == schema)
        #expect(DataType("\(type)".uppercased())?.storage == type.storage)
    }

    @Test("Texts that say no type, or one beyond the limits, are none")
    func wrongTexts() {
        let texts = [
            "", "whole", "int(3)x", "decimal(39, 0)", "decimal(5, 6)", "decimal(0, 0)", "time(10)",
            "timestamp(99999999999999999999)", "char(0)", "vector", "vector(0)", "array<int",
            "map<int>", "map<array<int>, int>", "row<>", "row<a int, a int>", "int not null",
            String(repeating: "array<", count: 20) + "int" + String(repeating: ">", count: 20),
        ]
        for text in texts { #expect(DataType(text) == nil, "\(text)") }
        #expect(DataType("decimal") == .decimal(precision: 10, scale: 0))
        #expect(DataType("timestamp") == .timestamp(precision: 6))
        #expect(DataType("map<string, int not null>") != DataType("map<string, int>"))
    }

    @Test("A schema comes back from its bytes, and damaged ones are refused", arguments: 0..<200)
    func coding(seed: UInt64) throws {
        var writer = ByteWriter()
        everyColumn.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try Schema(from: &reader) == everyColumn)
        #expect(reader.isAtEnd)
        var draws = SeededDraws(seed: seed)
        var damaged = ByteReader(draws.damage(writer.bytes))
        // Whatever comes out was held against the limits, so that it can be used.
        if let schema = try? Schema(from: &damaged) {
            _ = RecordBatchBuilder(schema: schema)
            for field in schema.fields { #expect("\(field.type)" != "") }
        }
    }

    @Test("Every nested field has an identifier of its own, which later ones do not take")
    func identifiers() throws {
        var seen: Set<Int32> = []
        func collect(_ fields: [Field]) {
            for field in fields {
                #expect(field.identifier > 0 && seen.insert(field.identifier).inserted)
                if case .vector(_, let element) = field.type {
                    #expect(seen.insert(element).inserted)
                }
                collect(field.type.children)
            }
        }
        collect(everyColumn.fields)
        #expect(seen.max() == everyColumn.highestFieldIdentifier)
        let older = Schema(
            fields: [Field(identifier: 1, name: "a", type: .int)], highestFieldIdentifier: 7)
        let wider = Schema(
            fields: older.fields + [Field(identifier: 8, name: "b", type: .array(ArrayType(.int)))],
            highestFieldIdentifier: older.highestFieldIdentifier)
        #expect(wider.fields[1].type.children[0].identifier == 9)
    }

    @Test("What contradicts itself is refused at the door")
    func refused() {
        func field(_ identifier: Int32, _ name: String, _ type: DataType) -> Field {
            Field(identifier: identifier, name: name, type: type, isNullable: false)
        }
        let cases: [([Field], [Int])] = [
            ([field(1, "a", .int), field(1, "b", .int)], []),
            ([field(1, "a", .int), field(2, "a", .int)], []),
            ([field(0, "a", .int)], []), ([field(1, "a", .int)], [1]),
            ([field(1, "a", .int)], [0, 0]),
            ([Field(identifier: 1, name: "a", type: .int)], [0]),
            ([field(1, "a", .array(ArrayType(.int)))], [0]),
            ([field(1, "a", .array(ArrayType(.int, identifier: 1)))], []),
            ([field(1, "a", .decimal(precision: 255, scale: 0))], []),
            ([field(1, "a", .timestamp(precision: 10))], []),
            ([field(1, "a", .vector(dimension: .max))], []),
            ([field(1, "a", .array(ArrayType(.time(precision: -1))))], []),
        ]
        for (fields, key) in cases {
            #expect(throws: ColumnarError.self, "\(key)") {
                try Schema(validating: fields, primaryKey: key)
            }
        }
    }

    // MARK: - Evolution

    private static func nested(_ identifier: Int32, _ fields: [Field]) -> Field {
        Field(
            identifier: identifier, name: "lines",
            type: .array(
                ArrayType(
                    .map(
                        MapType(
                            .string, .row(RowType(fields)), keyIdentifier: 21,
                            valueIdentifier: 22)), identifier: 20)))
    }

    @Test("A nested field is found by its identifier under a later schema, in rows and columns")
    func nestedEvolution() throws {
        let old = Schema(
            identifier: 1,
            fields: [
                Self.nested(
                    1,
                    [
                        Field(identifier: 30, name: "a", type: .int),
                        Field(identifier: 31, name: "b", type: .int),
                        Field(identifier: 32, name: "gone", type: .string),
                    ])
            ])
        // Renamed to each other's names, reordered, one widened, one dropped, one added.
        let new = Schema(
            identifier: 2,
            fields: [
                Field(identifier: 40, name: "added", type: .uuid),
                Self.nested(
                    1,
                    [
                        Field(identifier: 33, name: "c", type: .date),
                        Field(identifier: 31, name: "a", type: .bigint),
                        Field(identifier: 30, name: "b", type: .int),
                    ]),
            ])
        let entry = MapEntry(.string("k"), .row([.int(1), .int(2), .string("x")]))
        let empty = MapEntry(.string("l"), .null)
        let rows: [Row] = [
            [.array([.map([entry, empty]), .null])], [.null], [.array([])],
        ]
        let seen = MapEntry(.string("k"), .row([.null, .bigint(2), .int(1)]))
        let expected: [Row] = [
            [.null, .array([.map([seen, empty]), .null])], [.null, .null], [.null, .array([])],
        ]
        let codec = RowCodec(schema: new)
        for (row, wanted) in zip(rows, expected) {
            let bytes = try RowCodec(schema: old).encode(row)
            #expect(try codec.decode(bytes, writer: old) == wanted)
        }
        let evolution = try SchemaEvolution(from: old, to: new)
        let batch = try evolution.batch(RecordBatch(schema: old, rows: rows))
        #expect(batch.rows == expected)
        #expect(batch == (try RecordBatch(schema: new, rows: expected)))
    }

    @Test("Columns and rows evolve alike, and only to types that hold what was written")
    func widening() throws {
        let pairs: [(DataType, DataType)] = [
            (.tinyint, .smallint), (.tinyint, .bigint), (.smallint, .int), (.int, .bigint),
            (.float, .double), (.char(length: 3), .string), (.binary(length: 5), .bytes),
            (.decimal(precision: 9, scale: 2), .decimal(precision: 38, scale: 2)),
            (.decimal(precision: 18, scale: 4), .decimal(precision: 19, scale: 4)),
        ]
        var draws = SeededDraws(seed: 5)
        for (old, new) in pairs {
            let writer = Schema(fields: [Field(identifier: 1, name: "a", type: old)])
            let reader = Schema(
                identifier: 1, fields: [Field(identifier: 1, name: "b", type: new)])
            let batch = try draws.batch(writer, rowCount: 40)
            let evolution = try SchemaEvolution(from: writer, to: reader)
            let rows = try batch.rows.map { try evolution.row($0) }
            let evolved = try evolution.batch(batch)
            #expect(evolved == (try RecordBatch(schema: reader, rows: rows)), "\(old) \(new)")
            for (row, decoded) in zip(batch.rows, rows) {
                let bytes = try RowCodec(schema: writer).encode(row)
                let again = try RowCodec(schema: reader).decode(bytes, writer: writer)
                #expect(Value.compare(again, decoded) == .same)
            }
            #expect(throws: ColumnarError.self, "\(new) to \(old)") {
                try SchemaEvolution(from: reader, to: writer)
            }
        }
    }

    @Test("What a lake has fewer types for comes back from it, or is refused with its value")
    func stored() throws {
        let pairs: [(DataType, Value, DataType, Value)] = [
            (.int, .int(-128), .tinyint, .tinyint(-128)),
            (.string, .string("abc"), .char(length: 3), .string("abc")),
            (.bytes, .bytes([1, 2]), .binary(length: 2), .bytes([1, 2])),
            (
                .timestamp(precision: 6), .timestamp(-5_000_000), .timestamp(precision: 0),
                .timestamp(-5)
            ),
            (.time(precision: 6), .time(7_000), .time(precision: 3), .time(7)),
            (
                .array(ArrayType(.float)), .array([.float(1), .float(2)]), .vector(dimension: 2),
                .vector([1, 2])
            ),
        ]
        let misfits: [Value] = [
            .int(128), .string("abcd"), .bytes([1]), .timestamp(-5_000_001), .time(7_001),
            .array([.float(1)]),
        ]
        for ((old, value, new, wanted), misfit) in zip(pairs, misfits) {
            let file = Schema(fields: [Field(identifier: 1, name: "a", type: old)])
            let table = Schema(fields: [Field(identifier: 1, name: "a", type: new)])
            #expect(throws: ColumnarError.self) { try SchemaEvolution(from: file, to: table) }
            let evolution = try SchemaEvolution(fromStored: file, to: table)
            #expect(try evolution.row([value]) == [wanted])
            #expect(throws: ColumnarError.self, "\(misfit)") { try evolution.row([misfit]) }
        }
    }

    @Test("Rows have the bytes of Fluss's CompactedRow")
    func compactedRow() throws {
        let cases: [(DataType, Value, [UInt8])] = [
            (.tinyint, .tinyint(-1), [0xFF]), (.smallint, .smallint(-2), [0xFE, 0xFF]),
            (.int, .int(3), [3]), (.int, .int(-1), [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
            (.bigint, .bigint(-1), [UInt8](repeating: 0xFF, count: 9) + [1]),
            (.timestamp(precision: 3), .timestamp(300), [0xAC, 2]),
            // One microsecond before the epoch: the millisecond before, and its last microsecond.
            (
                .timestamp(precision: 6), .timestamp(-1),
                [UInt8](repeating: 0xFF, count: 9) + [1, 0xD8, 0xFC, 0x3C]
            ),
            (.decimal(precision: 18, scale: 0), .decimal(300), [0xAC, 2]),
            (.decimal(precision: 19, scale: 0), .decimal(-300), [2, 0xFE, 0xD4]),
            (.binary(length: 2), .bytes([7, 8]), [2, 7, 8]),
        ]
        for (type, value, bytes) in cases {
            let schema = Schema(fields: [Field(identifier: 1, name: "a", type: type)])
            let encoded = try RowCodec(schema: schema).encode([value])
            #expect(encoded == [0, 0, 0] + bytes, "\(type)")
            #expect(try RowCodec(schema: schema).decode(encoded) == [value])
        }
    }
}
