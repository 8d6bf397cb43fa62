import Columnar

/// How the values of a leaf stand in a file, and what type they have in memory.
///
/// A type is written as Iceberg has it, so that a lake's file needs no second schema:
///
///     boolean                    BOOLEAN
///     tinyint, smallint, int     INT32
///     bigint                     INT64
///     float, double              FLOAT, DOUBLE
///     decimal                    INT32 to 9 digits, INT64 to 18, above them FIXED_LEN_BYTE_ARRAY
///                                of as few bytes as hold them; DECIMAL
///     char, string               BYTE_ARRAY, STRING
///     binary, bytes              BYTE_ARRAY
///     date                       INT32, DATE
///     time                       INT64, TIME(MICROS), above precision 6 TIME(NANOS)
///     timestamp, timestamp_ltz   INT64, TIMESTAMP(MICROS), above precision 6 TIMESTAMP(NANOS)
///     uuid                       FIXED_LEN_BYTE_ARRAY(16), UUID
struct LeafLayout: Hashable, Sendable {
    var physical: PhysicalType
    /// Bytes of a FIXED_LEN_BYTE_ARRAY value.
    var typeLength: Int
    /// What to multiply a stored time by to have the unit of the type.
    var factor: Int64
    /// The type of the values in memory.
    var type: DataType

    /// Precondition: the type nests no other.
    init(_ type: DataType) {
        self.type = type
        factor = 1
        typeLength = 0
        switch (type.typeDescription.parquet, type.storage) {
        case (.decimal(let precision, _), _):
            physical =
                precision <= 9 ? .int32 : (precision <= 18 ? .int64 : .fixedLengthByteArray)
            if precision > 18 {
                typeLength = (Int128(powerOfTen(precision)) - 1).bigEndianBytes.count
            }
        case (.time, _), (.timestamp, _), (_, .int64): physical = .int64
        case (.bytes, _), (_, .text), (_, .variableBytes): physical = .byteArray
        case (_, .bit): physical = .boolean
        case (_, .int8), (_, .int16), (_, .int32): physical = .int32
        case (_, .float32): physical = .float
        case (_, .float64): physical = .double
        case (_, .fixedBytes(let count)):
            physical = .fixedLengthByteArray
            typeLength = count
        case (_, .int128), (_, .floats), (_, .list), (_, .map), (_, .record):
            preconditionFailure("\(type) is no leaf")
        }
    }

    /// Says in a schema element what the leaf is.
    func describe(_ element: inout SchemaElement) {
        element.type = physical
        if physical == .fixedLengthByteArray { element.typeLength = Int32(typeLength) }
        switch type.typeDescription.parquet {
        case .none, .bytes: break
        case .text: (element.convertedType, element.logicalType) = (ConvertedType.utf8, .string)
        case .date: (element.convertedType, element.logicalType) = (ConvertedType.date, .date)
        case .time(let isNanoseconds):
            // No converted type: the old one means UTC.
            element.logicalType = .time(isAdjustedToUTC: false, unit: isNanoseconds ? 3 : 2)
        case .timestamp(let isUTC, let isNanoseconds):
            if isUTC && !isNanoseconds { element.convertedType = ConvertedType.timestampMicros }
            element.logicalType = .timestamp(
                isAdjustedToUTC: isUTC, unit: isNanoseconds ? 3 : 2)
        case .decimal(let precision, let scale):
            element.convertedType = ConvertedType.decimal
            (element.precision, element.scale) = (Int32(precision), Int32(scale))
            element.logicalType = .decimal(precision: Int32(precision), scale: Int32(scale))
        case .uuid: element.logicalType = .uuid
        }
    }

    /// What the units of a time in memory are multiplied by when they are written.
    var writingFactor: Int64 {
        switch type {
        case .time(let precision), .timestamp(let precision), .timestampLTZ(let precision):
            max(1, 1_000_000 / TimeUnit(precision: precision).rawValue)
        default: 1
        }
    }
}

// MARK: - For reading

