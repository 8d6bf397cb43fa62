import Columnar
import JSON

/// An Avro object container file: a schema, metadata, and blocks of records.
public struct AvroFile: Hashable, Sendable {
    public var schema: AvroSchema
    /// Header entries other than Avro's own, in order.
    public var metadata: [AvroMapEntry]
    public var records: [AvroValue]

    static let magic: [UInt8] = [0x4F, 0x62, 0x6A, 0x01]
    private static let byteLimit = 512 * 1024 * 1024

    public init(schema: AvroSchema, metadata: [(String, String)], records: [AvroValue]) {
        self.schema = schema
        self.metadata = metadata.map { AvroMapEntry(key: $0.0, value: .bytes(Array($0.1.utf8))) }
        self.records = records
    }

    /// The text of a header entry.
    public func text(of key: String) -> String? {
        metadata.first { $0.key == key }?.value.bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The file, uncompressed, in one block; `syncMarker` has 16 bytes and should be random.
    public func encoded(syncMarker: [UInt8]) throws(AvroError) -> [UInt8] {
        precondition(syncMarker.count == 16, "a sync marker has 16 bytes")
        var header = [
            AvroMapEntry(key: "avro.schema", value: .bytes(Array(schema.json.compact.utf8))),
            AvroMapEntry(key: "avro.codec", value: .bytes(Array("null".utf8))),
        ]
        header += metadata
        var writer = ByteWriter()
        writer.append(Self.magic)
        try AvroSchema.map(.bytes).encode(.map(header), to: &writer)
        writer.append(syncMarker)
        if !records.isEmpty {
            var block = ByteWriter()
            for record in records { try schema.encode(record, to: &block) }
            writer.append(zigZag: Int64(records.count))
            writer.append(zigZag: Int64(block.count))
            writer.append(block.bytes)
            writer.append(syncMarker)
        }
        return writer.bytes
    }

    /// Reads a whole file of the codecs null and deflate.
    public init(decoding bytes: [UInt8]) throws(AvroError) {
        var reader = ByteReader(bytes)
        do {
            guard try reader.readBytes(4) == Self.magic else {
                throw AvroError.malformed(reason: "no Avro file", position: 0)
            }
            guard case .map(let header) = try AvroSchema.map(.bytes).decode(from: &reader) else {
                throw AvroError.malformed(reason: "no header", position: 4)
            }
            let sync = try reader.readBytes(16)
            var codec = "null"
            var schemaText: [UInt8]?
            metadata = []
            for entry in header {
                switch entry.key {
                case "avro.schema": schemaText = entry.value.bytes
                case "avro.codec": codec = String(decoding: entry.value.bytes ?? [], as: UTF8.self)
                default: metadata.append(entry)
                }
            }
            guard let schemaText else {
                throw AvroError.malformed(reason: "no schema in the header", position: 4)
            }
            guard codec == "null" || codec == "deflate" else {
                throw AvroError.unsupported(reason: "codec \(codec)")
            }
            schema = try AvroSchema(json: try JSONValue(parsing: schemaText))
            records = []
            // One bound for all blocks: each could be a small piece of a large bomb.
            var room = Self.byteLimit
            while !reader.isAtEnd {
                try readBlock(&reader, sync, isCompressed: codec == "deflate", &room)
            }
        } catch let error as AvroError {
            throw error
        } catch {
            throw .malformed(reason: "\(error)", position: reader.position)
        }
    }

    private mutating func readBlock(
        _ reader: inout ByteReader, _ sync: [UInt8], isCompressed: Bool, _ room: inout Int
    ) throws {
        let position = reader.position
        let count = try reader.readZigZag()
        let size = try reader.readZigZag()
        guard count >= 0, count < 1 << 32, size >= 0, size <= reader.remaining else {
            throw AvroError.malformed(reason: "a block of \(size) bytes", position: position)
        }
        var content = try reader.readBytes(Int(size))
        if isCompressed { content = try Compression.decompressDeflate(content[...], limit: room) }
        room -= content.count
        guard count * Int64(max(1, schema.leastByteCount)) <= content.count else {
            throw AvroError.malformed(reason: "\(count) records in a block", position: position)
        }
        var block = ByteReader(content)
        for _ in 0..<count { records.append(try schema.decode(from: &block)) }
        guard block.isAtEnd else {
            throw AvroError.malformed(
                reason: "\(block.remaining) bytes after a block's records", position: position)
        }
        guard try reader.readBytes(16) == sync else {
            throw AvroError.malformed(reason: "a wrong sync marker", position: reader.position)
        }
    }
}
