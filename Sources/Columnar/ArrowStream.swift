/// An Arrow IPC stream, which any Arrow library reads: a schema message, batches, an end mark.
///
///     schema message      as `ArrowMessage`, without body
///     record batches      as `ArrowMessage`
///     end of stream       FF FF FF FF 00 00 00 00
public struct ArrowStreamWriter: Sendable {
    private var writer = ByteWriter()
    private let schema: Schema
    private let compression: Compression

    public init(schema: Schema, compression: Compression = .none) {
        self.schema = schema
        self.compression = compression
        ArrowEnvelope.append(ArrowSchema.encode(schema), to: &writer)
    }

    /// Appends a batch.
    ///
    /// Precondition: its columns are of the stream's types.
    public mutating func append(_ batch: RecordBatch) {
        precondition(batch.schema.fields.map(\.type) == schema.fields.map(\.type))
        writer.append(ArrowMessage.encode(batch, compression: compression))
    }

    /// The whole stream.
    public func finish() -> [UInt8] {
        var writer = writer
        writer.append(littleEndian: UInt32.max)
        writer.append(littleEndian: Int32(0))
        return writer.bytes
    }
}

/// Reads an Arrow IPC stream batch by batch.
public struct ArrowStreamReader: Sendable {
    public let schema: Schema
    private let bytes: [UInt8]
    private var position: Int
    private let byteLimit: Int
    private let offsets: [ArrowOffsets]

    /// `byteLimit` bounds what decompression, or views of one value many times, may make of one
    /// batch.
    public init(
        _ bytes: [UInt8], byteLimit: Int = 256 * 1024 * 1024
    ) throws(ColumnarError) {
        guard let message = try ArrowEnvelope.read(bytes, 0..<bytes.count) else {
            throw .corrupt(reason: "an Arrow stream without schema", position: 0)
        }
        (schema, offsets) = try ArrowSchema.decode(message)
        position = message.end
        self.bytes = bytes
        self.byteLimit = byteLimit
    }

    /// The next batch; nil at the end mark, or where the bytes end behind a whole message.
    public mutating func next() throws(ColumnarError) -> RecordBatch? {
        if position == bytes.count { return nil }
        guard let message = try ArrowEnvelope.read(bytes, position..<bytes.count) else {
            return nil
        }
        var decoder = try ArrowBatchDecoder(
            bytes, message, schema, offsets, byteLimit: byteLimit)
        let batch = try decoder.decode()
        position = message.end
        return batch
    }
}
