import Columnar

/// A set of positions as Roaring bitmaps, as Iceberg's deletion vectors have them
/// (github.com/RoaringBitmap/RoaringFormatSpec; the 64-bit extension).
///
///     u64 LE    number of bitmaps, then for each, in order of keys:
///     u32 LE    key, the upper half of its positions
///               a `RoaringBitmap` of the lower halves
enum RoaringPositions {
    /// A position has 63 bits, and Java's readers take keys below this.
    static let positionLimit = Int64(Int32.max) << 32

    /// Precondition: the positions are sorted, distinct, and below `positionLimit`.
    static func encoded(_ positions: [Int64]) -> [UInt8] {
        precondition(zip(positions, positions.dropFirst()).allSatisfy { $0 < $1 }, "not sorted")
        precondition(positions.first ?? 0 >= 0 && positions.last ?? 0 < positionLimit)
        var bitmaps: [(key: UInt32, values: [UInt32])] = []
        for position in positions {
            let key = UInt32(position >> 32)
            if bitmaps.last?.key != key { bitmaps.append((key, [])) }
            bitmaps[bitmaps.count - 1].values.append(UInt32(truncatingIfNeeded: position))
        }
        var writer = ByteWriter()
        writer.append(littleEndian: UInt64(bitmaps.count))
        for (key, values) in bitmaps {
            writer.append(littleEndian: key)
            RoaringBitmap(values).append(to: &writer)
        }
        return writer.bytes
    }

    /// Reads the positions, in order; `count` of them at most, which what holds the bitmap says.
    static func decode(
        _ bytes: ArraySlice<UInt8>, atMost count: Int
    ) throws(ColumnarError) -> [Int64] {
        var reader = ByteReader(Array(bytes))
        let bitmapCount: UInt64 = try reader.readLittleEndian()
        guard bitmapCount <= UInt64(reader.remaining / 8) else {
            throw .corrupt(reason: "\(bitmapCount) bitmaps in \(bytes.count) bytes", position: 0)
        }
        var positions: [Int64] = []
        var last: UInt32?
        for _ in 0..<bitmapCount {
            let key: UInt32 = try reader.readLittleEndian()
            guard last.map({ $0 < key }) ?? true, key < UInt32(Int32.max) else {
                throw .corrupt(reason: "bitmap \(key) out of order", position: reader.position)
            }
            last = key
            let bitmap = try RoaringBitmap(decoding: &reader, atMost: count - positions.count)
            bitmap.forEach { positions.append(Int64(key) << 32 | Int64($0)) }
        }
        guard reader.isAtEnd else {
            throw .corrupt(reason: "bytes after the bitmaps", position: reader.position)
        }
        return positions
    }
}
