public import Columnar
public import JSON

/// Types as the protocol writes them in JSON: a type's name, whether it is nullable, and what the
/// type takes (`DataTypeJsonSerde.java`).
///
/// The protocol counts field identifiers from 0, the engine from 1.
public enum TypeJSON {
    public static func encode(_ type: DataType, isNullable: Bool) -> JSONValue {
        var members: [JSONMember] = [JSONMember("type", .string(name(of: type)))]
        if !isNullable { members.append(JSONMember("nullable", false)) }
        func add(_ name: String, _ number: Int) {
            members.append(JSONMember(name, .integer(Int64(number))))
        }
        switch type {
        case .decimal(let precision, let scale):
            add("precision", precision)
            add("scale", scale)
        case .char(let length), .binary(let length): add("length", length)
        case .uuid: add("length", 16)
        case .time(let precision), .timestamp(let precision), .timestampLTZ(let precision):
            add("precision", precision)
        case .array(let array):
            members.append(
                JSONMember(
                    "element_type", encode(array.element, isNullable: array.isElementNullable)))
        case .vector:
            members.append(JSONMember("element_type", encode(.float, isNullable: false)))
        case .map(let map):
            members.append(JSONMember("key_type", encode(map.key, isNullable: false)))
            members.append(
                JSONMember("value_type", encode(map.value, isNullable: map.isValueNullable)))
        case .row(let row):
            members.append(JSONMember("fields", .array(row.fields.map(encode))))
        default: break
        }
        return .object(members)
    }

    private static func encode(_ field: Field) -> JSONValue {
        .object([
            JSONMember("name", .string(field.name)),
            JSONMember("field_type", encode(field.type, isNullable: field.isNullable)),
            JSONMember("field_id", .integer(Int64(field.identifier) - 1)),
        ])
    }

    /// A type that the protocol does not have is there what it is stored as: an identifier bytes,
    /// a vector an array of floats.
    private static func name(of type: DataType) -> String {
        switch type {
        case .char: "CHAR"
        case .date: "DATE"
        case .time: "TIME_WITHOUT_TIME_ZONE"
        case .timestamp: "TIMESTAMP_WITHOUT_TIME_ZONE"
        case .timestampLTZ: "TIMESTAMP_WITH_LOCAL_TIME_ZONE"
        default: name(of: type.storage)
        }
    }

    private static func name(of storage: Storage) -> String {
        switch storage {
        case .bit: "BOOLEAN"
        case .int8: "TINYINT"
        case .int16: "SMALLINT"
        case .int32: "INTEGER"
        case .int64: "BIGINT"
        case .int128: "DECIMAL"
        case .float32: "FLOAT"
        case .float64: "DOUBLE"
        case .fixedBytes: "BINARY"
        case .text: "STRING"
        case .variableBytes: "BYTES"
        case .list, .floats: "ARRAY"
        case .map: "MAP"
        case .record: "ROW"
        }
    }

    /// The type that a whole JSON text says.
    static func decode(bytes: [UInt8]) throws(FlussError) -> DataType {
        do throws(JSONError) {
            return try decode(JSONField(value: try JSONValue(parsing: bytes), path: "")).type
        } catch {
            throw .refused(.invalidTable, reason: "a column's type: \(error)")
        }
    }

    /// Types may be nested as deep as the engine allows; `Schema.init(validating:)` checks bounds.
    public static func decode(
        _ field: JSONField, depth: Int = 0
    ) throws(JSONError) -> (type: DataType, isNullable: Bool) {
        if depth > 16 { throw .wrongType(path: field.path, expected: "a type less deeply nested") }
        let isNullable = try field.optional("nullable")?.bool() ?? true
        let name = try field.required("type").string()
        func number(_ name: String, _ standard: Int?) throws(JSONError) -> Int {
            if let standard, try field.optional(name) == nil { return standard }
            return try field.required(name).integer(as: Int.self)
        }
        let type: DataType
        switch name {
        case "BOOLEAN": type = .boolean
        case "TINYINT": type = .tinyint
        case "SMALLINT": type = .smallint
        case "INTEGER": type = .int
        case "BIGINT": type = .bigint
        case "FLOAT": type = .float
        case "DOUBLE": type = .double
        case "STRING": type = .string
        case "BYTES": type = .bytes
        case "DATE": type = .date
        case "CHAR": type = .char(length: try number("length", nil))
        case "BINARY": type = .binary(length: try number("length", nil))
        case "DECIMAL":
            type = .decimal(precision: try number("precision", nil), scale: try number("scale", 0))
        case "TIME_WITHOUT_TIME_ZONE": type = .time(precision: try number("precision", 0))
        case "TIMESTAMP_WITHOUT_TIME_ZONE":
            type = .timestamp(precision: try number("precision", 6))
        case "TIMESTAMP_WITH_LOCAL_TIME_ZONE":
            type = .timestampLTZ(precision: try number("precision", 6))
        case "ARRAY":
            let element = try decode(try field.required("element_type"), depth: depth + 1)
            type = .array(ArrayType(element.type, isNullable: element.isNullable))
        case "MAP":
            let key = try decode(try field.required("key_type"), depth: depth + 1)
            let value = try decode(try field.required("value_type"), depth: depth + 1)
            type = .map(MapType(key.type, value.type, isNullable: value.isNullable))
        case "ROW":
            var fields: [Field] = []
            for each in try field.required("fields").array() {
                fields.append(try row(each, depth: depth + 1))
            }
            type = .row(RowType(fields))
        default: throw .wrongType(path: field.path, expected: "a type of Fluss, not \(name)")
        }
        return (type, isNullable)
    }

    private static func row(_ field: JSONField, depth: Int) throws(JSONError) -> Field {
        let (type, isNullable) = try decode(try field.required("field_type"), depth: depth)
        let identifier = try field.optional("field_id")?.integer(as: Int32.self)
        return Field(
            identifier: identifier.map { $0 < 0 || $0 == .max ? 0 : $0 + 1 } ?? 0,
            name: try field.required("name").string(), type: type, isNullable: isNullable)
    }
}
