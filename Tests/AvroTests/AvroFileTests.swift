import Avro
import Testing

@Suite("Avro files")
struct AvroFileTests {
    private static let schema = AvroSchema.record(
        name: "entry",
        fields: [
            AvroField("flag", .boolean, 1), AvroField("small", .int, 2),
            AvroField("large", .long, 3), AvroField("text", .optional(.string), 4),
            AvroField("raw", .bytes, 5),
            AvroField("list", .array(.long, elementIdentifier: 7, isMap: false), 6),
        ])

    private static let records: [AvroValue] = [
        .record([
            .boolean(true), .int(.min), .long(.max), .string("é"), .bytes([0, 255]),
            .array([.long(-1), .long(63), .long(64)]),
        ]),
        .record([.boolean(false), .int(.max), .long(.min), .null, .bytes([]), .array([])]),
    ]

    private static let marker = (0..<16).map { UInt8($0) }

    private static func file() throws -> [UInt8] {
        try AvroFile(schema: schema, metadata: [("format-version", "2")], records: records)
            .encoded(syncMarker: marker)
    }

    @Test("What is written is read back, with schema and metadata")
    func roundTrip() throws {
        let read = try AvroFile(decoding: Self.file())
        #expect(read.records == Self.records)
        #expect(read.schema == Self.schema)
        #expect(read.text(of: "format-version") == "2")
        #expect(read.text(of: "nothing") == nil)
    }

    @Test("The same file is the same bytes")
    func isDeterministic() throws {
        #expect(try Self.file() == Self.file())
    }

    @Test("A file cut anywhere is refused")
    func truncated() throws {
        let bytes = try Self.file()
        for count in 0..<bytes.count where count < bytes.count {
            let read = try? AvroFile(decoding: Array(bytes[..<count]))
            // A file may end after its header: then it has no records.
            if let read { #expect(read.records.isEmpty, "cut at \(count)") }
        }
    }

    @Test("A spoilt byte is read as another value or refused, and never traps")
    func spoilt() throws {
        let bytes = try Self.file()
        var refused = 0
        for position in bytes.indices {
            for change in [0x01, 0x80, 0xFF] as [UInt8] {
                var spoilt = bytes
                spoilt[position] ^= change
                do { _ = try AvroFile(decoding: spoilt) } catch { refused += 1 }
            }
        }
        #expect(refused > bytes.count)
    }

    @Test("The marker between blocks must be the header's")
    func marker() throws {
        var bytes = try Self.file()
        bytes[bytes.count - 1] ^= 1
        #expect(throws: AvroError.self) { try AvroFile(decoding: bytes) }
    }
}