extension LeafLayout {
    /// Nil if the element has no counterpart.
    init?(_ element: SchemaElement) {
        guard let physical = element.type else { return nil }
        var typeLength = 0
        if physical == .fixedLengthByteArray {
            guard let length = element.typeLength, (1...1 << 16).contains(length) else {
                return nil
            }
            typeLength = Int(length)
        }
        guard let type = Self.type(element, physical, typeLength) else { return nil }
        self.init(type)
        self.physical = physical
        self.typeLength = typeLength
        let isMilliseconds =
            switch element.logicalType {
            case .timestamp(_, let unit), .time(_, let unit): unit == 1
            case nil:
                element.convertedType == ConvertedType.timestampMillis
                    || element.convertedType == ConvertedType.timeMillis
            default: false
            }
        if isMilliseconds { factor = 1000 }
    }

    private static func type(
        _ element: SchemaElement, _ physical: PhysicalType, _ typeLength: Int
    ) -> DataType? {
        if let decimal = decimal(element) {
            let isNumber = physical != .boolean && physical != .float && physical != .double
            return isNumber && physical != .int96 ? decimal : nil
        }
        switch (physical, element.logicalType) {
        case (.boolean, nil): return .boolean
        case (.float, nil): return .float
        case (.double, nil): return .double
        case (.int32, .date): return .date
        case (.int32, .integer(let bits, let isSigned)):
            return isSigned || bits < 32 ? .int : nil
        case (.int64, .integer(let bits, let isSigned)):
            return isSigned || bits < 64 ? .bigint : nil
        case (.int32, .time(_, 1)), (.int64, .time(_, 2)): return .time(precision: 6)
        case (.int64, .time(_, 3)): return .time(precision: 9)
        case (.int64, .timestamp(let isAdjustedToUTC, let unit)):
            guard (1...3).contains(unit) else { return nil }
            let precision = unit == 3 ? 9 : 6
            return isAdjustedToUTC
                ? .timestampLTZ(precision: precision) : .timestamp(precision: precision)
        case (.byteArray, .string): return .string
        case (.byteArray, .binary): return .bytes
        case (.fixedLengthByteArray, .uuid): return typeLength == 16 ? .uuid : nil
        case (_, .some): return nil
        // Written by Spark and Impala before there were logical types; always moments.
        case (.int96, nil): return .timestampLTZ(precision: 6)
        case (_, nil): return type(converted: element.convertedType, physical, typeLength)
        }
    }

    private static func type(
        converted: Int32?, _ physical: PhysicalType, _ typeLength: Int
    ) -> DataType? {
        switch (physical, converted) {
        case (.int32, nil), (.int32, ConvertedType.uint8), (.int32, ConvertedType.uint16),
            (.int32, ConvertedType.int8), (.int32, ConvertedType.int16),
            (.int32, ConvertedType.int32):
            .int
        case (.int32, ConvertedType.date): .date
        case (.int32, ConvertedType.timeMillis), (.int64, ConvertedType.timeMicros):
            .time(precision: 6)
        case (.int64, nil), (.int64, ConvertedType.int64): .bigint
        case (.int64, ConvertedType.timestampMillis), (.int64, ConvertedType.timestampMicros):
            .timestampLTZ(precision: 6)
        case (.byteArray, nil): .bytes
        case (.byteArray, ConvertedType.utf8), (.byteArray, ConvertedType.enumeration),
            (.byteArray, ConvertedType.json):
            .string
        case (.fixedLengthByteArray, nil): .binary(length: typeLength)
        default: nil
        }
    }

    private static func decimal(_ element: SchemaElement) -> DataType? {
        var (precision, scale): (Int32, Int32) = (0, 0)
        if case .decimal(let digits, let fraction) = element.logicalType {
            (precision, scale) = (digits, fraction)
        } else if element.convertedType == ConvertedType.decimal {
            (precision, scale) = (element.precision ?? 0, element.scale ?? 0)
        }
        guard (1...38).contains(precision), (0...precision).contains(scale) else { return nil }
        return .decimal(precision: Int(precision), scale: Int(scale))
    }
}
