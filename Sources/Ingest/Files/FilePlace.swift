import Columnar
import JSON

/// How far a file has been read, and what it was then.
struct FilePlace {
    /// As many bytes at the file's beginning, and before the place, are known again.
    private static let sampleByteCount: Int64 = 4096

    /// Among the decompressed bytes, where a record begins.
    private(set) var offset: Int64 = 0
    private(set) var line = 1
    /// How many rows of the record at the place are done.
    var doneCount = 0
    private(set) var inode: UInt64 = 0
    /// The checksums of the file's beginning and of the bytes before the place.
    private var sums: (head: UInt32, tail: UInt32) = (0, 0)
    private var stream: ByteStream?

    init() {}

    /// Where the state says that a file goes on.
    init(_ json: JSONValue, _ path: String) throws(IngestError) {
        if json.isNull { return }
        do throws(JSONError) {
            offset = try json.required("offset").integer()
            line = try json.required("line").integer(as: Int.self)
            doneCount = try json.required("done").integer(as: Int.self)
            inode = UInt64(bitPattern: try json.required("inode").integer())
            sums.head = try json.required("head").integer(as: UInt32.self)
            sums.tail = try json.required("tail").integer(as: UInt32.self)
            if offset < 0 || line < 1 || doneCount < 0 {
                throw .wrongType(path: "offset", expected: "a place in a file")
            }
        } catch {
            throw .state(path: path, reason: "the position cannot be understood: \(error)")
        }
    }

    var isBeginning: Bool { offset == 0 && doneCount == 0 }

    mutating func begin(_ stream: ByteStream) {
        self.stream = stream
        inode = stream.file.inode
    }

    /// Moves behind the last record.
    mutating func pass(_ records: FileRecords) {
        offset = records.offset
        line = records.line
        doneCount = 0
    }

    var json: JSONValue {
        let sums = stream.flatMap { try? self.sums(of: $0) } ?? self.sums
        return [
            "offset": .integer(offset), "line": .integer(Int64(line)),
            "done": .integer(Int64(doneCount)), "inode": .integer(Int64(bitPattern: inode)),
            "head": .integer(Int64(sums.head)), "tail": .integer(Int64(sums.tail)),
        ]
    }

    /// Throws `IngestError.source` unless the file is what it was.
    func check(_ stream: ByteStream) throws(IngestError) {
        let found = try sums(of: stream)
        if found == sums { return }
        throw .source(
            place: stream.path,
            reason: "it is not the file that was read up to byte \(offset): to read it from its "
                + "beginning name another --state")
    }

    private func sums(
        of stream: ByteStream
    ) throws(IngestError) -> (head: UInt32, tail: UInt32) {
        func sum(_ start: Int64, _ end: Int64) throws(IngestError) -> UInt32 {
            crc32c(
                try ByteStream.bytes(
                    stream.path, stream.file, at: start, count: Int(max(0, end - start))))
        }
        if stream.compression != .none {
            // Where the place is among the compressed bytes is not known.
            let size = stream.file.byteCount
            return (
                try sum(0, Self.sampleByteCount), try sum(max(0, size - Self.sampleByteCount), size)
            )
        }
        return (
            try sum(0, min(offset, Self.sampleByteCount)),
            try sum(max(0, offset - Self.sampleByteCount), offset)
        )
    }
}
