/// One value of a row; which case is used follows from the column's `DataType`.
public enum Value: Hashable, Sendable {
    case null
    case boolean(Bool)
    case int32(Int32)
    case int64(Int64)
    case float32(Float)
    case float64(Double)
    case string(String)
    case bytes([UInt8])
    /// Days since 1970-01-01.
    case date(Int32)
    /// Microseconds, for both timestamp types.
    case timestamp(Int64)
    /// The unscaled number, of a decimal of at most 18 digits.
    case decimal(Int64)
    case vector([Float])

    /// Whether the value may stand in a column of this type, nulls aside.
    public func matches(_ type: DataType) -> Bool {
        switch (self, type) {
        case (.boolean, .boolean), (.int32, .int32), (.int64, .int64), (.float32, .float32),
            (.float64, .float64), (.string, .string), (.bytes, .bytes), (.date, .date),
            (.timestamp, .timestamp), (.timestamp, .timestampWithZone):
            true
        case (.decimal(let unscaled), .decimal(let precision, _)):
            unscaled.magnitude < powerOfTen(precision)
        case (.vector(let elements), .vector(let dimension)): elements.count == dimension
        default: false
        }
    }
}

/// The values of one row, in the order of its schema's fields.
public typealias Row = [Value]
