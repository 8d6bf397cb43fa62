import Columnar
import JSON
import Platform
import Simulation
import Testing

@testable import Avro

/// A schema of every type, with a named type that repeats.
private let everything = AvroSchema.record(
    name: "everything",
    fields: [
        AvroField("null", .null), AvroField("boolean", .boolean), AvroField("int", .int, 3),
        AvroField("long", .long), AvroField("float", .float), AvroField("double", .double),
        AvroField("bytes", .bytes), AvroField("string", .string),
        AvroField("fixed", .fixed(name: "four", byteCount: 4)),
        AvroField("optional", .optional(.long), 9),
        AvroField("day", .logical(.int, "date")),
        AvroField("list", .array(.string, elementIdentifier: 11, isMap: false)),
        AvroField(
            "pairs",
            .array(
                .record(
                    name: "pair", fields: [AvroField("key", .int), AvroField("value", .bytes)]),
                elementIdentifier: nil, isMap: true)),
        AvroField("map", .map(.double)),
    ])

private func randomRecord(_ random: RandomStream) -> AvroValue {
    func bytes() -> [UInt8] {
        (0..<random.next(in: 0..<6)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
    func text() -> String { String(decoding: bytes(), as: UTF8.self) }
    func long() -> Int64 {
        Int64(bitPattern: random.next()) >> Int64(random.next(in: 0..<64))
    }
    return .record([
        .null, .boolean(random.chance(1, in: 2)), .int(Int32(truncatingIfNeeded: long())),
        .long(long()), .float(Float(long())), .double(Double(long()) / 3), .bytes(bytes()),
        .string(text()), .bytes([1, 2, 3, UInt8(truncatingIfNeeded: random.next())]),
        random.chance(1, in: 2) ? .null : .long(long()),
        .int(Int32(truncatingIfNeeded: random.next())),
        .array((0..<random.next(in: 0..<4)).map { _ in .string(text()) }),
        .array((0..<random.next(in: 0..<4)).map { .record([.int(Int32($0)), .bytes(bytes())]) }),
        .map((0..<random.next(in: 0..<4)).map { AvroMapEntry(key: "k\($0)", value: .double(1)) }),
    ])
}

private let sync = [UInt8](0..<16)

@Suite("Avro")
struct AvroTests {
    @Test("Records of every type come back", arguments: 1...20 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        let random = RandomStream(seed: seed, label: "records")
        let records = (0..<random.next(in: 0..<20)).map { _ in randomRecord(random) }
        let file = AvroFile(
            schema: everything, metadata: [("format-version", "2")], records: records)
        let back = try AvroFile(decoding: try file.encoded(syncMarker: sync))
        #expect(back == file)
        #expect(back.text(of: "format-version") == "2")
        #expect(back.text(of: "missing") == nil)
    }

    @Test("A schema comes back from its JSON, ids and all")
    func schemas() throws {
        #expect(try AvroSchema(json: try JSONValue(parsing: everything.json.compact)) == everything)
    }

    @Test("Zigzag numbers take the bytes that the specification gives")
    func zigZag() throws {
        let cases: [(Int64, [UInt8])] = [
            (0, [0]), (-1, [1]), (1, [2]), (-64, [0x7F]), (64, [0x80, 1]), (8192, [0x80, 0x80, 1]),
            (.max, [0xFE] + [UInt8](repeating: 0xFF, count: 8) + [1]),
            (.min, [UInt8](repeating: 0xFF, count: 9) + [1]),
        ]
        for (number, bytes) in cases {
            var writer = ByteWriter()
            try AvroSchema.long.encode(.long(number), to: &writer)
            #expect(writer.bytes == bytes)
            var reader = ByteReader(bytes)
            #expect(try AvroSchema.long.decode(from: &reader) == .long(number))
        }
        var tooLarge = ByteReader([0x80, 0x80, 0x80, 0x80, 0x10])
        #expect(throws: AvroError.self) { try AvroSchema.int.decode(from: &tooLarge) }
        var endless = ByteReader([UInt8](repeating: 0xFF, count: 20))
        #expect(throws: AvroError.self) { try AvroSchema.long.decode(from: &endless) }
    }

    @Test("A value of another schema is refused by its path")
    func mismatch() throws {
        var writer = ByteWriter()
        let schema = AvroSchema.record(
            name: "r",
            fields: [AvroField("list", .array(.int, elementIdentifier: nil, isMap: false))])
        #expect(throws: AvroError.mismatch(path: "value.list[]", expected: "int")) {
            try schema.encode(.record([.array([.string("1")])]), to: &writer)
        }
        #expect(throws: AvroError.mismatch(path: "value", expected: "of any branch")) {
            try AvroSchema.optional(.long).encode(.int(1), to: &writer)
        }
    }

    @Test("Arrays in several blocks, with and without sizes, are read")
    func blocks() throws {
        let schema = AvroSchema.array(.int, elementIdentifier: nil, isMap: false)
        // Two elements, then one in a block that gives its size, then the end.
        var reader = ByteReader([4, 2, 4, 1, 2, 6, 0])
        #expect(try schema.decode(from: &reader) == .array([.int(1), .int(2), .int(3)]))
        #expect(reader.isAtEnd)
    }

    @Test("A name that repeats is resolved, in its namespace or by its full name")
    func names() throws {
        func field(_ type: String) throws -> AvroSchema {
            let text = """
                {"type": "record", "name": "outer", "namespace": "a.b", "fields": [
                    {"name": "x", "type": {"type": "fixed", "name": "id", "size": 2}},
                    {"name": "y", "type": \(type)}]}
                """
            guard
                case .record(_, let fields) = try AvroSchema(json: try JSONValue(parsing: text))
            else { return .null }
            return fields[1].schema
        }
        let fixed = AvroSchema.fixed(name: "id", byteCount: 2)
        #expect(try field("\"id\"") == fixed)
        #expect(try field("\"a.b.id\"") == fixed)
        #expect(try field("[\"null\", \"id\"]") == .optional(fixed))
        #expect(throws: AvroError.unsupported(reason: "a type named b.id")) {
            try field("\"b.id\"")
        }
        #expect(throws: AvroError.unsupported(reason: "a type named enum")) {
            try field("{\"type\": \"enum\", \"name\": \"e\", \"symbols\": []}")
        }
    }

    @Test("Schemas without sense, too deep, or small but of endless size are refused")
    func badSchemas() throws {
        func parse(_ text: String) throws { _ = try AvroSchema(json: try JSONValue(parsing: text)) }
        let bad = [
            "1", "{}", "\"nothing\"", "{\"type\": \"array\"}", "{\"type\": \"map\"}",
            "{\"type\": \"fixed\", \"name\": \"f\", \"size\": 0}", "{\"type\": \"record\"}",
            "{\"type\": \"record\", \"name\": \"r\", \"fields\": [{\"name\": \"f\"}]}",
        ]
        for text in bad { #expect(throws: AvroError.self, "\(text)") { try parse(text) } }
        let deep = String(repeating: "{\"type\":\"array\",\"items\":", count: 60)
        #expect(throws: AvroError.self) {
            try parse(deep + "\"int\"" + String(repeating: "}", count: 60))
        }
        // Each type uses the one before twice: forty of them stand for a trillion.
        var text = "{\"type\": \"record\", \"name\": \"r0\", \"fields\": []}"
        for number in 1...40 {
            text = """
                {"type": "record", "name": "r\(number)", "fields": [
                {"name": "a", "type": \(text)}, {"name": "b", "type": "r\(number - 1)"}]}
                """
        }
        #expect(throws: AvroError.self) { try parse(text) }
    }

    @Test("A few bytes cannot ask for elements without end")
    func bombs() throws {
        let schema = AvroSchema.array(.null, elementIdentifier: nil, isMap: false)
        var writer = ByteWriter()
        writer.append(zigZag: 1 << 27)
        writer.append(byte: 0)
        var reader = ByteReader(writer.bytes)
        #expect(throws: AvroError.self) { try schema.decode(from: &reader) }
        var longs = ByteReader(writer.bytes)
        let other = AvroSchema.array(.long, elementIdentifier: nil, isMap: false)
        #expect(throws: AvroError.self) { try other.decode(from: &longs) }
    }
}

