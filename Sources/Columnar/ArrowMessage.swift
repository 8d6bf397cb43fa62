/// An Arrow IPC record-batch message without its schema, as Fluss log batches carry it.
///
///     continuation    FF FF FF FF
///     metadata size   i32 little endian; 8 + size is a multiple of 8
///     metadata        flatbuffer Message { version, header: RecordBatch, bodyLength }
///     body            the buffers, each padded with zeros to a multiple of 8
///
/// A compressed buffer begins with its plain size (i64 little endian), or -1 if it was left plain
/// because it would not have become smaller. A vector column is a FixedSizeList with one child, a
/// map a list of structs.
public enum ArrowMessage {
    /// The message of a batch.
    public static func encode(
        _ batch: RecordBatch, compression: Compression = .none
    ) -> [UInt8] {
        var nodes: [(Int64, Int64)] = []
        var buffers: [[UInt8]] = []
        for column in batch.columns { append(column, &nodes, &buffers) }
        if compression != .none {
            buffers = buffers.map { compressBuffer($0, compression) }
        }
        var extents: [(Int64, Int64)] = []
        extents.reserveCapacity(buffers.count)
        var bodyCount = 0
        for buffer in buffers {
            extents.append((Int64(bodyCount), Int64(buffer.count)))
            bodyCount += padded(buffer.count)
        }
        var writer = frame(
            ArrowRecordBatchHeader(
                rowCount: batch.rowCount, nodes: nodes, buffers: extents,
                compression: compression.arrowCodec, bodyCount: bodyCount),
            reserving: bodyCount)
        for buffer in buffers {
            writer.append(buffer)
            writer.append(zeros: padded(buffer.count) - buffer.count)
        }
        return writer.bytes
    }

    /// A column's nodes and buffers, then those of what it nests.
    private static func append(
        _ column: ColumnVector, _ nodes: inout [(Int64, Int64)], _ buffers: inout [[UInt8]]
    ) {
        nodes.append((Int64(column.count), Int64(column.nullCount)))
        buffers.append(Array(column.validity.prefix((column.count + 7) / 8)))
        if case .floats(let dimension) = column.storage {
            nodes.append((Int64(column.count * dimension), 0))
            buffers.append([])
        }
        if column.storage.hasOffsets {
            buffers.append(column.offsets.withUnsafeBytes { Array($0) })
        }
        if column.storage.hasData { buffers.append(column.data) }
        if column.storage == .map {
            // The struct of the entries, none of which is null.
            nodes.append((Int64(column.children[0].count), 0))
            buffers.append([])
        }
        for child in column.children { append(child, &nodes, &buffers) }
    }

    /// The batch of a message; `range` is where it stands in the bytes, all of them if nil.
    ///
    /// The message must fill the range. `byteLimit` bounds what decompression may make of it.
    public static func decode(
        _ bytes: [UInt8], range: Range<Int>? = nil, schema: Schema,
        byteLimit: Int = 256 * 1024 * 1024
    ) throws(ColumnarError) -> RecordBatch {
        let range = range ?? 0..<bytes.count
        let message = try ArrowEnvelope.read(bytes, range)
        guard let message, message.end == range.upperBound else {
            throw .corrupt(
                reason: "the Arrow message does not fill its place", position: range.lowerBound)
        }
        var decoder = try ArrowBatchDecoder(bytes, message, schema, byteLimit: byteLimit)
        return try decoder.decode()
    }

    /// The message of only some columns, in this order, their buffers copied as they stand.
    ///
    /// Nothing is decompressed and no value is looked at.
    public static func project(
        _ bytes: [UInt8], range: Range<Int>? = nil, schema: Schema, columns: [Int]
    ) throws(ColumnarError) -> [UInt8] {
        let range = range ?? 0..<bytes.count
        let message = try ArrowEnvelope.read(bytes, range)
        guard let message, message.end == range.upperBound else {
            throw .corrupt(
                reason: "the Arrow message does not fill its place", position: range.lowerBound)
        }
        let decoder = try ArrowBatchDecoder(bytes, message, schema, byteLimit: 0)
        var header = decoder.header
        var sources: [Range<Int>] = []
        header.nodes = []
        header.buffers = []
        header.bodyCount = 0
        for column in columns {
            precondition(column >= 0 && column < schema.fields.count, "no column \(column)")
            header.nodes += decoder.header.nodes[decoder.nodeRanges[column]]
            for buffer in decoder.bufferRanges[column] {
                let source = try decoder.bodyRange(ofBuffer: buffer)
                header.buffers.append((Int64(header.bodyCount), Int64(source.count)))
                header.bodyCount += padded(source.count)
                sources.append(source)
            }
        }
        var writer = frame(header, reserving: header.bodyCount)
        for source in sources {
            writer.append(bytes[source])
            writer.append(zeros: padded(source.count) - source.count)
        }
        return writer.bytes
    }

    private static func frame(
        _ header: ArrowRecordBatchHeader, reserving bodyCount: Int
    ) -> ByteWriter {
        let metadata = header.encode()
        var writer = ByteWriter(capacity: 8 + metadata.count + bodyCount)
        ArrowEnvelope.append(metadata, to: &writer)
        return writer
    }

    private static let smallestCompressed = 128

    private static func compressBuffer(_ plain: [UInt8], _ compression: Compression) -> [UInt8] {
        if plain.isEmpty { return [] }
        // A few bytes are not worth a compressor's set-up, on either side.
        let small = plain.count < smallestCompressed ? plain : compression.compress(plain)
        let isSmaller = small.count < plain.count
        var writer = ByteWriter(capacity: 8 + min(small.count, plain.count))
        writer.append(littleEndian: isSmaller ? Int64(plain.count) : -1)
        writer.append(isSmaller ? small : plain)
        return writer.bytes
    }

    /// Rounded up to the alignment of Arrow's buffers.
    static func padded(_ byteCount: Int) -> Int { (byteCount + 7) / 8 * 8 }
}

extension Compression {
    /// Arrow's CompressionType; nil for none.
    fileprivate var arrowCodec: Int8? {
        switch self {
        case .none: nil
        case .lz4Frame: 0
        case .zstd: 1
        }
    }
}
