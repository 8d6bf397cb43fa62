public import Columnar
import Platform

/// Log batches as nodes send them to each other: the same batches with short headers.
///
///     form      u8      0: what follows is sent as it is; 1: packed batches follow to the end
///     batches   of each:
///         flags       u8      bits 0 and 1: the batch's attributes; 2: it has a writer;
///                             3: it has statistics; 4: it begins where the one before ends,
///                             in its epoch
///         length      varint  bytes after the header
///         offset      varint  base offset, unless bit 4
///         epoch       zig-zag leader epoch, unless bit 4
///         timestamp   zig-zag commit timestamp, less that of the one before
///         CRC         u32     of the batch as it stands in a log
///         schema      zig-zag identifier
///         records     varint
///         writer      varint, and zig-zag sequence, if bit 2
///         statistics  varint  their length, if bit 3
///         what follows the header
///
/// A header of a batch in a log takes 56 bytes, many of them zero, as much as a few rows: each has
/// its place, so that the leader can assign offset, epoch and time without a copy of the rest. On
/// the way between nodes nobody does. What is unpacked is what was packed, byte for byte, so the
/// batch's own CRC still covers all of it.
public enum PackedBatches {
    private static let raw: UInt8 = 0
    private static let packed: UInt8 = 1
    private static let hasWriter: UInt8 = 4
    private static let hasStatistics: UInt8 = 8
    private static let follows: UInt8 = 16

    /// Appends whole batches one after the other; what are none is sent as it is.
    public static func append(_ bytes: [UInt8], to writer: inout ByteWriter) {
        guard let batches = try? LogBatch.split(bytes), batches.allSatisfy(\.canBePacked) else {
            writer.append(byte: raw)
            writer.append(bytes)
            return
        }
        writer.append(byte: packed)
        var previous: LogBatch?
        for batch in batches {
            append(batch, after: previous, to: &writer)
            previous = batch
        }
    }

    private static func append(
        _ batch: LogBatch, after previous: LogBatch?, to writer: inout ByteWriter
    ) {
        let isNext =
            previous.map {
                $0.endOffset == batch.baseOffset && $0.leaderEpoch == batch.leaderEpoch
            } ?? false
        let isWritten = batch.writer != LogBatch.none || batch.sequence != -1
        writer.append(
            byte: batch.attributes | (isWritten ? hasWriter : 0)
                | (batch.statisticsByteCount > 0 ? hasStatistics : 0) | (isNext ? follows : 0))
        writer.append(varint: UInt64(batch.byteCount - LogBatch.headerByteCount))
        if !isNext {
            writer.append(varint: UInt64(batch.baseOffset))
            writer.append(zigZag: Int64(batch.leaderEpoch))
        }
        let base = previous?.commitTimestamp.millisecondsSinceEpoch ?? 0
        writer.append(zigZag: batch.commitTimestamp.millisecondsSinceEpoch &- base)
        writer.append(littleEndian: batch.checksum)
        writer.append(zigZag: Int64(batch.schemaIdentifier))
        writer.append(varint: UInt64(batch.recordCount))
        if isWritten {
            writer.append(varint: UInt64(bitPattern: batch.writer))
            writer.append(zigZag: Int64(batch.sequence))
        }
        if batch.statisticsByteCount > 0 {
            writer.append(varint: UInt64(batch.statisticsByteCount))
        }
        writer.append(batch.slice.dropFirst(LogBatch.headerByteCount))
    }

    /// What `append` was given; takes all that is left.
    public static func read(_ reader: inout ByteReader) throws(ColumnarError) -> [UInt8] {
        let start = reader.position
        switch try reader.readByte() {
        case raw: return try reader.readBytes(reader.remaining)
        case packed: break
        case let form: throw .corrupt(reason: "batches of form \(form)", position: start)
        }
        var writer = ByteWriter(capacity: reader.remaining * 2)
        var end: Int64 = 0
        var epoch: Int32 = 0
        var timestamp: Int64 = 0
        while !reader.isAtEnd {
            let position = reader.position
            let flags = try reader.readByte()
            guard flags < 32 else {
                throw .corrupt(reason: "flags \(flags) of a packed batch", position: position)
            }
            let length = try reader.readCount()
            if flags & follows == 0 {
                end = try reader.readOffset()
                epoch = try reader.readNumber()
            }
            timestamp &+= try reader.readZigZag()
            let checksum: UInt32 = try reader.readLittleEndian()
            let schema: Int16 = try reader.readNumber()
            let count = try reader.readRecordCount()
            var header = LogBatch.header(
                schema, attributes: flags & 3, count: Int(count),
                writer: flags & hasWriter == 0
                    ? LogBatch.none : Int64(bitPattern: try reader.readVarint()),
                sequence: flags & hasWriter == 0 ? -1 : try reader.readNumber(), capacity: 0)
            let statistics = flags & hasStatistics == 0 ? 0 : try reader.readRecordCount()
            header.replace(at: 0, littleEndian: end)
            let size = LogBatch.headerByteCount - 12 + length
            header.replace(at: 8, littleEndian: Int32(truncatingIfNeeded: size))
            header.replace(at: 13, littleEndian: timestamp)
            header.replace(at: 21, littleEndian: epoch)
            header.replace(at: 25, littleEndian: checksum)
            header.replace(at: 52, littleEndian: statistics)
            writer.append(header.bytes)
            writer.append(try reader.readSlice(length))
            end &+= Int64(max(1, count))
        }
        return writer.bytes
    }
}

extension LogBatch {
    /// Whether all that its header says is what a packed one can say.
    fileprivate var canBePacked: Bool {
        byteCount <= Self.byteCountLimit && baseOffset >= 0
    }
}

extension ByteReader {
    fileprivate mutating func readNumber<Number: FixedWidthInteger>() throws(ColumnarError)
        -> Number
    {
        let start = position
        let number = try readZigZag()
        guard let exact = Number(exactly: number) else {
            throw .corrupt(reason: "\(number) in a packed batch", position: start)
        }
        return exact
    }

    fileprivate mutating func readOffset() throws(ColumnarError) -> Int64 {
        let start = position
        let number = try readVarint()
        guard let exact = Int64(exactly: number) else {
            throw .corrupt(reason: "offset \(number)", position: start)
        }
        return exact
    }

    fileprivate mutating func readRecordCount() throws(ColumnarError) -> Int32 {
        let start = position
        let number = try readVarint()
        guard let exact = Int32(exactly: number) else {
            throw .corrupt(reason: "\(number) records", position: start)
        }
        return exact
    }
}
