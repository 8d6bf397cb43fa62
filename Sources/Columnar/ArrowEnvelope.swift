/// Where the parts of an Arrow IPC message stand.
struct ArrowEnvelope {
    /// The numbers of Arrow's MessageHeader union that matter here.
    static let schemaHeader: UInt8 = 1
    static let recordBatchHeader: UInt8 = 3

    /// MetadataVersion V5, and V4, which lays these messages out the same.
    static let version: Int16 = 4
    static let oldestVersion: Int16 = 3

    var metadata: FlatbufferReader
    var headerType: UInt8
    var header: FlatbufferReader.Table
    var body: Range<Int>

    var end: Int { body.upperBound }

    /// Reads the message that begins a range; nil if it is the end of a stream.
    static func read(
        _ bytes: [UInt8], _ range: Range<Int>
    ) throws(ColumnarError) -> ArrowEnvelope? {
        var reader = ByteReader(bytes, range: range)
        guard try reader.readLittleEndian(UInt32.self) == .max else {
            throw .corrupt(reason: "no Arrow continuation mark", position: range.lowerBound)
        }
        let size = Int(try reader.readLittleEndian(Int32.self))
        if size == 0 { return nil }
        let start = try reader.take(size)
        let metadata = FlatbufferReader(bytes, range: start..<start + size)
        let message = try metadata.root()
        let version: Int16 = try metadata.number(0, message, default: 0)
        guard version == Self.version || version == oldestVersion else {
            throw .unsupported(reason: "Arrow metadata version \(version)")
        }
        let bodySize: Int64 = try metadata.number(3, message, default: 0)
        guard let header = try metadata.table(2, message) else {
            throw .corrupt(reason: "an Arrow message without header", position: start)
        }
        guard let bodyCount = Int(exactly: bodySize) else {
            throw .corrupt(reason: "an Arrow body of \(bodySize) bytes", position: start)
        }
        let bodyStart = try reader.take(bodyCount)
        return ArrowEnvelope(
            metadata: metadata, headerType: try metadata.number(1, message, default: 0),
            header: header, body: bodyStart..<bodyStart + bodyCount)
    }

    /// Appends a message's mark, size and metadata; the body follows.
    static func append(_ metadata: [UInt8], to writer: inout ByteWriter) {
        precondition(metadata.count % 8 == 0, "Arrow metadata must keep the body aligned")
        writer.append(littleEndian: UInt32.max)
        writer.append(littleEndian: Int32(metadata.count))
        writer.append(metadata)
    }
}

/// Arrow's RecordBatch table.
struct ArrowRecordBatchHeader {
    var rowCount: Int
    /// For each column, children after their parent: value count and null count.
    var nodes: [(Int64, Int64)]
    /// For each buffer: its place in the body and byte count.
    var buffers: [(Int64, Int64)]
    /// 0 LZ4_FRAME, 1 ZSTD; nil for none.
    var compression: Int8?
    var bodyCount: Int
    /// For each column of views, how many buffers of data it has; only other programs write them.
    var viewBufferCounts: [Int64] = []

    func encode() -> [UInt8] {
        var writer = FlatbufferWriter()
        let message = writer.table([
            .int16(ArrowEnvelope.version), .byte(ArrowEnvelope.recordBatchHeader), .reference,
            .int64(Int64(bodyCount)),
        ])
        let batch = writer.table([
            .int64(Int64(rowCount)), .reference, .reference,
            compression == nil ? .absent : .reference,
        ])
        writer.refer(from: message.fields[2], to: batch.position)
        writer.refer(from: batch.fields[1], to: writer.pairs(nodes))
        writer.refer(from: batch.fields[2], to: writer.pairs(buffers))
        if let compression {
            let codec = writer.table([.byte(UInt8(bitPattern: compression)), .byte(0)])
            writer.refer(from: batch.fields[3], to: codec.position)
        }
        return writer.finish(root: message)
    }

    init(
        rowCount: Int, nodes: [(Int64, Int64)], buffers: [(Int64, Int64)], compression: Int8?,
        bodyCount: Int
    ) {
        self.rowCount = rowCount
        self.nodes = nodes
        self.buffers = buffers
        self.compression = compression
        self.bodyCount = bodyCount
    }

    init(_ message: ArrowEnvelope) throws(ColumnarError) {
        let metadata = message.metadata
        guard message.headerType == ArrowEnvelope.recordBatchHeader else {
            throw .corrupt(
                reason: "an Arrow message of kind \(message.headerType), not a record batch",
                position: metadata.range.lowerBound)
        }
        let length: Int64 = try metadata.number(0, message.header, default: 0)
        guard length >= 0, length <= Int64(Int32.max) else {
            throw .corrupt(
                reason: "an Arrow batch of \(length) rows", position: metadata.range.lowerBound)
        }
        rowCount = Int(length)
        nodes = try metadata.pairs(1, message.header)
        buffers = try metadata.pairs(2, message.header)
        bodyCount = message.body.count
        viewBufferCounts = try metadata.numbers(4, message.header)
        compression = nil
        if let codec = try metadata.table(3, message.header) {
            let kind: Int8 = try metadata.number(0, codec, default: 0)
            let method: Int8 = try metadata.number(1, codec, default: 0)
            guard (kind == 0 || kind == 1) && method == 0 else {
                throw .unsupported(reason: "Arrow compression \(kind) by method \(method)")
            }
            compression = kind
        }
    }
}
