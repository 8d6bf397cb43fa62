/// One value of a row; which case is used follows from the column's `DataType`.
public enum Value: Hashable, Sendable {
    case null
    case boolean(Bool)
    case tinyint(Int8)
    case smallint(Int16)
    case int(Int32)
    case bigint(Int64)
    case float(Float)
    case double(Double)
    /// The unscaled number. Boxed, as identifiers are, so that no other value grows.
    indirect case decimal(Int128)
    /// For char and string.
    case string(String)
    /// For binary and bytes.
    case bytes([UInt8])
    /// Days since 1970-01-01.
    case date(Int32)
    /// Units of the type since midnight.
    case time(Int64)
    /// Units of the type since 1970-01-01T00:00, for both timestamp types.
    case timestamp(Int64)
    indirect case uuid(UniqueIdentifier)
    case vector([Float])
    case array([Value])
    case map([MapEntry])
    /// In the order of the type's fields.
    case row([Value])
}

/// A key of a map and what stands under it.
public struct MapEntry: Hashable, Sendable {
    public var key: Value
    public var value: Value

    public init(_ key: Value, _ value: Value) {
        self.key = key
        self.value = value
    }
}

/// The values of one row, in the order of its schema's fields.
public typealias Row = [Value]

extension Value {
    public var isNull: Bool {
        if case .null = self { return true }
        return false
    }

    /// Whether the value may stand in a column of this type; null may not.
    ///
    /// Complexity: linear in the values nested, for a map n log n.
    public func matches(_ type: DataType) -> Bool {
        switch (self, type) {
        case (.int, .int), (.bigint, .bigint), (.string, .string), (.boolean, .boolean),
            (.tinyint, .tinyint), (.smallint, .smallint), (.float, .float), (.double, .double),
            (.bytes, .bytes), (.date, .date), (.uuid, .uuid):
            true
        case (.decimal(let unscaled), .decimal(let precision, _)):
            unscaled.magnitude < powerOfTen(precision)
        case (.string(let text), .char(let length)): text.unicodeScalars.count <= length
        case (.bytes(let bytes), .binary(let length)): bytes.count == length
        case (.time(let time), .time(let precision)):
            time >= 0 && time < TimeUnit(precision: precision).unitsPerDay
        case (.timestamp(let time), .timestamp(let precision)),
            (.timestamp(let time), .timestampLTZ(let precision)):
            Value.isTimestamp(time, precision: precision)
        case (.vector(let elements), .vector(let dimension, _)): elements.count == dimension
        case (.array(let elements), .array(let type)):
            elements.allSatisfy { $0.matches(type.element, isNullable: type.isElementNullable) }
        case (.map(let entries), .map(let type)):
            entries.allSatisfy {
                $0.key.matches(type.key)
                    && $0.value.matches(type.value, isNullable: type.isValueNullable)
            } && Value.areDistinct(entries.map(\.key))
        case (.row(let values), .row(let type)):
            values.count == type.fields.count
                && values.indices.allSatisfy {
                    values[$0].matches(
                        type.fields[$0].type, isNullable: type.fields[$0].isNullable)
                }
        default: false
        }
    }

    private func matches(_ type: DataType, isNullable: Bool) -> Bool {
        isNull ? isNullable : matches(type)
    }

    /// Whether a number of the precision's unit can also be said in microseconds, which the lake
    /// has for precisions to 6.
    static func isTimestamp(_ time: Int64, precision: Int) -> Bool {
        if precision > 3 { return true }
        let factor = 1_000_000 / TimeUnit(precision: precision).rawValue
        return !time.multipliedReportingOverflow(by: factor).overflow
    }

    private static func areDistinct(_ keys: [Value]) -> Bool {
        if keys.count < 2 { return true }
        let sorted = keys.sorted { compare($0, $1) == .ascending }
        return zip(sorted, sorted.dropFirst()).allSatisfy { compare($0, $1) != .same }
    }
}

extension Value {
    /// The number of a value that is stored as an integer of at most 64 bits.
    @inline(__always)
    public var integer: Int64? {
        switch self {
        case .int(let number), .date(let number): Int64(number)
        case .bigint(let number), .timestamp(let number), .time(let number): number
        case .tinyint(let number): Int64(number)
        case .smallint(let number): Int64(number)
        default: nil
        }
    }

    /// The value of a type that is stored as an integer of at most 64 bits.
    ///
    /// Precondition: the type is one of those, and the number fits it.
    @inline(__always)
    public init(integer: Int64, of type: DataType) {
        switch type {
        case .int: self = .int(Int32(integer))
        case .bigint: self = .bigint(integer)
        case .timestamp, .timestampLTZ: self = .timestamp(integer)
        case .date: self = .date(Int32(integer))
        case .time: self = .time(integer)
        case .tinyint: self = .tinyint(Int8(integer))
        case .smallint: self = .smallint(Int16(integer))
        default: preconditionFailure("\(type) is not stored as an integer")
        }
    }

    /// The value of a type that is stored as an integer of at most 64 bits; nil where the type is
    /// stored otherwise, or is too narrow for the number.
    public init?(exactly integer: Int64, of type: DataType) {
        guard let largest = type.storage.largestInteger, integer <= largest,
            integer >= -largest - 1
        else { return nil }
        self.init(integer: integer, of: type)
    }

    /// The value of a type that is stored as bytes, text aside.
    ///
    /// Precondition: the type is one of those, and the bytes fit it.
    init(bytes: [UInt8], of type: DataType) {
        switch type {
        case .bytes, .binary: self = .bytes(bytes)
        case .uuid: self = .uuid(UniqueIdentifier(bytes: bytes))
        default: preconditionFailure("\(type) is not stored as bytes")
        }
    }
}