@Suite("Avro files of strangers, and damaged ones")
struct AvroFileTests {
    @Test("A file that fastavro wrote is read", arguments: GoldenFile.allCases)
    func golden(file: GoldenFile) throws {
        let read = try AvroFile(decoding: file.bytes)
        #expect(read.text(of: "format-version") == "2")
        #expect(read.records.count == 3)
        for (number, record) in read.records.enumerated() {
            let values = record.record!
            let small = UInt8(number)
            #expect(values[0] == .int(Int32(number - 1)))
            #expect(values[1] == (number % 2 == 1 ? .null : .long((1 << 62) + Int64(number))))
            #expect(values[2] == .string("s3://\u{fc}n\u{ef}/\(number)"))
            #expect(values[3] == .double(Double(number) / 3))
            #expect(values[4] == .float(Float(number) / 2))
            #expect(values[5] == .boolean(number % 2 == 0))
            #expect(values[6] == (number == 0 ? .null : .bytes([small, 255])))
            #expect(values[7] == .bytes([small, small, small, small]))
            #expect(values[8] == .bytes(Array("abcd".utf8)))
            #expect(
                values[9]
                    == .array(
                        (0..<number).map {
                            .record([
                                .int(Int32($0)), .bytes([UInt8](repeating: UInt8($0), count: 3)),
                            ])
                        }))
            #expect(
                values[10]
                    == .map([
                        AvroMapEntry(key: "a", value: .long(-Int64(number))),
                        AvroMapEntry(key: "b", value: .long(Int64(number) << 40)),
                    ]))
            #expect(values[11] == (number < 2 ? .null : .record([.int(7), .bytes([])])))
            #expect(values[12] == .int(20_000 + Int32(number)))
        }
        guard case .record(_, let fields) = read.schema else { return }
        #expect(fields[1].identifier == 1)
        #expect(fields[12].schema == .logical(.int, "date"))
    }

    @Test(
        "Cut short anywhere but between blocks, a file is refused", arguments: GoldenFile.allCases)
    func truncation(file: GoldenFile) throws {
        let bytes = file.bytes
        var accepted: [Int] = []
        for count in 0..<bytes.count {
            do {
                _ = try AvroFile(decoding: Array(bytes[..<count]))
                accepted.append(count)
            } catch {}
        }
        // Only the header, which is a file of no records, stands for itself.
        #expect(accepted.count == 1)
        let end = Array(bytes[..<(accepted.first ?? 0)].suffix(16))
        #expect(end == Array("0123456789abcdef".utf8))
    }

    @Test("Damage at any byte is refused or read, never a crash", arguments: GoldenFile.allCases)
    func damage(file: GoldenFile) throws {
        let bytes = file.bytes
        let random = RandomStream(seed: 1, label: "damage")
        var refusals = 0
        for position in bytes.indices {
            for mask in [1, 0x80, UInt8(random.next(in: 1..<256))] {
                var bad = bytes
                bad[position] ^= mask
                do { _ = try AvroFile(decoding: bad) } catch { refusals += 1 }
            }
        }
        #expect(refusals > bytes.count)
    }

    @Test("A block that ends with another marker is refused")
    func marker() throws {
        var bytes = GoldenFile.null.bytes
        bytes[bytes.count - 1] ^= 1
        #expect(throws: AvroError.malformed(reason: "a wrong sync marker", position: bytes.count)) {
            try AvroFile(decoding: bytes)
        }
    }
}
