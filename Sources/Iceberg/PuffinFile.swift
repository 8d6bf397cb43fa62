import Columnar
import JSON

/// A file of blobs (Puffin spec): here only those of deletion vectors, none compressed.
///
///     PFA1, the blobs, PFA1, a footer of JSON, i32 LE its length, 4 bytes of flags, PFA1
struct PuffinFile {
    private static let magic: [UInt8] = Array("PFA1".utf8)

    /// Where in the file a blob is.
    struct Blob: Hashable {
        var offset: Int64
        var byteCount: Int64
    }

    private var writer = ByteWriter()
    private var blobs: [JSONValue] = []

    init() { writer.append(Self.magic) }

    /// Adds the deletion vector of a data file.
    mutating func append(_ vector: DeletionVector, of dataFile: String) -> Blob {
        let bytes = vector.encoded
        let blob = Blob(offset: Int64(writer.count), byteCount: Int64(bytes.count))
        writer.append(bytes)
        // Whoever commits it chooses snapshot and sequence number: the spec wants -1 here.
        blobs.append([
            "type": "deletion-vector-v1", "fields": [], "snapshot-id": -1, "sequence-number": -1,
            "offset": .integer(blob.offset), "length": .integer(blob.byteCount),
            "properties": [
                "referenced-data-file": .string(dataFile),
                "cardinality": .string("\(vector.positions.count)"),
            ],
        ])
        return blob
    }

    /// The whole file.
    consuming func finish() -> [UInt8] {
        var writer = self.writer
        let footer: JSONValue = [
            "blobs": .array(blobs), "properties": ["created-by": "wavetank"],
        ]
        let bytes = Array(footer.compact.utf8)
        writer.append(Self.magic)
        writer.append(bytes)
        writer.append(littleEndian: Int32(bytes.count))
        writer.append(zeros: 4)
        writer.append(Self.magic)
        return writer.bytes
    }
}
