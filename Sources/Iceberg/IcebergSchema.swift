public import Columnar
import JSON

/// A table's columns as Iceberg names them.
///
/// How a `DataType` is called there, and read back unless `ExactTypes` says more:
///
///     boolean                  boolean
///     tinyint, smallint, int   int
///     bigint                   long
///     float, double            float, double
///     decimal(p, s)            decimal(p, s)
///     char(n), string          string
///     binary(n), bytes         binary; fixed[n] is read as binary(n)
///     date                     date
///     time(0...6)              time
///     timestamp(0...6)         timestamp, timestamptz for timestamp_ltz
///     timestamp(7...9)         timestamp_ns, timestamptz_ns
///     uuid                     uuid
///     vector, array            list
///     map                      map
///     row                      struct
///
/// These are Fluss's choices, but that Fluss cuts the nanoseconds off a timestamp(9). Iceberg has
/// no time of nanoseconds, and none of a timestamp before its format 3: such a column is refused.
public struct IcebergSchema: Hashable, Sendable {
    public var identifier: Int32
    public var columns: Schema
    /// Ids of the columns that identify a row.
    public var identifierFields: [Int32]

    public init(_ columns: Schema, identifier: Int32 = 0) {
        self.identifier = identifier
        self.columns = columns
        identifierFields = columns.primaryKey.map { columns.fields[$0].identifier }
    }

    /// The largest id in use.
    public var lastColumnIdentifier: Int32 { columns.highestFieldIdentifier }

    /// Why a lake table of a format cannot have these columns; nil if it can.
    public static func flaw(_ fields: [Field], formatVersion: Int = 2) -> String? {
        for field in fields {
            switch field.type {
            case .time(7...):
                return "column \(field.name) of \(field.type): Iceberg's times are microseconds, "
                    + "use time(6) or less"
            case .timestamp(7...) where formatVersion < 3,
                .timestampLTZ(7...) where formatVersion < 3:
                return "column \(field.name) of \(field.type): Iceberg's format \(formatVersion) "
                    + "has microseconds, use 6 digits or less"
            default:
                if let flaw = flaw(field.type.children, formatVersion: formatVersion) {
                    return flaw
                }
            }
        }
        return nil
    }

    var json: JSONValue {
        var members = [
            JSONMember("type", "struct"), JSONMember("schema-id", .integer(Int64(identifier))),
        ]
        if !identifierFields.isEmpty {
            members.append(
                JSONMember(
                    "identifier-field-ids", .array(identifierFields.map { .integer(Int64($0)) })))
        }
        members.append(JSONMember("fields", .array(columns.fields.map(\.icebergJSON))))
        return .object(members)
    }

    /// Reads a schema.
    init(json: JSONField, exactTypes: ExactTypes) throws {
        identifier = try json.optional("schema-id")?.integer(as: Int32.self) ?? 0
        let fields = try json.required("fields").array().map {
            try Field(iceberg: $0, exactTypes, depth: 1)
        }
        identifierFields =
            try json.optional("identifier-field-ids")?.array().map {
                try $0.integer(as: Int32.self)
            } ?? []
        let key = identifierFields.compactMap { wanted in
            fields.firstIndex { $0.identifier == wanted && !$0.isNullable && !$0.type.isNested }
        }
        do {
            columns = try Schema(
                validating: fields, identifier: Int16(truncatingIfNeeded: identifier),
                primaryKey: key)
        } catch {
            throw IcebergError.unsupported(reason: "a schema of which \(error)")
        }
    }
}

extension Field {
    var icebergJSON: JSONValue {
        [
            "id": .integer(Int64(identifier)), "name": .string(name),
            "required": .bool(!isNullable),
            "type": type.icebergJSON,
        ]
    }

    fileprivate init(iceberg json: JSONField, _ exactTypes: ExactTypes, depth: Int) throws {
        let identifier = try json.required("id").integer(as: Int32.self)
        self.init(
            identifier: identifier, name: try json.required("name").string(),
            type: try DataType(
                iceberg: json.required("type"), of: identifier, exactTypes, depth: depth),
            isNullable: !(try json.required("required").bool()))
    }
}

extension DataType {
    var icebergJSON: JSONValue {
        switch self {
        case .vector(_, let element):
            [
                "type": "list", "element-id": .integer(Int64(element)), "element": "float",
                "element-required": true,
            ]
        case .array(let array):
            [
                "type": "list", "element-id": .integer(Int64(array.elementIdentifier)),
                "element": array.element.icebergJSON,
                "element-required": .bool(!array.isElementNullable),
            ]
        case .map(let map):
            [
                "type": "map", "key-id": .integer(Int64(map.keyIdentifier)),
                "key": map.key.icebergJSON, "value-id": .integer(Int64(map.valueIdentifier)),
                "value": map.value.icebergJSON, "value-required": .bool(!map.isValueNullable),
            ]
        case .row(let row):
            ["type": "struct", "fields": .array(row.fields.map(\.icebergJSON))]
        default: .string(typeDescription.iceberg ?? "")
        }
    }

