import Columnar

/// What a log knows of itself beyond its segments, in the file `checkpoint`:
///
///     magic               u32   0x31435457, "WTC1"
///     start offset        i64   offsets below were deleted
///     synced end offset   i64   offsets below were durable; frames may vouch for more
///     CRC-32C             u32   of all above
struct LogCheckpoint: Hashable {
    static let magic: UInt32 = 0x3143_5457

    var startOffset: Int64
    var syncedEndOffset: Int64

    func encoded() -> [UInt8] {
        var bytes = ByteWriter(capacity: 24)
        bytes.append(littleEndian: Self.magic)
        bytes.append(littleEndian: startOffset)
        bytes.append(littleEndian: syncedEndOffset)
        bytes.append(littleEndian: crc32c(bytes.bytes))
        return bytes.bytes
    }

    init(startOffset: Int64, syncedEndOffset: Int64) {
        precondition(startOffset >= 0 && startOffset <= syncedEndOffset, "an impossible checkpoint")
        self.startOffset = startOffset
        self.syncedEndOffset = syncedEndOffset
    }

    /// Nil if the bytes are not a sound checkpoint.
    init?(decoding bytes: [UInt8]) {
        guard bytes.count == 24, endsInChecksum(bytes),
            loadLittleEndian(UInt32.self, bytes, at: 0) == Self.magic
        else { return nil }
        let start = loadLittleEndian(Int64.self, bytes, at: 4)
        let synced = loadLittleEndian(Int64.self, bytes, at: 12)
        if start < 0 || synced < start { return nil }
        self.init(startOffset: start, syncedEndOffset: synced)
    }
}
