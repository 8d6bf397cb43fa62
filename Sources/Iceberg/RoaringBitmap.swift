import Columnar

/// A set of positions as Roaring bitmaps in their portable form, as Iceberg's deletion vectors have
/// them (github.com/RoaringBitmap/RoaringFormatSpec; the 64-bit extension).
///
///     u64 LE    number of bitmaps, then for each, in order of keys:
///     u32 LE    key, the upper half of its positions
///               a bitmap of the lower halves:
///     u32 LE    cookie: 12346, or 12347 with the number of containers less one in the upper half
///     u32 LE    number of containers, after cookie 12346
///     bits      one for each container, after cookie 12347: whether it is of runs
///     u16 LE    for each container: the key, cardinality less one
///     u32 LE    for each container: where it begins; not after cookie 12347 with fewer than four
///               containers: sorted u16 up to 4,096 of them, 8 KiB of bits above that; of runs,
///               their number, and for each its first value and its length less one
enum RoaringBitmap {
    private static let plainCookie: UInt32 = 12_346
    private static let runCookie: UInt32 = 12_347
    private static let arrayLimit = 4096
    private static let bitmapByteCount = 8192
    private static let offsetThreshold = 4
    /// A position has 63 bits, and Java's readers take keys below this.
    static let positionLimit = Int64(Int32.max) << 32

    // MARK: Writing

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
            append(values, to: &writer)
        }
        return writer.bytes
    }

    private static func append(_ values: [UInt32], to writer: inout ByteWriter) {
        var containers: [(key: UInt16, values: [UInt16])] = []
        for value in values {
            let key = UInt16(value >> 16)
            if containers.last?.key != key { containers.append((key, [])) }
            containers[containers.count - 1].values.append(UInt16(truncatingIfNeeded: value))
        }
        writer.append(littleEndian: plainCookie)
        writer.append(littleEndian: UInt32(containers.count))
        for container in containers {
            writer.append(littleEndian: container.key)
            writer.append(littleEndian: UInt16(container.values.count - 1))
        }
        var offset = 8 + 8 * containers.count
        for container in containers {
            writer.append(littleEndian: UInt32(offset))
            offset +=
                container.values.count > arrayLimit
                ? bitmapByteCount : 2 * container.values.count
        }
        for container in containers {
            if container.values.count <= arrayLimit {
                for value in container.values { writer.append(littleEndian: value) }
                continue
            }
            var bits = [UInt8](repeating: 0, count: bitmapByteCount)
            for value in container.values { bits[Int(value) / 8] |= 1 << UInt8(value % 8) }
            writer.append(bits)
        }
    }

    // MARK: Reading

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
            try readBitmap(&reader, above: Int64(key) << 32, into: &positions, atMost: count)
        }
        guard reader.isAtEnd else {
            throw .corrupt(reason: "bytes after the bitmaps", position: reader.position)
        }
        return positions
    }

    private static func readBitmap(
        _ reader: inout ByteReader, above base: Int64, into positions: inout [Int64],
        atMost count: Int
    ) throws(ColumnarError) {
        let cookie: UInt32 = try reader.readLittleEndian()
        var containerCount = 0
        var runs: [UInt8] = []
        if cookie & 0xFFFF == runCookie {
            containerCount = Int(cookie >> 16) + 1
            runs = try reader.readBytes((containerCount + 7) / 8)
        } else if cookie == plainCookie {
            let stated: UInt32 = try reader.readLittleEndian()
            guard stated <= 1 << 16 else {
                throw .corrupt(reason: "\(stated) containers", position: reader.position)
            }
            containerCount = Int(stated)
        } else {
            throw .corrupt(reason: "no Roaring cookie: \(cookie)", position: reader.position)
        }
        var headers: [(key: UInt16, cardinality: Int)] = []
        for _ in 0..<containerCount {
            let key: UInt16 = try reader.readLittleEndian()
            let cardinality: UInt16 = try reader.readLittleEndian()
            headers.append((key, Int(cardinality) + 1))
        }
        if runs.isEmpty || containerCount >= offsetThreshold { try reader.skip(4 * containerCount) }
        for (number, header) in headers.enumerated() {
            guard positions.count + header.cardinality <= count else {
                throw .corrupt(
                    reason: "more than the \(count) positions that are stated",
                    position: reader.position)
            }
            let start = base | Int64(header.key) << 16
            let isOfRuns = !runs.isEmpty && runs[number / 8] >> UInt8(number % 8) & 1 == 1
            let before = positions.count
            if isOfRuns {
                try readRuns(&reader, start, header.cardinality, into: &positions)
            } else if header.cardinality <= arrayLimit {
                for _ in 0..<header.cardinality {
                    let value: UInt16 = try reader.readLittleEndian()
                    positions.append(start | Int64(value))
                }
            } else {
                let bits = try reader.readSlice(bitmapByteCount)
                for (place, byte) in bits.enumerated() where byte != 0 {
                    for bit in 0..<8 where byte >> UInt8(bit) & 1 == 1 {
                        positions.append(start | Int64(place * 8 + bit))
                    }
                }
            }
            let isRight =
                positions.count - before == header.cardinality
                && (before == 0 || positions[before - 1] < positions[before])
            guard isRight,
                zip(positions[before...], positions[before...].dropFirst())
                    .allSatisfy({ $0 < $1 })
            else {
                throw .corrupt(
                    reason: "a container that is not as it says", position: reader.position)
            }
        }
    }

    private static func readRuns(
        _ reader: inout ByteReader, _ start: Int64, _ cardinality: Int,
        into positions: inout [Int64]
    ) throws(ColumnarError) {
        let runCount: UInt16 = try reader.readLittleEndian()
        var left = cardinality
        for _ in 0..<runCount {
            let first: UInt16 = try reader.readLittleEndian()
            let length: UInt16 = try reader.readLittleEndian()
            left -= Int(length) + 1
            guard left >= 0, Int(first) + Int(length) <= 0xFFFF else {
                throw .corrupt(reason: "runs of too many values", position: reader.position)
            }
            for value in Int64(first)...Int64(first) + Int64(length) {
                positions.append(start | value)
            }
        }
    }
}
