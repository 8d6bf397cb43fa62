import Columnar

/// Reads Snappy blocks (google/snappy, format_description.txt), which other writers' pages come in.
///
/// A varint plain size, then elements: the low two bits of a tag byte tell which. 00: the high six
/// bits are a literal's length - 1, or 60 to 63 say that it follows in 1 to 4 bytes; the literal
/// follows. 01: a copy of 4 to 11 bytes from up to 2,047 back; 10 and 11: of 1 to 64 from a 16- or
/// 32-bit distance.
enum Snappy {
    static func decompress(
        _ bytes: [UInt8], _ range: Range<Int>, byteCount: Int
    ) throws(ColumnarError) -> [UInt8] {
        var reader = ByteReader(bytes, range: range)
        guard try reader.readVarint() == UInt64(byteCount) else {
            throw .corrupt(reason: "two sizes for a snappy page", position: range.lowerBound)
        }
        // An element of three bytes makes 64 at most, so a damaged size cannot ask for much.
        guard byteCount / 64 <= range.count else {
            throw .corrupt(reason: "a snappy page is cut", position: range.lowerBound)
        }
        var plain: [UInt8] = []
        plain.reserveCapacity(byteCount)
        while !reader.isAtEnd {
            let tag = try reader.readByte()
            switch tag & 3 {
            case 0:
                var length = Int(tag >> 2)
                if length >= 60 { length = try number(&reader, byteCount: length - 59) }
                plain.append(contentsOf: try reader.readSlice(length + 1))
            case 1:
                let distance = Int(tag >> 5) << 8 | Int(try reader.readByte())
                try copy(Int(tag >> 2 & 7) + 4, from: distance, &plain, reader.position)
            case 2:
                let distance = try number(&reader, byteCount: 2)
                try copy(Int(tag >> 2) + 1, from: distance, &plain, reader.position)
            default:
                let distance = try number(&reader, byteCount: 4)
                try copy(Int(tag >> 2) + 1, from: distance, &plain, reader.position)
            }
            guard plain.count <= byteCount else {
                throw .corrupt(reason: "a snappy page is too long", position: reader.position)
            }
        }
        guard plain.count == byteCount else {
            throw .corrupt(reason: "a snappy page is too short", position: range.upperBound)
        }
        return plain
    }

    private static func number(
        _ reader: inout ByteReader, byteCount: Int
    ) throws(ColumnarError) -> Int {
        var number = 0
        for byte in 0..<byteCount { number |= Int(try reader.readByte()) << (8 * byte) }
        return number
    }

    private static func copy(
        _ length: Int, from distance: Int, _ plain: inout [UInt8], _ position: Int
    ) throws(ColumnarError) {
        guard distance > 0, distance <= plain.count else {
            throw .corrupt(reason: "a snappy copy from before the page", position: position)
        }
        let start = plain.count - distance
        if distance >= length {
            plain.append(contentsOf: plain[start..<start + length])
        } else {
            // What is copied may be what was just copied.
            for offset in 0..<length { plain.append(plain[start + offset]) }
        }
    }
}
