import Columnar
import Platform

/// Where in a segment file some of its batches stand, by offset and by time.
///
/// In memory while the segment grows; written down when it is sealed, in `<base offset>.index`:
///
///     magic              u32   0x31495457, "WTI1"
///     base offset        i64
///     end offset         i64
///     file size          i64
///     first timestamp    i64
///     last timestamp     i64
///     entries            varint count, then of each: offset i64, position i64, timestamp i64
///     CRC-32C            u32   of all above
struct SegmentIndex: Hashable {
    struct Entry: Hashable {
        var offset: Int64
        var position: Int64
        /// The commit timestamp of the batch at `offset`.
        var timestamp: Timestamp
    }

    static let magic: UInt32 = 0x3149_5457

    let baseOffset: Int64
    private(set) var endOffset: Int64
    private(set) var byteCount: Int64 = 0
    private(set) var firstTimestamp = Timestamp(millisecondsSinceEpoch: .min)
    private(set) var lastTimestamp = Timestamp(millisecondsSinceEpoch: .min)
    private(set) var entries: [Entry] = []

    init(baseOffset: Int64) {
        self.baseOffset = baseOffset
        endOffset = baseOffset
    }

    var isEmpty: Bool { endOffset == baseOffset }

    /// Notes a batch at the end of the segment; an entry is kept each `interval` bytes.
    mutating func append(_ batch: LogBatch, interval: Int64) {
        precondition(batch.baseOffset == endOffset, "a gap in the segment")
        if isEmpty { firstTimestamp = batch.commitTimestamp }
        if byteCount - (entries.last?.position ?? -interval) >= interval {
            entries.append(
                Entry(
                    offset: batch.baseOffset, position: byteCount,
                    timestamp: batch.commitTimestamp))
        }
        lastTimestamp = batch.commitTimestamp
        endOffset = batch.endOffset
        byteCount += Int64(SegmentFrame.byteCount + batch.byteCount)
    }

    /// Where to begin looking for the batch that holds an offset of this segment.
    func entry(of offset: Int64) -> Entry {
        lastEntry { $0.offset <= offset }
            ?? Entry(offset: baseOffset, position: 0, timestamp: firstTimestamp)
    }

    /// Where to begin looking for the first batch with a timestamp of at least `timestamp`.
    func entry(of timestamp: Timestamp) -> Entry {
        lastEntry { $0.timestamp < timestamp }
            ?? Entry(offset: baseOffset, position: 0, timestamp: firstTimestamp)
    }

    /// The last entry of those at the front for which `isBefore` holds.
    private func lastEntry(_ isBefore: (Entry) -> Bool) -> Entry? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(entries[middle]) { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : entries[low - 1]
    }

    func encoded() -> [UInt8] {
        var bytes = ByteWriter(capacity: 64 + 24 * entries.count)
        bytes.append(littleEndian: Self.magic)
        bytes.append(littleEndian: baseOffset)
        bytes.append(littleEndian: endOffset)
        bytes.append(littleEndian: byteCount)
        bytes.append(littleEndian: firstTimestamp.millisecondsSinceEpoch)
        bytes.append(littleEndian: lastTimestamp.millisecondsSinceEpoch)
        bytes.append(varint: UInt64(entries.count))
        for entry in entries {
            bytes.append(littleEndian: entry.offset)
            bytes.append(littleEndian: entry.position)
            bytes.append(littleEndian: entry.timestamp.millisecondsSinceEpoch)
        }
        bytes.append(littleEndian: crc32c(bytes.bytes))
        return bytes.bytes
    }

    /// Nil if the bytes are not a sound index.
    init?(decoding bytes: [UInt8]) {
        guard bytes.count >= 4, endsInChecksum(bytes) else { return nil }
        var reader = ByteReader(bytes, range: 0..<bytes.count - 4)
        do {
            guard try reader.readLittleEndian(UInt32.self) == Self.magic else { return nil }
            self.init(baseOffset: try reader.readLittleEndian())
            endOffset = try reader.readLittleEndian()
            byteCount = try reader.readLittleEndian()
            firstTimestamp = Timestamp(millisecondsSinceEpoch: try reader.readLittleEndian())
            lastTimestamp = Timestamp(millisecondsSinceEpoch: try reader.readLittleEndian())
            guard endOffset >= baseOffset, byteCount >= 0 else { return nil }
            for _ in 0..<(try reader.readCount(ofAtLeast: 24)) {
                let entry = Entry(
                    offset: try reader.readLittleEndian(),
                    position: try reader.readLittleEndian(),
                    timestamp: Timestamp(millisecondsSinceEpoch: try reader.readLittleEndian()))
                guard entry.offset >= entries.last?.offset ?? baseOffset, entry.offset < endOffset,
                    entry.position >= 0, entry.position < byteCount
                else { return nil }
                entries.append(entry)
            }
            if !reader.isAtEnd { return nil }
        } catch {
            return nil
        }
    }
}
