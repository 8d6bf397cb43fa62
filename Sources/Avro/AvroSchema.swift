public import JSON

/// An Avro schema (Avro 1.11 specification), with the field and element ids that Iceberg adds.
public indirect enum AvroSchema: Hashable, Sendable {
    case null, boolean, int, long, float, double, bytes, string
    case fixed(name: String, byteCount: Int)
    case array(AvroSchema, elementIdentifier: Int32?, isMap: Bool)
    case map(AvroSchema)
    /// At most one branch of a kind; Iceberg uses null and one other.
    case union([AvroSchema])
    case record(name: String, fields: [AvroField])
    /// A primitive with a logical type, such as date over int.
    case logical(AvroSchema, String)

    /// The schema or null, as Iceberg writes optional fields.
    public static func optional(_ schema: AvroSchema) -> AvroSchema { .union([.null, schema]) }
}

/// A field of a record.
public struct AvroField: Hashable, Sendable {
    public var name: String
    public var schema: AvroSchema
    /// Iceberg's field id.
    public var identifier: Int32?

    public init(_ name: String, _ schema: AvroSchema, _ identifier: Int32? = nil) {
        self.name = name
        self.schema = schema
        self.identifier = identifier
    }
}

extension AvroSchema {
    /// The schema as Avro files carry it.
    public var json: JSONValue {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .int: "int"
        case .long: "long"
        case .float: "float"
        case .double: "double"
        case .bytes: "bytes"
        case .string: "string"
        case .fixed(let name, let byteCount):
            ["type": "fixed", "name": .string(name), "size": .integer(Int64(byteCount))]
        case .array(let element, let identifier, let isMap):
            .object(
                [JSONMember("type", "array"), JSONMember("items", element.json)]
                    + (identifier.map { [JSONMember("element-id", .integer(Int64($0)))] } ?? [])
                    + (isMap ? [JSONMember("logicalType", "map")] : []))
        case .map(let value): ["type": "map", "values": value.json]
        case .union(let branches): .array(branches.map(\.json))
        case .logical(let base, let name): ["type": base.json, "logicalType": .string(name)]
        case .record(let name, let fields):
            ["type": "record", "name": .string(name), "fields": .array(fields.map(\.json))]
        }
    }

    /// Reads a schema; named types that repeat are resolved by their names.
    public init(json: JSONValue) throws(AvroError) {
        var parser = AvroSchemaParser()
        self = try parser.parse(json, namespace: "", depth: 0)
    }

    /// The fewest bytes that a value of this schema takes.
    var leastByteCount: Int {
        switch self {
        case .null: 0
        case .boolean, .int, .long, .bytes, .string, .array, .map, .union: 1
        case .float: 4
        case .double: 8
        case .fixed(_, let byteCount): byteCount
        case .logical(let base, _): base.leastByteCount
        case .record(_, let fields):
            fields.reduce(0) { min($0 + $1.schema.leastByteCount, 1 << 20) }
        }
    }
}

extension AvroField {
    fileprivate var json: JSONValue {
        var members = [JSONMember("name", .string(name)), JSONMember("type", schema.json)]
        if case .union(let branches) = schema, branches.first == .null {
            members.append(JSONMember("default", .null))
        }
        if let identifier { members.append(JSONMember("field-id", .integer(Int64(identifier)))) }
        return .object(members)
    }
}
