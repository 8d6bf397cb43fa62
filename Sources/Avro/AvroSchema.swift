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
        var named: [String: AvroSchema] = [:]
        self = try Self.parse(json, &named, depth: 0)
    }

    private static func parse(
        _ json: JSONValue, _ named: inout [String: AvroSchema], depth: Int
    ) throws(AvroError) -> AvroSchema {
        if depth > 50 { throw .unsupported(reason: "a schema nested deeper than 50") }
        if case .string(let name) = json { return try parse(name: name, named) }
        if case .array(let branches) = json {
            var parsed: [AvroSchema] = []
            for branch in branches { parsed.append(try parse(branch, &named, depth: depth + 1)) }
            return .union(parsed)
        }
        guard let type = json["type"] else {
            throw .malformed(reason: "a schema without type", position: 0)
        }
        guard case .string(let kind) = type else {
            return try parse(type, &named, depth: depth + 1)
        }
        switch kind {
        case "record": return try parseRecord(json, &named, depth: depth)
        case "array":
            return .array(
                try parse(json["items"] ?? .null, &named, depth: depth + 1),
                elementIdentifier: json["element-id"]?.integer.map {
                    Int32(truncatingIfNeeded: $0)
                },
                isMap: json["logicalType"]?.string == "map")
        case "map": return .map(try parse(json["values"] ?? .null, &named, depth: depth + 1))
        case "fixed":
            guard let name = json["name"]?.string, let size = json["size"]?.integer, size > 0,
                size < 1 << 20
            else { throw .malformed(reason: "a fixed type without name or size", position: 0) }
            let fixed = AvroSchema.fixed(name: name, byteCount: Int(size))
            named[name] = fixed
            return fixed
        default:
            let base = try parse(name: kind, named)
            return json["logicalType"]?.string.map { .logical(base, $0) } ?? base
        }
    }

    private static func parseRecord(
        _ json: JSONValue, _ named: inout [String: AvroSchema], depth: Int
    ) throws(AvroError) -> AvroSchema {
        guard let name = json["name"]?.string, let fields = json["fields"]?.array else {
            throw .malformed(reason: "a record without name or fields", position: 0)
        }
        var parsed: [AvroField] = []
        for field in fields {
            guard let fieldName = field["name"]?.string, let type = field["type"] else {
                throw .malformed(reason: "a field of \(name) without name or type", position: 0)
            }
            parsed.append(
                AvroField(
                    fieldName, try parse(type, &named, depth: depth + 1),
                    field["field-id"]?.integer.map { Int32(truncatingIfNeeded: $0) }))
        }
        let record = AvroSchema.record(name: name, fields: parsed)
        named[name] = record
        return record
    }

    private static func parse(
        name: String, _ named: [String: AvroSchema]
    ) throws(AvroError) -> AvroSchema {
        switch name {
        case "null": return .null
        case "boolean": return .boolean
        case "int": return .int
        case "long": return .long
        case "float": return .float
        case "double": return .double
        case "bytes": return .bytes
        case "string": return .string
        default:
            guard let known = named[name] else {
                throw .unsupported(reason: "a type named \(name)")
            }
            return known
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
