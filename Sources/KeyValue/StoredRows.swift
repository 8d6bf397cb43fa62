public import Columnar

/// Rows of a store in the order of their keys.
///
/// Their bytes lie in two buffers: an element copies its own out of them, `keys` and `values` give
/// them without a copy.
public struct StoredRows: RandomAccessCollection, Sendable {
    public private(set) var keys = ByteStrings()
    public private(set) var values = ByteStrings()

    public init() {}

    /// Nil if there are not as many keys as values.
    public init?(keys: ByteStrings, values: ByteStrings) {
        if keys.count != values.count { return nil }
        self.keys = keys
        self.values = values
    }

    public var startIndex: Int { 0 }

    public var endIndex: Int { keys.count }

    /// Bytes of all keys and values.
    @inline(__always)
    public var byteCount: Int { keys.byteCount + values.byteCount }

    public subscript(position: Int) -> (key: [UInt8], value: [UInt8]) {
        (Array(keys[position]), Array(values[position]))
    }

    @inline(__always)
    mutating func append(_ key: [UInt8], _ value: ArraySlice<UInt8>) {
        keys.append(key)
        values.append(value)
    }
}
