import Columnar

/// The rows of one data file that are deleted, as a blob of a Puffin file (spec, "Deletion
/// Vectors"; Puffin spec, "deletion-vector-v1 blob type").
///
///     u32 BE    length of what follows up to the checksum
///     4 bytes   D1 D3 39 64
///               Roaring bitmaps of the positions
///     u32 BE    CRC-32 of the magic and the bitmaps
struct DeletionVector: Hashable {
    private static let magic: [UInt8] = [0xD1, 0xD3, 0x39, 0x64]
    private static let frameByteCount = 12

    /// Sorted.
    var positions: [Int64]

    var encoded: [UInt8] {
        let body = Self.magic + RoaringPositions.encoded(positions)
        var writer = ByteWriter(capacity: body.count + 8)
        writer.append(bigEndian: UInt32(body.count))
        writer.append(body)
        writer.append(bigEndian: crc32(body))
        return writer.bytes
    }

    init(_ positions: some Sequence<Int64>) { self.positions = positions.sorted() }

    /// Reads the blob that a file of deletes describes.
    init(decoding bytes: [UInt8], of file: DataFile) throws(IcebergError) {
        do { try self.init(decoding: bytes, count: file.recordCount) } catch {
            throw .damaged(
                path: "\(file.path) at \(file.contentOffset ?? 0)", reason: "\(error)")
        }
    }

    /// Reads a blob of `count` positions.
    init(decoding bytes: [UInt8], count: Int64) throws(ColumnarError) {
        guard bytes.count >= Self.frameByteCount else {
            throw .corrupt(reason: "a deletion vector of \(bytes.count) bytes", position: 0)
        }
        var reader = ByteReader(bytes)
        let length: UInt32 = try reader.readBigEndian()
        guard Int(length) == bytes.count - 8 else {
            throw .corrupt(reason: "a deletion vector of another length", position: 0)
        }
        let body = bytes[4..<bytes.count - 4]
        guard Array(body.prefix(4)) == Self.magic else {
            throw .corrupt(reason: "no deletion vector", position: 4)
        }
        try reader.skip(body.count)
        let checksum: UInt32 = try reader.readBigEndian()
        guard checksum == crc32(body) else {
            throw .corrupt(reason: "a deletion vector of another checksum", position: 4)
        }
        positions = try RoaringPositions.decode(body.dropFirst(4), atMost: Int(clamping: count))
        guard Int64(positions.count) == count else {
            throw .corrupt(
                reason: "\(positions.count) positions where \(count) are stated", position: 4)
        }
    }
}
