public import Columnar
import JSON

/// A table's columns as Iceberg names them: the row schema, and ids for the elements of lists.
public struct IcebergSchema: Hashable, Sendable {
    public var identifier: Int32
    public var columns: Schema
    /// The id of the list element of each vector column.
    public var elementIdentifiers: [Int32: Int32]
    /// Ids of the columns that identify a row.
    public var identifierFields: [Int32]

    /// Gives the elements of vector columns ids after those of the columns.
    public init(_ columns: Schema, identifier: Int32 = 0) {
        self.identifier = identifier
        self.columns = columns
        identifierFields = columns.primaryKey.map { columns.fields[$0].identifier }
        elementIdentifiers = [:]
        var last = columns.fields.map(\.identifier).max() ?? 0
        for field in columns.fields {
            guard case .vector = field.type else { continue }
            last += 1
            elementIdentifiers[field.identifier] = last
        }
    }

    /// The largest id in use.
    public var lastColumnIdentifier: Int32 {
        max(
            columns.fields.map(\.identifier).max() ?? 0,
            elementIdentifiers.values.max() ?? 0)
    }

    var json: JSONValue {
        let fields = columns.fields.map { field -> JSONValue in
            [
                "id": .integer(Int64(field.identifier)), "name": .string(field.name),
                "required": .bool(!field.isNullable), "type": type(of: field),
            ]
        }
        var members = [
            JSONMember("type", "struct"), JSONMember("schema-id", .integer(Int64(identifier))),
        ]
        if !identifierFields.isEmpty {
            members.append(
                JSONMember(
                    "identifier-field-ids", .array(identifierFields.map { .integer(Int64($0)) })))
        }
        members.append(JSONMember("fields", .array(fields)))
        return .object(members)
    }

    private func type(of field: Field) -> JSONValue {
        switch field.type {
        case .boolean: "boolean"
        case .int32: "int"
        case .int64: "long"
        case .float32: "float"
        case .float64: "double"
        case .string: "string"
        case .bytes: "binary"
        case .date: "date"
        case .timestamp: "timestamp"
        case .timestampWithZone: "timestamptz"
        case .decimal(let precision, let scale): .string("decimal(\(precision), \(scale))")
        case .vector:
            [
                "type": "list",
                "element-id": .integer(Int64(elementIdentifiers[field.identifier] ?? 0)),
                "element": "float", "element-required": true,
            ]
        }
    }

    /// Reads a schema; `dimensions` gives the length of vectors by column name, which Iceberg has
    /// no word for.
    init(json: JSONField, dimensions: [String: Int]) throws {
        identifier = try json.optional("schema-id")?.integer(as: Int32.self) ?? 0
        elementIdentifiers = [:]
        var fields: [Field] = []
        for field in try json.required("fields").array() {
            let number = try field.required("id").integer(as: Int32.self)
            let name = try field.required("name").string()
            let type = try field.required("type")
            if let element = try? type.required("element-id").integer(as: Int32.self) {
                elementIdentifiers[number] = element
            }
            fields.append(
                Field(
                    identifier: number, name: name, type: try Self.type(type, dimensions[name]),
                    isNullable: !(try field.required("required").bool())))
        }
        identifierFields =
            try json.optional("identifier-field-ids")?.array().map {
                try $0.integer(as: Int32.self)
            } ?? []
        let key = identifierFields.compactMap { wanted in
            fields.firstIndex { $0.identifier == wanted && !$0.isNullable }
        }
        guard Set(fields.map(\.identifier)).count == fields.count,
            Set(fields.map(\.name)).count == fields.count
        else { throw IcebergError.unsupported(reason: "a schema whose ids or names repeat") }
        columns = Schema(
            identifier: Int16(truncatingIfNeeded: identifier), fields: fields, primaryKey: key)
    }

    private static func type(_ json: JSONField, _ dimension: Int?) throws -> DataType {
        if case .object = json.value {
            guard try json.required("type").string() == "list", let dimension else {
                throw IcebergError.unsupported(reason: "the type of \(json.path)")
            }
            return .vector(dimension: dimension)
        }
        let text = try json.string()
        switch text {
        case "boolean": return .boolean
        case "int": return .int32
        case "long": return .int64
        case "float": return .float32
        case "double": return .float64
        case "string": return .string
        case "binary": return .bytes
        case "date": return .date
        case "timestamp": return .timestamp
        case "timestamptz": return .timestampWithZone
        default:
            let parts = text.split { "(, )".contains($0) }
            if parts.count == 3, parts[0] == "decimal", let precision = Int(parts[1]),
                let scale = Int(parts[2]), (1...18).contains(precision)
            {
                return .decimal(precision: precision, scale: scale)
            }
            throw IcebergError.unsupported(reason: "type \(text) of \(json.path)")
        }
    }
}
