import Columnar
import TestSupport
import Testing

@Suite("Keys and rows as bytes")
struct RowTests {
    @Test("The order of key bytes is the order of keys", arguments: 0..<40)
    func keyOrder(seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        for type in everyScalarType {
            let codec = KeyCodec(types: [type, .string])
            for _ in 0..<20 {
                let left = [draws.value(type), draws.value(.string)]
                let right = [
                    draws.next(below: 3) == 0 ? left[0] : draws.value(type), draws.value(.string),
                ]
                let leftBytes = try codec.encode(left)
                let rightBytes = try codec.encode(right)
                let bytes: Ordering =
                    leftBytes == rightBytes
                    ? .same
                    : (leftBytes.lexicographicallyPrecedes(rightBytes) ? .ascending : .descending)
                #expect(Value.compare(left, right) == bytes, "\(left) \(right)")
                #expect(try Value.compare(codec.decode(leftBytes), left) == .same)
            }
        }
    }

    @Test("A part of a key is a prefix of the key, and ends where the next begins")
    func keyPrefix() throws {
        let codec = KeyCodec(types: [.string, .bigint])
        let prefix = try codec.encode([.string("a")])
        let key = try codec.encode([.string("a"), .bigint(-1)])
        #expect(key.starts(with: prefix))
        #expect(try codec.decode(prefix) == [.string("a")])
        let other = try codec.encode([.string("a\u{0}"), .bigint(-1)])
        #expect(!other.starts(with: prefix))
        let end = try #require(KeyCodec.end(ofPrefix: prefix))
        #expect(key.lexicographicallyPrecedes(end))
        #expect(!other.lexicographicallyPrecedes(end))
        #expect(KeyCodec.end(ofPrefix: [0xFF, 0xFF]) == nil)
        #expect(KeyCodec.end(ofPrefix: [1, 0xFF]) == [2])
    }

    @Test("A key of the wrong type, of a null or of too many columns is refused")
    func wrongKeys() {
        let codec = KeyCodec(types: [.int])
        #expect(throws: ColumnarError.self) { try codec.encode([.bigint(1)]) }
        #expect(throws: ColumnarError.self) { try codec.encode([.null]) }
        #expect(throws: ColumnarError.self) { try codec.encode([.int(1), .int(1)]) }
        #expect(throws: ColumnarError.self) { try codec.decode([1, 2, 3, 4, 5]) }
    }

    @Test("Null is first, NaN last, and minus zero before zero")
    func order() {
        let values: [Value] = [
            .null, .double(-.infinity), .double(-1), .double(-0.0), .double(0),
            .double(.leastNonzeroMagnitude), .double(.infinity), .double(.nan),
        ]
        for (left, right) in zip(values, values.dropFirst()) {
            #expect(Value.compare(left, right) == .ascending)
            #expect(Value.compare(right, left) == .descending)
        }
        #expect(Value.compare(.double(.nan), .double(-.nan)) == .same)
        #expect(Value.compare([.int(1)], [.int(1), .int(0)]) == .ascending)
    }

    @Test("A row comes back as it was", arguments: 0..<40)
    func rowRoundTrip(seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        let codec = RowCodec(schema: everyColumn)
        let row = draws.row(everyColumn)
        let bytes = try codec.encode(row)
        #expect(try RowCodec.schemaIdentifier(of: bytes) == 7)
        #expect(try Value.compare(codec.decode(bytes), row) == .same)
    }

    @Test("The bytes of a row are as documented")
    func rowLayout() throws {
        let schema = Schema(
            identifier: 3,
            fields: [
                Field(identifier: 1, name: "id", type: .bigint),
                Field(identifier: 2, name: "gone", type: .int),
                Field(identifier: 3, name: "name", type: .string),
            ])
        let bytes = try RowCodec(schema: schema).encode([.bigint(300), .null, .string("hi")])
        #expect(bytes == [3, 0, 0b010, 0xAC, 2, 2, 0x68, 0x69])
    }

    @Test("An older row is read under a newer schema by field identifiers")
    func evolution() throws {
        let old = Schema(
            identifier: 0,
            fields: [
                Field(identifier: 1, name: "id", type: .int, isNullable: false),
                Field(identifier: 2, name: "dropped", type: .string),
                Field(identifier: 3, name: "renamed", type: .float),
            ])
        let new = Schema(
            identifier: 1,
            fields: [
                Field(identifier: 4, name: "added", type: .string),
                Field(identifier: 3, name: "new name", type: .double),
                Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
            ])
        let bytes = try RowCodec(schema: old).encode([.int(5), .string("x"), .float(0.5)])
        let row = try RowCodec(schema: new).decode(bytes, writer: old)
        #expect(row == [.null, .double(0.5), .bigint(5)])
        #expect(throws: ColumnarError.self) { try RowCodec(schema: new).decode(bytes) }
        #expect(throws: ColumnarError.self) {
            try RowCodec(schema: old).decode(
                RowCodec(schema: new).encode([.null, .null, .bigint(5)]), writer: new)
        }
    }

    @Test("Damaged keys and rows are an error or other values, never a crash", arguments: 0..<300)
    func damaged(seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        let rows = RowCodec(schema: everyColumn)
        let damagedRow = draws.damage(try rows.encode(draws.row(everyColumn)))
        if let row = try? rows.decode(damagedRow) { try everyColumn.validate(row) }
        let keys = KeyCodec(types: everyScalarType)
        let damagedKey = draws.damage(try keys.encode(everyScalarType.map { draws.value($0) }))
        if let key = try? keys.decode(damagedKey) { #expect(key.count <= everyScalarType.count) }
    }
}
