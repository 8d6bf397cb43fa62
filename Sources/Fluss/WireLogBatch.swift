import Changelog
import Columnar

/// Record batches as clients of the protocol have them.
///
///      0  BaseOffset        i64   little endian, as all of it
///      8  Length            i32   bytes after this field
///     12  Magic             i8    0 or 1
///     13  CommitTimestamp   i64
///     21  CRC               u32   CRC-32C of all that follows
///     25  SchemaId          i16
///     27  Attributes        i8
///     28  LastOffsetDelta   i32
///     32  WriterId          i64
///     40  BatchSequence     i32
///     44  RecordCount       i32
///     48  StatisticsLength  i32   of magic 1 only, and the statistics after it
///         body              as in the engine's batch, byte for byte
///
/// Clients send magic 1 to tables that want statistics, and understand magic 0 from every server.
/// The statistics of a client are passed over: the engine makes its own, of the rows as they are.
///
/// The engine's own batches are of magic 2 (see `LogBatch`), with a leader epoch and a length of
/// statistics more: a header is written anew, and a body is copied. The protocol says by the table
/// whether bodies are Arrow, so one of rows is made Arrow first (`LogBatch.inArrow`).
enum WireLogBatch {
    static let headerByteCount = 48
    /// Between the schema identifier and the record count both headers are alike.
    private static let sharedByteCount = 2 + 1 + 4 + 8 + 4 + 4

    /// The engine's batch of a client's bytes, for the leader to append.
    ///
    /// `corruptRecord` if the checksum does not match, `corruptMessage` if there is no such batch.
    static func decode(_ bytes: [UInt8]) throws(FlussError) -> LogBatch {
        guard bytes.count >= headerByteCount else {
            throw .malformed(reason: "\(bytes.count) bytes are no batch of records")
        }
        var reader = ByteReader(bytes)
        do throws(ColumnarError) {
            try reader.skip(8)
            let length = try reader.readLittleEndian(Int32.self)
            let magic = try reader.readByte()
            guard magic <= 1 else {
                throw .corrupt(reason: "batches of magic \(magic), not 0 or 1", position: 12)
            }
            guard Int(length) == bytes.count - 12 else {
                throw .corrupt(
                    reason: "a batch of \(Int(length) + 12) bytes in \(bytes.count)", position: 8)
            }
            try reader.skip(8)
            let checksum = try reader.readLittleEndian(UInt32.self)
            if checksum != crc32c(bytes[25...]) {
                throw .corrupt(reason: "the checksum of the batch does not match", position: 21)
            }
        } catch {
            throw .refused(.corruptRecord, reason: "\(error)")
        }
        guard bytes[27] <= 1 else {
            throw .refused(.corruptRecord, reason: "a batch of attributes \(bytes[27])")
        }
        let body = try body(of: bytes)
        let shared = bytes[25..<25 + sharedByteCount]
        var checked = ByteWriter(capacity: bytes.count)
        checked.append(shared)
        checked.append(littleEndian: Int32(0))
        checked.append(body)
        var batch = ByteWriter(capacity: bytes.count + 8)
        batch.append(littleEndian: Int64(0))
        batch.append(littleEndian: Int32(headerByteCount + body.count + 8 - 12))
        batch.append(byte: 2)
        batch.append(littleEndian: Int64(0))
        batch.append(littleEndian: Int32(0))
        batch.append(littleEndian: crc32c(checked.bytes))
        batch.append(checked.bytes)
        do { return try LogBatch(validating: batch.bytes) } catch {
            throw .refused(.corruptRecord, reason: "\(error)")
        }
    }

    /// What follows the header and the statistics.
    private static func body(of bytes: [UInt8]) throws(FlussError) -> ArraySlice<UInt8> {
        if bytes[12] == 0 { return bytes[headerByteCount...] }
        var reader = ByteReader(bytes, range: headerByteCount..<bytes.count)
        do throws(ColumnarError) {
            try reader.skip(Int(try reader.readLittleEndian(Int32.self)))
        } catch {
            throw .refused(.corruptRecord, reason: "the statistics of a batch: \(error)")
        }
        return bytes[reader.position...]
    }

    /// Appends the engine's whole batches as a client reads them.
    ///
    /// Precondition: `batches` are whole batches that the engine has verified.
    static func encode(_ batches: [UInt8], to writer: inout ByteWriter) {
        var start = 0
        while start < batches.count {
            var reader = ByteReader(batches, range: start..<batches.count)
            guard let base = try? reader.readLittleEndian(Int64.self),
                let length = try? reader.readLittleEndian(Int32.self),
                length >= LogBatch.headerByteCount - 12,
                start + 12 + Int(length) <= batches.count
            else { preconditionFailure("the engine answers with part of a batch") }
            let end = start + 12 + Int(length)
            var checked = ByteWriter(capacity: Int(length))
            checked.append(batches[start + 29..<start + 29 + sharedByteCount])
            var tail = ByteReader(batches, range: start + 52..<end)
            guard let statistics = try? tail.readLittleEndian(Int32.self), statistics >= 0,
                start + LogBatch.headerByteCount + Int(statistics) <= end
            else { preconditionFailure("the engine answers with statistics of no batch") }
            checked.append(batches[start + LogBatch.headerByteCount + Int(statistics)..<end])
            writer.append(littleEndian: base)
            writer.append(
                littleEndian: Int32(checked.count + headerByteCount - 12 - sharedByteCount))
            writer.append(byte: 0)
            writer.append(batches[start + 13..<start + 21])
            writer.append(littleEndian: crc32c(checked.bytes))
            writer.append(checked.bytes)
            start = end
        }
    }
}
