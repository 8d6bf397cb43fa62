/// The type of a column, or of what a column nests; the names are Fluss's.
///
/// Everything else about a type follows from its `storage` and from a few lines beside it: see the
/// module's page for where.
public enum DataType: Hashable, Sendable {
    case boolean
    /// 8 bits, signed.
    case tinyint
    /// 16 bits, signed.
    case smallint
    /// 32 bits, signed.
    case int
    /// 64 bits, signed.
    case bigint
    case float
    case double
    /// A number of at most `precision` digits (1 to 38), `scale` of them after the point.
    case decimal(precision: Int, scale: Int)
    /// Text of at most `length` Unicode scalars; shorter text is not padded.
    case char(length: Int)
    case string
    /// Exactly `length` bytes.
    case binary(length: Int)
    case bytes
    /// Days since 1970-01-01.
    case date
    /// The time of a day in units of `TimeUnit(precision:)`.
    case time(precision: Int)
    /// Units of `TimeUnit(precision:)` since 1970-01-01T00:00 in no time zone.
    case timestamp(precision: Int)
    /// Units of `TimeUnit(precision:)` since 1970-01-01T00:00Z; Fluss's TIMESTAMP_LTZ.
    case timestampLTZ(precision: Int)
    case uuid
    /// `dimension` floats, none of them null; a list of a fixed length.
    case vector(dimension: Int, elementIdentifier: Int32 = 0)
    indirect case array(ArrayType)
    indirect case map(MapType)
    indirect case row(RowType)
}

/// A list of any length.
public struct ArrayType: Hashable, Sendable {
    /// The field identifier of the elements; 0 until a schema assigns one.
    public var elementIdentifier: Int32
    public var element: DataType
    public var isElementNullable: Bool

    public init(_ element: DataType, isNullable: Bool = true, identifier: Int32 = 0) {
        self.element = element
        isElementNullable = isNullable
        elementIdentifier = identifier
    }
}

/// Entries of a key, never null, and a value; they keep the order in which they were written.
public struct MapType: Hashable, Sendable {
    /// The field identifiers of keys and values; 0 until a schema assigns them.
    public var keyIdentifier: Int32
    public var valueIdentifier: Int32
    public var key: DataType
    public var value: DataType
    public var isValueNullable: Bool

    public init(
        _ key: DataType, _ value: DataType, isNullable: Bool = true, keyIdentifier: Int32 = 0,
        valueIdentifier: Int32 = 0
    ) {
        self.key = key
        self.value = value
        isValueNullable = isNullable
        self.keyIdentifier = keyIdentifier
        self.valueIdentifier = valueIdentifier
    }
}

/// Fields inside a field.
public struct RowType: Hashable, Sendable {
    public var fields: [Field]

    public init(_ fields: [Field]) { self.fields = fields }
}

extension DataType {
    /// Whether rows and keys write the unscaled number in 64 bits, as Fluss does to 18 digits.
    var isCompactDecimal: Bool {
        if case .decimal(let precision, _) = self { return precision <= 18 }
        return false
    }

    /// Whether values of the type are made of others; a vector's are its own.
    public var isNested: Bool {
        switch self {
        case .array, .map, .row: true
        default: false
        }
    }

    /// The fields that a type nests directly, in the order of a column's children.
    ///
    /// A vector has none: its elements stand in the column's own data.
    public var children: [Field] {
        switch self {
        case .array(let array):
            [
                Field(
                    identifier: array.elementIdentifier, name: "element", type: array.element,
                    isNullable: array.isElementNullable)
            ]
        case .map(let map):
            [
                Field(
                    identifier: map.keyIdentifier, name: "key", type: map.key, isNullable: false),
                Field(
                    identifier: map.valueIdentifier, name: "value", type: map.value,
                    isNullable: map.isValueNullable),
            ]
        case .row(let row): row.fields
        default: []
        }
    }

    /// The type with other fields nested in it, of the number and in the order of `children`.
    func replacingChildren(_ fields: [Field]) -> DataType {
        precondition(fields.count == children.count, "\(self) has other children")
        switch self {
        case .array:
            return .array(
                ArrayType(
                    fields[0].type, isNullable: fields[0].isNullable,
                    identifier: fields[0].identifier))
        case .map:
            return .map(
                MapType(
                    fields[0].type, fields[1].type, isNullable: fields[1].isNullable,
                    keyIdentifier: fields[0].identifier, valueIdentifier: fields[1].identifier))
        case .row: return .row(RowType(fields))
        default: return self
        }
    }
}
