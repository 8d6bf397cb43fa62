/// How a column's values stand in memory; codecs and formats go by this wherever they can, so that
/// a type that is stored like another costs them nothing.
public enum Storage: Hashable, Sendable {
    /// A bit a value, lowest bit first.
    case bit
    case int8, int16, int32, int64
    /// Arrow's Decimal128.
    case int128
    case float32, float64
    /// As many bytes for each value.
    case fixedBytes(Int)
    /// Offsets into data.
    case text
    case variableBytes
    /// As many floats for each value.
    case floats(Int)
    /// Offsets into one child.
    case list
    /// Offsets into two children, keys and values.
    case map
    /// A child for each field.
    case record
}

extension Storage {
    /// The bytes a value takes in a column's data; nil if it takes bits, as many as it needs, or
    /// none.
    public var fixedByteCount: Int? {
        switch self {
        case .int8: 1
        case .int16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        case .int128: 16
        case .fixedBytes(let count): count
        case .floats(let dimension): dimension * 4
        case .bit, .text, .variableBytes, .list, .map, .record: nil
        }
    }

    /// The largest integer that a value holds, the least being one less than its negative; nil if
    /// values are no integers of at most 64 bits.
    public var largestInteger: Int64? {
        switch self {
        case .int8: Int64(Int8.max)
        case .int16: Int64(Int16.max)
        case .int32: Int64(Int32.max)
        case .int64: .max
        default: nil
        }
    }

    /// Whether the column's data are the bytes of its values one after the other.
    public var isVariableBytes: Bool { self == .text || self == .variableBytes }

    public var hasOffsets: Bool {
        switch self {
        case .text, .variableBytes, .list, .map: true
        default: false
        }
    }

    public var hasData: Bool {
        switch self {
        case .list, .map, .record: false
        default: true
        }
    }
}
