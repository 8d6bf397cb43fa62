import Columnar

/// What a segment file puts before each batch, so that each of its bytes is checked and so that
/// recovery can tell a torn write from rot.
///
///      0  SyncedEndOffset   i64   the end of what was durable when the frame was written
///      8  FrameCRC          u32   CRC-32C of the 8 bytes before, then of the batch's header
///     12  the batch
///
/// The batch's own CRC covers what the frame's does not. Bytes at an offset below the
/// `SyncedEndOffset` of any sound frame after them were durable once: if they are bad now, that is
/// damage. Bad bytes that no frame nor checkpoint vouches for were being written when the power
/// went.
enum SegmentFrame {
    static let byteCount = 12
    /// The frame and the batch's header.
    static let prefixByteCount = byteCount + LogBatch.headerByteCount

    static func append(_ batch: LogBatch, syncedEndOffset: Int64, to writer: inout ByteWriter) {
        let start = writer.count
        writer.append(littleEndian: syncedEndOffset)
        writer.append(littleEndian: UInt32(0))
        writer.append(batch.slice)
        writer.replace(at: start + 8, littleEndian: checksum(writer.bytes, at: start))
    }

    private static func checksum(_ bytes: [UInt8], at position: Int) -> UInt32 {
        let seed = crc32c(bytes[position..<position + 8])
        return crc32c(bytes[position + byteCount..<position + prefixByteCount], seed: seed)
    }

    enum Parsed {
        case batch(LogBatch, syncedEndOffset: Int64)
        /// The frame is sound so far, but this many bytes from its start are needed.
        case incomplete(byteCount: Int)
        case bad(reason: String)
    }

    /// Reads the frame at `position`; `isVerifying` has the batch's own CRC checked too.
    static func parse(_ bytes: [UInt8], at position: Int, isVerifying: Bool = true) -> Parsed {
        precondition(position >= 0 && position <= bytes.count)
        if bytes.count - position < prefixByteCount {
            return .incomplete(byteCount: prefixByteCount)
        }
        guard
            loadLittleEndian(UInt32.self, bytes, at: position + 8) == checksum(bytes, at: position)
        else { return .bad(reason: "the frame's checksum is wrong") }
        let synced = loadLittleEndian(Int64.self, bytes, at: position)
        let length = Int(loadLittleEndian(Int32.self, bytes, at: position + byteCount + 8))
        guard length >= LogBatch.headerByteCount - 12, length <= LogBatch.byteCountLimit - 12 else {
            return .bad(reason: "a batch length of \(length)")
        }
        let total = byteCount + 12 + length
        if bytes.count - position < total { return .incomplete(byteCount: total) }
        do {
            let batch = try LogBatch(bytes, at: position + byteCount, end: position + total)
            if isVerifying { try batch.verifyChecksum() }
            return .batch(batch, syncedEndOffset: synced)
        } catch {
            return .bad(reason: "\(error)")
        }
    }

    /// Header fields of a frame whose header is sound, whatever its body is.
    struct Header {
        var syncedEndOffset: Int64
        var baseOffset: Int64
    }

    /// The first sound header at or after `position`, and where it stands.
    static func search(
        _ bytes: [UInt8], from position: Int
    ) -> (header: Header, position: Int)? {
        var start = position
        while start + prefixByteCount <= bytes.count {
            if bytes[start + byteCount + 12] == UInt8(bitPattern: LogBatch.magic),
                loadLittleEndian(UInt32.self, bytes, at: start + 8) == checksum(bytes, at: start)
            {
                let header = Header(
                    syncedEndOffset: loadLittleEndian(Int64.self, bytes, at: start),
                    baseOffset: loadLittleEndian(Int64.self, bytes, at: start + byteCount))
                return (header, start)
            }
            start += 1
        }
        return nil
    }
}
