/// What everything outside of this file has to know of a type: its name and number, its forms in
/// Arrow, Parquet and Iceberg. With `storage` it is all that codecs and formats go by.
public struct TypeDescription: Hashable, Sendable {
    /// In SQL, without numbers.
    public var name: String
    /// The numbers that the name has behind it, such as precision and scale.
    public var numbers: [Int]
    /// Stands in stored files, so none may change its meaning or be used again.
    var kind: UInt8
    var arrow: ArrowType
    /// Iceberg's name; nil for what is a list, map or struct there.
    public var iceberg: String?
    public var parquet: ParquetAnnotation

    /// An entry of Arrow's Type union and its fields.
    enum ArrowType: Hashable, Sendable {
        case boolean, utf8, binary, date, list, structure, map
        case integer(bits: Int)
        case floatingPoint(precision: Int16)
        case decimal(precision: Int, scale: Int)
        case time(TimeUnit, bits: Int32)
        case timestamp(TimeUnit, isUTC: Bool)
        case fixedSizeBinary(Int)
        case fixedSizeList(Int)
    }

    /// What Parquet says of a value beside the physical type, which follows from it and `storage`.
    public enum ParquetAnnotation: Hashable, Sendable {
        case none, text, date, uuid
        /// Bytes of no fixed length, whatever the type's is: Iceberg's binary.
        case bytes
        case decimal(precision: Int, scale: Int)
        /// In no time zone.
        case time(isNanoseconds: Bool)
        case timestamp(isUTC: Bool, isNanoseconds: Bool)
    }

    init(
        _ name: String, _ numbers: [Int] = [], kind: UInt8, _ arrow: ArrowType,
        iceberg: String? = nil, _ parquet: ParquetAnnotation = .none
    ) {
        self.name = name
        self.numbers = numbers
        self.kind = kind
        self.arrow = arrow
        self.iceberg = iceberg
        self.parquet = parquet
    }
}

extension DataType {
    /// The one table of types; a new one has its line here, in `storage` and in `TypeFamily`.
    public var typeDescription: TypeDescription {
        switch self {
        case .boolean: .init("boolean", kind: 0, .boolean, iceberg: "boolean")
        case .int: .init("int", kind: 1, .integer(bits: 32), iceberg: "int")
        case .bigint: .init("bigint", kind: 2, .integer(bits: 64), iceberg: "long")
        case .float: .init("float", kind: 3, .floatingPoint(precision: 1), iceberg: "float")
        case .double: .init("double", kind: 4, .floatingPoint(precision: 2), iceberg: "double")
        case .string: .init("string", kind: 5, .utf8, iceberg: "string", .text)
        case .bytes: .init("bytes", kind: 6, .binary, iceberg: "binary", .bytes)
        case .date: .init("date", kind: 7, .date, iceberg: "date", .date)
        case .timestamp(let precision):
            .init(
                "timestamp", [precision], kind: 8,
                .timestamp(TimeUnit(precision: precision), isUTC: false),
                iceberg: precision <= 6 ? "timestamp" : "timestamp_ns",
                .timestamp(isUTC: false, isNanoseconds: precision > 6))
        case .timestampLTZ(let precision):
            .init(
                "timestamp_ltz", [precision], kind: 9,
                .timestamp(TimeUnit(precision: precision), isUTC: true),
                iceberg: precision <= 6 ? "timestamptz" : "timestamptz_ns",
                .timestamp(isUTC: true, isNanoseconds: precision > 6))
        case .decimal(let precision, let scale):
            .init(
                "decimal", [precision, scale], kind: 10,
                .decimal(precision: precision, scale: scale),
                iceberg: "decimal(\(precision), \(scale))",
                .decimal(precision: precision, scale: scale))
        case .vector(let dimension, _):
            .init("vector", [dimension], kind: 11, .fixedSizeList(dimension))
        case .tinyint: .init("tinyint", kind: 12, .integer(bits: 8), iceberg: "int")
        case .smallint: .init("smallint", kind: 13, .integer(bits: 16), iceberg: "int")
        case .char(let length): .init("char", [length], kind: 14, .utf8, iceberg: "string", .text)
        case .binary(let length):
            .init("binary", [length], kind: 15, .fixedSizeBinary(length), iceberg: "binary", .bytes)
        case .time(let precision):
            .init(
                "time", [precision], kind: 16,
                .time(TimeUnit(precision: precision), bits: precision <= 3 ? 32 : 64),
                iceberg: "time", .time(isNanoseconds: precision > 6))
        case .uuid: .init("uuid", kind: 17, .fixedSizeBinary(16), iceberg: "uuid", .uuid)
        case .array: .init("array", kind: 18, .list)
        case .map: .init("map", kind: 19, .map)
        case .row: .init("row", kind: 20, .structure)
        }
    }

    public var storage: Storage {
        switch self {
        case .boolean: .bit
        case .tinyint: .int8
        case .smallint: .int16
        case .int, .date: .int32
        case .bigint, .timestamp, .timestampLTZ: .int64
        case .time(let precision): precision <= 3 ? .int32 : .int64
        case .float: .float32
        case .double: .float64
        case .decimal: .int128
        case .char, .string: .text
        case .binary(let length): .fixedBytes(length)
        case .uuid: .fixedBytes(16)
        case .bytes: .variableBytes
        case .vector(let dimension, _): .floats(dimension)
        case .array: .list
        case .map: .map
        case .row: .record
        }
    }
}

/// The types of one name that nest no other, whatever their numbers.
struct TypeFamily: Sendable {
    let numberCount: Int
    /// What Fluss takes for numbers that are left out; nil if they may not be.
    let defaults: [Int]?
    let make: @Sendable ([Int]) -> DataType
    let name: String
    let kind: UInt8

    private init(_ type: DataType) { self.init(0, defaults: []) { _ in type } }

    private init(
        _ numberCount: Int, defaults: [Int]?, _ make: @escaping @Sendable ([Int]) -> DataType
    ) {
        self.numberCount = numberCount
        self.defaults = defaults
        self.make = make
        // Of a type with numbers in range of any family.
        let description = make([Int](repeating: 1, count: numberCount)).typeDescription
        name = description.name
        kind = description.kind
    }

    static let all: [TypeFamily] = [
        TypeFamily(.boolean), TypeFamily(.tinyint), TypeFamily(.smallint), TypeFamily(.int),
        TypeFamily(.bigint), TypeFamily(.float), TypeFamily(.double), TypeFamily(.string),
        TypeFamily(.bytes), TypeFamily(.date), TypeFamily(.uuid),
        TypeFamily(2, defaults: [10, 0]) { .decimal(precision: $0[0], scale: $0[1]) },
        TypeFamily(1, defaults: [1]) { .char(length: $0[0]) },
        TypeFamily(1, defaults: [1]) { .binary(length: $0[0]) },
        TypeFamily(1, defaults: [0]) { .time(precision: $0[0]) },
        TypeFamily(1, defaults: [6]) { .timestamp(precision: $0[0]) },
        TypeFamily(1, defaults: [6]) { .timestampLTZ(precision: $0[0]) },
        TypeFamily(1, defaults: nil) { .vector(dimension: $0[0]) },
    ]
}
