import Columnar
import Platform

/// What follows from all batches below an offset: the part of a log that is not in its segments.
///
/// It is written down at the start of each segment, in `<base offset>.snapshot`, so that recovery
/// reads one segment and not all:
///
///     magic              u32   0x31535457, "WTS1"
///     end offset         i64
///     commit timestamp   i64   of the newest batch
///     epochs             varint count, then of each: epoch i32, start offset i64
///     writers            as `WriterStates` encodes them
///     CRC-32C            u32   of all above
struct LogState: Hashable {
    static let magic: UInt32 = 0x3153_5457

    var endOffset: Int64
    var timestamp = Timestamp(millisecondsSinceEpoch: 0)
    var epochs = LeaderEpochCache()
    var writers: WriterStates

    init(endOffset: Int64, writerExpiration: Duration) {
        precondition(endOffset >= 0, "a log cannot end at \(endOffset)")
        self.endOffset = endOffset
        writers = WriterStates(expiration: writerExpiration)
    }

    /// Why a batch cannot be the next one; nil if it can.
    func objection(to batch: LogBatch) -> String? {
        if batch.baseOffset != endOffset {
            return "the batch begins at \(batch.baseOffset), the log ends at \(endOffset)"
        }
        if let latest = epochs.latest, batch.leaderEpoch < latest {
            return "the batch is of leader epoch \(batch.leaderEpoch), after one of \(latest)"
        }
        if batch.commitTimestamp < timestamp {
            return "the batch's commit timestamp goes back"
        }
        return nil
    }

    /// Takes the next batch in.
    ///
    /// Precondition: there is no objection to it.
    mutating func append(_ batch: LogBatch) {
        precondition(batch.baseOffset == endOffset, "a gap in the log")
        epochs.append(batch.leaderEpoch, at: batch.baseOffset)
        writers.append(batch)
        timestamp = batch.commitTimestamp
        endOffset = batch.endOffset
    }

    func encoded() -> [UInt8] {
        var swept = writers
        swept.sweep(at: timestamp)
        var bytes = ByteWriter(capacity: 64)
        bytes.append(littleEndian: Self.magic)
        bytes.append(littleEndian: endOffset)
        bytes.append(littleEndian: timestamp.millisecondsSinceEpoch)
        bytes.append(varint: UInt64(epochs.entries.count))
        for entry in epochs.entries {
            bytes.append(littleEndian: entry.epoch)
            bytes.append(littleEndian: entry.startOffset)
        }
        swept.encode(to: &bytes)
        bytes.append(littleEndian: crc32c(bytes.bytes))
        return bytes.bytes
    }

    /// Nil if the bytes are not a sound snapshot.
    init?(decoding bytes: [UInt8], writerExpiration: Duration) {
        guard bytes.count >= 4, endsInChecksum(bytes) else { return nil }
        var reader = ByteReader(bytes, range: 0..<bytes.count - 4)
        do {
            guard try reader.readLittleEndian(UInt32.self) == Self.magic else { return nil }
            let endOffset: Int64 = try reader.readLittleEndian()
            if endOffset < 0 { return nil }
            self.init(endOffset: endOffset, writerExpiration: writerExpiration)
            timestamp = Timestamp(millisecondsSinceEpoch: try reader.readLittleEndian())
            var entries: [LeaderEpochCache.Entry] = []
            for _ in 0..<(try reader.readCount(ofAtLeast: 12)) {
                entries.append(
                    LeaderEpochCache.Entry(
                        epoch: try reader.readLittleEndian(),
                        startOffset: try reader.readLittleEndian()))
            }
            guard let epochs = LeaderEpochCache(entries: entries) else { return nil }
            self.epochs = epochs
            writers = try WriterStates(decoding: &reader, expiration: writerExpiration)
            if !reader.isAtEnd { return nil }
        } catch {
            return nil
        }
    }
}

/// Whether the last 4 bytes are the CRC-32C of those before, little endian.
func endsInChecksum(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 4 else { return false }
    let end = bytes.count - 4
    return crc32c(bytes[..<end]) == loadLittleEndian(UInt32.self, bytes, at: end)
}
