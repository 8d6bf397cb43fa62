import Columnar

/// The layout of a table file: sorted entries that never change. Numbers are little endian.
///
///     blocks    each: entries, then CRC-32C of them (u32)
///     filter    a `BloomFilter`, then its CRC-32C
///     index     varint block count, then of each block: its last key (varint count, bytes),
///               its position (varint), its size with CRC (varint); then CRC-32C
///     footer    filter position i64, filter size i32, index position i64, index size i32,
///               entry count i64, magic u32 ("WTK1"), CRC-32C of the 36 bytes before
///
/// An entry of a block:
///
///     shared     varint   bytes that its key begins with like the key before it; 0 in the first
///     unshared   varint   bytes of the key that follow
///     value      varint   0: deleted; n + 1: a value of n bytes
///     the unshared key bytes, the value
enum TableFormat {
    static let magic: UInt32 = 0x314B_5457
    static let footerByteCount = 40
    static let blockByteCount = 4096
    /// Blocks are cut at `blockByteCount`, but one entry may be larger.
    static let entryByteCountLimit = 64 * 1024 * 1024

    struct Block {
        var lastKey: [UInt8]
        var position: Int64
        var byteCount: Int
    }

    struct Footer {
        var filterPosition: Int64
        var filterByteCount: Int
        var indexPosition: Int64
        var indexByteCount: Int
        var entryCount: Int64

        func encoded() -> [UInt8] {
            var bytes = ByteWriter(capacity: footerByteCount)
            bytes.append(littleEndian: filterPosition)
            bytes.append(littleEndian: Int32(filterByteCount))
            bytes.append(littleEndian: indexPosition)
            bytes.append(littleEndian: Int32(indexByteCount))
            bytes.append(littleEndian: entryCount)
            bytes.append(littleEndian: magic)
            bytes.append(littleEndian: crc32c(bytes.bytes))
            return bytes.bytes
        }

        init(
            filterPosition: Int64, filterByteCount: Int, indexPosition: Int64,
            indexByteCount: Int, entryCount: Int64
        ) {
            self.filterPosition = filterPosition
            self.filterByteCount = filterByteCount
            self.indexPosition = indexPosition
            self.indexByteCount = indexByteCount
            self.entryCount = entryCount
        }

        init(decoding bytes: [UInt8], fileByteCount: Int64) throws(ColumnarError) {
            let checked = try checkedContent(bytes, 0..<bytes.count)
            var reader = ByteReader(bytes, range: checked)
            filterPosition = try reader.readLittleEndian()
            filterByteCount = Int(try reader.readLittleEndian(Int32.self))
            indexPosition = try reader.readLittleEndian()
            indexByteCount = Int(try reader.readLittleEndian(Int32.self))
            entryCount = try reader.readLittleEndian()
            let found: UInt32 = try reader.readLittleEndian()
            guard found == magic, reader.isAtEnd, filterPosition >= 0, filterByteCount > 4,
                indexByteCount > 4, entryCount >= 0, indexPosition >= 0,
                filterPosition <= fileByteCount - Int64(filterByteCount),
                indexPosition <= fileByteCount - Int64(indexByteCount)
            else { throw .corrupt(reason: "an impossible footer", position: 0) }
        }
    }

    /// The range without the CRC-32C that it ends in, once that was checked.
    static func checkedContent(
        _ bytes: [UInt8], _ range: Range<Int>
    ) throws(ColumnarError) -> Range<Int> {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count, range.count >= 4 else {
            throw .corrupt(reason: "a part is cut", position: range.lowerBound)
        }
        let end = range.upperBound - 4
        var reader = ByteReader(bytes, range: end..<range.upperBound)
        let expected: UInt32 = try reader.readLittleEndian()
        guard crc32c(bytes[range.lowerBound..<end]) == expected else {
            throw .corrupt(reason: "a checksum is wrong", position: range.lowerBound)
        }
        return range.lowerBound..<end
    }

    static func encodeIndex(_ blocks: [Block]) -> [UInt8] {
        var bytes = ByteWriter(capacity: 32 * blocks.count + 16)
        bytes.append(varint: UInt64(blocks.count))
        for block in blocks {
            bytes.append(lengthPrefixed: block.lastKey)
            bytes.append(varint: UInt64(block.position))
            bytes.append(varint: UInt64(block.byteCount))
        }
        bytes.append(littleEndian: crc32c(bytes.bytes))
        return bytes.bytes
    }

    static func decodeIndex(
        _ bytes: [UInt8], _ range: Range<Int>, fileByteCount: Int64
    ) throws(ColumnarError) -> [Block] {
        var reader = ByteReader(bytes, range: try checkedContent(bytes, range))
        let count = try reader.readCount(ofAtLeast: 3)
        var blocks: [Block] = []
        blocks.reserveCapacity(count)
        var end: Int64 = 0
        for _ in 0..<count {
            let lastKey = try reader.readLengthPrefixed()
            let position = Int64(exactly: try reader.readVarint()) ?? -1
            let byteCount = Int(exactly: try reader.readVarint()) ?? -1
            guard position == end, byteCount > 4, byteCount <= entryByteCountLimit * 2,
                Int64(byteCount) <= fileByteCount - position,
                blocks.isEmpty || isBefore(blocks[blocks.count - 1].lastKey, lastKey)
            else { throw .corrupt(reason: "an impossible block", position: reader.position) }
            end = position + Int64(byteCount)
            blocks.append(Block(lastKey: lastKey, position: position, byteCount: byteCount))
        }
        guard reader.isAtEnd else {
            throw .corrupt(reason: "bytes after the index", position: reader.position)
        }
        return blocks
    }
}
