import JSON

/// Reads schemas from JSON, with the named types seen so far.
struct AvroSchemaParser {
    private static let depthLimit = 50
    /// Types in a schema, those of a named type counted at each of its uses: a few names that use
    /// one another can stand for more than any memory holds.
    private static let sizeLimit = 20_000

    private struct Named {
        var schema: AvroSchema
        var size: Int
    }

    private var named: [String: Named] = [:]
    private var size = 0

    mutating func parse(
        _ json: JSONValue, namespace: String, depth: Int
    ) throws(AvroError) -> AvroSchema {
        if depth > Self.depthLimit {
            throw .unsupported(reason: "a schema nested deeper than \(Self.depthLimit)")
        }
        try grow(by: 1)
        if case .string(let name) = json { return try resolve(name, namespace) }
        if case .array(let branches) = json {
            var parsed: [AvroSchema] = []
            for branch in branches {
                parsed.append(try parse(branch, namespace: namespace, depth: depth + 1))
            }
            return .union(parsed)
        }
        guard let type = json["type"] else {
            throw .malformed(reason: "a schema without type", position: 0)
        }
        guard case .string(let kind) = type else {
            return try parse(type, namespace: namespace, depth: depth + 1)
        }
        switch kind {
        case "record": return try parseRecord(json, namespace, depth)
        case "fixed": return try parseFixed(json, namespace)
        case "array":
            return .array(
                try parseMember("items", of: json, namespace, depth),
                elementIdentifier: json["element-id"]?.integer.map {
                    Int32(truncatingIfNeeded: $0)
                },
                isMap: json["logicalType"]?.string == "map")
        case "map": return .map(try parseMember("values", of: json, namespace, depth))
        default:
            let base = try resolve(kind, namespace)
            return json["logicalType"]?.string.map { .logical(base, $0) } ?? base
        }
    }

    private mutating func grow(by count: Int) throws(AvroError) {
        size += count
        if size > Self.sizeLimit {
            throw .unsupported(reason: "a schema of more than \(Self.sizeLimit) types")
        }
    }

    private mutating func parseMember(
        _ name: String, of json: JSONValue, _ namespace: String, _ depth: Int
    ) throws(AvroError) -> AvroSchema {
        guard let member = json[name] else {
            throw .malformed(reason: "a type without \(name)", position: 0)
        }
        return try parse(member, namespace: namespace, depth: depth + 1)
    }

    private mutating func parseFixed(
        _ json: JSONValue, _ namespace: String
    ) throws(AvroError) -> AvroSchema {
        guard let name = json["name"]?.string, let size = json["size"]?.integer, size > 0,
            size < 1 << 20
        else { throw .malformed(reason: "a fixed type without name or size", position: 0) }
        let fixed = AvroSchema.fixed(name: name, byteCount: Int(size))
        named[fullName(name, json, namespace)] = Named(schema: fixed, size: 1)
        return json["logicalType"]?.string.map { .logical(fixed, $0) } ?? fixed
    }

    private mutating func parseRecord(
        _ json: JSONValue, _ outer: String, _ depth: Int
    ) throws(AvroError) -> AvroSchema {
        guard let name = json["name"]?.string, let fields = json["fields"]?.array else {
            throw .malformed(reason: "a record without name or fields", position: 0)
        }
        let full = fullName(name, json, outer)
        let namespace = full.lastIndex(of: ".").map { String(full[..<$0]) } ?? ""
        let before = size
        var parsed: [AvroField] = []
        for field in fields {
            guard let fieldName = field["name"]?.string, let type = field["type"] else {
                throw .malformed(reason: "a field of \(name) without name or type", position: 0)
            }
            parsed.append(
                AvroField(
                    fieldName, try parse(type, namespace: namespace, depth: depth + 1),
                    field["field-id"]?.integer.map { Int32(truncatingIfNeeded: $0) }))
        }
        let record = AvroSchema.record(name: name, fields: parsed)
        named[full] = Named(schema: record, size: size - before + 1)
        return record
    }

    /// A name with its namespace: its own, or that of the type around it.
    private func fullName(_ name: String, _ json: JSONValue, _ outer: String) -> String {
        if name.contains(".") { return name }
        let namespace = json["namespace"]?.string ?? outer
        return namespace.isEmpty ? name : "\(namespace).\(name)"
    }

    private mutating func resolve(
        _ name: String, _ namespace: String
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
            let local = namespace.isEmpty ? name : "\(namespace).\(name)"
            guard let known = named[local] ?? named[name] else {
                throw .unsupported(reason: "a type named \(name)")
            }
            try grow(by: known.size)
            return known.schema
        }
    }
}