    /// `identifier` is the field's, for what `exactTypes` knows of it.
    fileprivate init(
        iceberg json: JSONField, of identifier: Int32, _ exactTypes: ExactTypes, depth: Int
    ) throws {
        guard depth <= TypeLimit.depth else {
            throw IcebergError.unsupported(reason: "a type of over \(TypeLimit.depth) levels")
        }
        guard case .object = json.value else {
            let name = try json.string()
            let exact = exactTypes[identifier]
            guard
                let type = exact?.typeDescription.iceberg == name
                    ? exact : Self.scalar(iceberg: name)
            else {
                throw IcebergError.unsupported(reason: "type \(name) of \(json.path)")
            }
            self = type
            return
        }
        switch try json.required("type").string() {
        case "list":
            let element = try json.required("element-id").integer(as: Int32.self)
            let type = try DataType(
                iceberg: json.required("element"), of: element, exactTypes, depth: depth + 1)
            let isRequired = try json.required("element-required").bool()
            if type == .float, case .vector(let dimension, _)? = exactTypes[identifier] {
                self = .vector(dimension: dimension, elementIdentifier: element)
                return
            }
            self = .array(ArrayType(type, isNullable: !isRequired, identifier: element))
        case "map":
            let key = try json.required("key-id").integer(as: Int32.self)
            let value = try json.required("value-id").integer(as: Int32.self)
            self = .map(
                MapType(
                    try DataType(
                        iceberg: json.required("key"), of: key, exactTypes, depth: depth + 1),
                    try DataType(
                        iceberg: json.required("value"), of: value, exactTypes, depth: depth + 1),
                    isNullable: !(try json.required("value-required").bool()),
                    keyIdentifier: key, valueIdentifier: value))
        case "struct":
            self = .row(
                RowType(
                    try json.required("fields").array().map {
                        try Field(iceberg: $0, exactTypes, depth: depth + 1)
                    }))
        case let kind: throw IcebergError.unsupported(reason: "type \(kind) of \(json.path)")
        }
    }

    static func scalar(iceberg name: String) -> DataType? {
        switch name {
        case "boolean": return .boolean
        case "int": return .int
        case "long": return .bigint
        case "float": return .float
        case "double": return .double
        case "string": return .string
        case "binary": return .bytes
        case "date": return .date
        case "time": return .time(precision: 6)
        case "timestamp": return .timestamp(precision: 6)
        case "timestamptz": return .timestampLTZ(precision: 6)
        case "timestamp_ns": return .timestamp(precision: 9)
        case "timestamptz_ns": return .timestampLTZ(precision: 9)
        case "uuid": return .uuid
        default:
            if name.hasPrefix("fixed["), name.hasSuffix("]") {
                return Int(name.dropFirst(6).dropLast()).map { .binary(length: $0) }
            }
            return name.hasPrefix("decimal(") ? DataType(name) : nil
        }
    }

    /// Whether Iceberg's name says all of the type, what it nests aside.
    fileprivate var isIcebergName: Bool {
        if case .vector = self { return false }
        return typeDescription.iceberg.map { Self.scalar(iceberg: $0) == self } ?? true
    }
}

/// The types of fields, by id and at any level, that Iceberg's words do not say all of, such as
/// tinyint or vector(16); kept in a property of the table.
struct ExactTypes: Hashable, Sendable {
    static let property = "wavetank.types"

    private var types: [Int32: DataType] = [:]

    init(_ fields: [Field]) { collect(fields) }

    private mutating func collect(_ fields: [Field]) {
        for field in fields {
            if !field.type.isIcebergName { types[field.identifier] = field.type }
            collect(field.type.children)
        }
    }

    subscript(_ identifier: Int32) -> DataType? { types[identifier] }

    /// Takes in the types of later fields; what is said of fields that are not among them stays,
    /// for the past has them.
    mutating func adopt(_ fields: [Field]) {
        for field in fields {
            types[field.identifier] = field.type.isIcebergName ? nil : field.type
            adopt(field.type.children)
        }
    }

    /// Such as "5=vector(8);7=tinyint"; nil if there is nothing to say.
    var text: String? {
        if types.isEmpty { return nil }
        return types.keys.sorted().map { "\($0)=\(types[$0]!)" }.joined(separator: ";")
    }

    /// Leaves out what makes no sense: the property is anybody's to write.
    init(text: String) {
        for entry in text.split(separator: ";") {
            guard let sign = entry.firstIndex(of: "="), let identifier = Int32(entry[..<sign]),
                let type = DataType(String(entry[entry.index(after: sign)...])), !type.isNested
            else { continue }
            types[identifier] = type
        }
    }
}
