/// Appends numbers and strings to a growing array of bytes.
///
/// A varint has seven bits a byte, lowest first, the top bit set on all but the last (LEB128); a
/// zig-zag varint maps 0, -1, 1, -2 ... to 0, 1, 2, 3 ... first. A string is its UTF-8 byte count
/// as a varint, then its bytes.
public struct ByteWriter: Sendable {
    public var bytes: [UInt8]

    @inlinable
    public init(capacity: Int = 0) {
        bytes = []
        if capacity > 0 { bytes.reserveCapacity(capacity) }
    }

    @inlinable public var count: Int { bytes.count }

    @inlinable
    public mutating func append(byte: UInt8) { bytes.append(byte) }

    @inlinable
    public mutating func append<Integer: FixedWidthInteger & BitwiseCopyable>(
        littleEndian number: Integer
    ) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    @inlinable
    public mutating func append<Integer: FixedWidthInteger & BitwiseCopyable>(
        bigEndian number: Integer
    ) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends the IEEE 754 bits, little endian.
    @inlinable
    public mutating func append(float: Float) { append(littleEndian: float.bitPattern) }

    /// Appends the IEEE 754 bits, little endian.
    @inlinable
    public mutating func append(double: Double) { append(littleEndian: double.bitPattern) }

    @inlinable
    public mutating func append(varint number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    @inlinable
    public mutating func append(zigZag number: Int64) {
        append(varint: UInt64(bitPattern: (number << 1) ^ (number >> 63)))
    }

    @inlinable
    public mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    @inlinable
    public mutating func append(_ more: ArraySlice<UInt8>) { bytes.append(contentsOf: more) }

    @inlinable
    public mutating func append(_ more: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: more)
    }

    /// Appends a varint byte count and the bytes.
    @inlinable
    public mutating func append(lengthPrefixed more: [UInt8]) {
        append(varint: UInt64(more.count))
        bytes.append(contentsOf: more)
    }

    /// Appends a varint byte count and the UTF-8 bytes.
    @inlinable
    public mutating func append(string: String) {
        append(varint: UInt64(string.utf8.count))
        bytes.append(contentsOf: string.utf8)
    }

    @inlinable
    public mutating func append(zeros count: Int) {
        bytes.append(contentsOf: repeatElement(0, count: count))
    }

    /// Overwrites bytes that were appended before, such as a length not known until the end.
    @inlinable
    public mutating func replace<Integer: FixedWidthInteger & BitwiseCopyable>(
        at position: Int, littleEndian number: Integer
    ) {
        precondition(position >= 0 && position + MemoryLayout<Integer>.size <= bytes.count)
        bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: number.littleEndian, toByteOffset: position, as: Integer.self)
        }
    }

    /// Overwrites bytes that were appended before, such as a length not known until the end.
    @inlinable
    public mutating func replace<Integer: FixedWidthInteger & BitwiseCopyable>(
        at position: Int, bigEndian number: Integer
    ) {
        replace(at: position, littleEndian: number.byteSwapped)
    }
}
