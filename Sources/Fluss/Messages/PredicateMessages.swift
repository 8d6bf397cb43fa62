/// What a reader of a log wants of its rows: a comparison, or several joined.
struct PredicateMessage: ProtobufMessage, Hashable {
    /// 0 for a leaf, 1 for a compound.
    var type: Int32 = 0
    var leaf: LeafPredicateMessage?
    var compound: CompoundPredicateMessage?

    static let fields: [ProtobufField<PredicateMessage>] = [
        .required(1, "type", \.type),
        .optional(2, "leaf", \.leaf),
        .optional(3, "compound", \.compound),
    ]
}

/// A comparison of one column with literals.
struct LeafPredicateMessage: ProtobufMessage, Hashable {
    var function: Int32 = 0
    var fieldID: Int32 = 0
    var literals: [LiteralMessage] = []

    static let fields: [ProtobufField<LeafPredicateMessage>] = [
        .required(1, "function", \.function),
        .required(2, "field_id", \.fieldID),
        .repeated(3, "literals", \.literals),
    ]
}

struct CompoundPredicateMessage: ProtobufMessage, Hashable {
    /// 0 where all must hold, 1 where one must.
    var function: Int32 = 0
    /// Predicates as they came: whoever reads them bounds how deep they are.
    var children: [[UInt8]] = []

    static let fields: [ProtobufField<CompoundPredicateMessage>] = [
        .required(1, "function", \.function),
        .repeated(2, "children", \.children),
    ]
}

struct LiteralMessage: ProtobufMessage, Hashable {
    /// Which of the fields below has the value, by the root of its type.
    var literalType: Int32 = 0
    var isNull = false
    var boolean: Bool?
    var int: Int32?
    var bigint: Int64?
    var float: Float?
    var double: Double?
    var string: String?
    var bytes: [UInt8]?
    /// An unscaled number that fits 64 bits.
    var decimal: Int64?
    var timestampMilliseconds: Int64?
    var timestampNanoseconds: Int32?
    /// An unscaled number, big endian, two's complement.
    var decimalBytes: [UInt8]?

    static let fields: [ProtobufField<LiteralMessage>] = [
        .required(1, "literal_type", \.literalType),
        .required(2, "is_null", \.isNull),
        .optional(3, "boolean_value", \.boolean),
        .optional(4, "int_value", \.int),
        .optional(5, "bigint_value", \.bigint),
        .optional(6, "float_value", \.float),
        .optional(7, "double_value", \.double),
        .optional(8, "string_value", \.string),
        .optional(9, "binary_value", \.bytes),
        .optional(10, "decimal_value", \.decimal),
        .optional(11, "timestamp_millis_value", \.timestampMilliseconds),
        .optional(12, "timestamp_nano_of_millis_value", \.timestampNanoseconds),
        .optional(13, "decimal_bytes", \.decimalBytes),
    ]
}
