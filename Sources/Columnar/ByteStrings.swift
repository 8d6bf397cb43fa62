/// Strings of bytes, one after the other in one buffer: a list of many short ones costs a few
/// allocations instead of one for each.
public struct ByteStrings: RandomAccessCollection, Hashable, Sendable {
    private var bytes: [UInt8] = []
    /// Where each one ends.
    private var ends: [Int] = []

    public init() {}

    public var startIndex: Int { 0 }

    public var endIndex: Int { ends.count }

    /// Bytes of all strings together.
    public var byteCount: Int { bytes.count }

    @inline(__always)
    public subscript(position: Int) -> ArraySlice<UInt8> {
        bytes[(position == 0 ? 0 : ends[position - 1])..<ends[position]]
    }

    @inline(__always)
    public mutating func append(_ string: [UInt8]) {
        bytes.append(contentsOf: string)
        ends.append(bytes.count)
    }

    @inline(__always)
    public mutating func append(_ string: ArraySlice<UInt8>) {
        bytes.append(contentsOf: string)
        ends.append(bytes.count)
    }
}
