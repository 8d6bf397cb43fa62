/// Reads what `ByteWriter` wrote, out of bytes that nobody vouches for.
///
/// Every read checks its bounds and throws `ColumnarError.corrupt` with the position; none traps.
/// Positions are those of the whole array, also when only a range of it is read.
public struct ByteReader: Sendable {
    @usableFromInline let bytes: [UInt8]
    /// Where the next read begins.
    public private(set) var position: Int
    /// Where the range ends.
    public let end: Int

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    /// Precondition: `range` lies in `bytes`.
    public init(_ bytes: [UInt8], range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    public var remaining: Int { end - position }

    public var isAtEnd: Bool { position == end }

    /// Moves over `count` bytes and answers where they begin.
    public mutating func take(_ count: Int) throws(ColumnarError) -> Int {
        guard count >= 0, count <= end - position else {
            throw .corrupt(
                reason: "\(count) bytes wanted, \(end - position) left", position: position)
        }
        let start = position
        position += count
        return start
    }

    public mutating func skip(_ count: Int) throws(ColumnarError) { _ = try take(count) }

    public mutating func readByte() throws(ColumnarError) -> UInt8 { bytes[try take(1)] }

    @inlinable
    public mutating func readLittleEndian<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type = Integer.self
    ) throws(ColumnarError) -> Integer {
        let start = try take(MemoryLayout<Integer>.size)
        return bytes.withUnsafeBytes {
            Integer(littleEndian: $0.loadUnaligned(fromByteOffset: start, as: Integer.self))
        }
    }

    @inlinable
    public mutating func readBigEndian<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type = Integer.self
    ) throws(ColumnarError) -> Integer {
        try readLittleEndian(type).byteSwapped
    }

    /// A byte of 0 or 1.
    mutating func readFlag() throws(ColumnarError) -> Bool {
        let byte = try readByte()
        guard byte <= 1 else {
            throw .corrupt(reason: "a boolean of \(byte)", position: position - 1)
        }
        return byte == 1
    }

    public mutating func readFloat() throws(ColumnarError) -> Float {
        Float(bitPattern: try readLittleEndian())
    }

    public mutating func readDouble() throws(ColumnarError) -> Double {
        Double(bitPattern: try readLittleEndian())
    }

    public mutating func readVarint() throws(ColumnarError) -> UInt64 {
        let start = position
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try readByte()
            if shift == 63 && byte > 1 {
                throw .corrupt(reason: "the varint is over 64 bits", position: start)
            }
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return number }
            shift += 7
        }
    }

    public mutating func readZigZag() throws(ColumnarError) -> Int64 {
        let number = try readVarint()
        return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
    }

    /// A varint that counts something of which each takes at least `byteCount` of the bytes left.
    ///
    /// So a damaged count cannot make the caller allocate more than the input justifies.
    public mutating func readCount(ofAtLeast byteCount: Int = 1) throws(ColumnarError) -> Int {
        let start = position
        let number = try readVarint()
        guard let count = Int(exactly: number), count <= remaining / max(1, byteCount) else {
            throw .corrupt(
                reason: "a count of \(number), but \(remaining) bytes are left", position: start)
        }
        return count
    }

    public mutating func readBytes(_ count: Int) throws(ColumnarError) -> [UInt8] {
        let start = try take(count)
        return Array(bytes[start..<start + count])
    }

    /// The next bytes without a copy.
    public mutating func readSlice(_ count: Int) throws(ColumnarError) -> ArraySlice<UInt8> {
        let start = try take(count)
        return bytes[start..<start + count]
    }

    /// A varint byte count and as many bytes.
    public mutating func readLengthPrefixed() throws(ColumnarError) -> [UInt8] {
        try readBytes(try readCount())
    }

    /// A varint byte count and as many bytes of valid UTF-8.
    public mutating func readString() throws(ColumnarError) -> String {
        try readString(byteCount: try readCount())
    }

    /// The next `byteCount` bytes, which must be valid UTF-8.
    public mutating func readString(byteCount: Int) throws(ColumnarError) -> String {
        let start = try take(byteCount)
        let text = bytes.withUnsafeBufferPointer {
            String(
                validating: UnsafeBufferPointer(rebasing: $0[start..<start + byteCount]),
                as: UTF8.self)
        }
        guard let text else { throw .corrupt(reason: "the text is not UTF-8", position: start) }
        return text
    }

    /// A reader of the next `count` bytes, which this one moves over.
    public mutating func subreader(_ count: Int) throws(ColumnarError) -> ByteReader {
        let start = try take(count)
        return ByteReader(bytes, range: start..<start + count)
    }
}
