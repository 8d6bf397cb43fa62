public import JSON
import Server

/// The format of scenario files for editors, as JSON Schema 2020-12.
///
/// It comes from the description that the reader works from; what a schema cannot say (that a node
/// exists, that a fault ends before the run) only the reader says.
public func scenarioJSONSchema() -> JSONValue {
    var members = [
        JSONMember("$schema", "https://json-schema.org/draft/2020-12/schema"),
        JSONMember("title", "Wavetank scenario"),
    ]
    if case .object(let body) = ScenarioFormat.shape.schema { members += body }
    return .object(members)
}

extension RecordShape {
    var schema: JSONValue { Self.schema(of: fields, and: []) }

    fileprivate static func schema(of fields: [Field], and others: [JSONMember]) -> JSONValue {
        var required: [JSONValue] = []
        var properties: [JSONMember] = []
        for field in fields {
            if case .required = field.presence { required.append(.string(field.name)) }
            properties.append(JSONMember(field.name, field.schema))
        }
        var members: [JSONMember] = [JSONMember("type", "object")]
        members.append(JSONMember("properties", .object(properties + others)))
        required += others.map { .string($0.name) }
        if !required.isEmpty { members.append(JSONMember("required", .array(required))) }
        members.append(JSONMember("additionalProperties", false))
        return .object(members)
    }

    /// What may stand after the name of a variant: the mapping, its shorthand, or nothing.
    fileprivate var bodySchema: JSONValue {
        var forms = [schema]
        if let shorthand, let field = field(shorthand) { forms.append(field.shape.schema) }
        let needsNothing = fields.allSatisfy {
            if case .required = $0.presence { false } else { true }
        }
        if needsNothing { forms.append(["type": "null"]) }
        return forms.count == 1 ? forms[0] : ["anyOf": .array(forms)]
    }
}

extension Field {
    fileprivate var schema: JSONValue {
        guard case .object(let body) = shape.schema else {
            preconditionFailure("the schema of a shape is an object")
        }
        var members = [JSONMember("description", .string(meaning))] + body
        if case .byDefault(let text) = presence {
            members.append(JSONMember("default", Shape.value(text)))
        }
        return .object(members)
    }
}

extension TaggedShape {
    fileprivate var schema: JSONValue {
        var forms: [JSONValue] = variants.map { variant in
            let own = JSONMember(variant.name, variant.body.bodySchema)
            guard
                case .object(let members) = RecordShape.schema(of: variant.beside, and: [own])
            else { preconditionFailure("the schema of a record is an object") }
            return .object([JSONMember("description", .string(variant.meaning))] + members)
        }
        let bare = variants.filter { variant in
            variant.beside.isEmpty
                && variant.body.fields.allSatisfy {
                    if case .required = $0.presence { false } else { true }
                }
        }
        if !bare.isEmpty { forms.append(["enum": .array(bare.map { .string($0.name) })]) }
        return ["oneOf": .array(forms)]
    }
}

extension Shape {
    /// YAML reads digits as a number, so that is what a schema sees.
    fileprivate static func value(_ text: String) -> JSONValue {
        if let integer = Int64(text.filter { $0 != "_" }) { return .integer(integer) }
        if text == "true" || text == "false" { return .bool(text == "true") }
        return .string(text)
    }

    fileprivate var schema: JSONValue {
        switch self {
        case .text(let maximumLength):
            ["type": "string", "minLength": 1, "maxLength": .integer(Int64(maximumLength))]
        case .integer(let range):
            [
                "type": "integer", "minimum": .integer(Int64(range.lowerBound)),
                "maximum": .integer(Int64(range.upperBound)),
            ]
        case .seed: ["type": "integer", "minimum": 0]
        case .boolean: ["type": "boolean"]
        case .duration:
            Self.pattern(
                "^-?[0-9]+(\\.[0-9]+)? ?(\(Self.names(Units.time)))$", zero: true, "10m", "90s",
                "250ms")
        case .byteCount:
            Self.pattern(
                "^[0-9]+(\\.[0-9]+)? ?(\(Self.names(Units.bytes)))$", zero: true, "64KiB", "1MiB")
        case .rate: Self.pattern("^[0-9]+/[smh]$", zero: false, "200/s", "30/m")
        case .share:
            Self.pattern("^([0-9]+(\\.[0-9]{1,4})?%|[0-9]+ppm)$", zero: false, "2%", "0.5%")
        case .skew: Self.pattern("^[0-9]{1,3}/[0-9]{1,3}$", zero: false, "80/20")
        case .speed: Self.pattern("^[0-9]+(\\.[0-9]{1,3})?x$", zero: false, "1x", "0.5x")
        case .node:
            Self.pattern(
                "^(\(NodeRole.allCases.map(\.rawValue).joined(separator: "|")))-[1-9][0-9]*$",
                zero: false, "server-1")
        case .choice(let choices):
            [
                "oneOf": .array(
                    choices.map { choice in
                        ["const": .string(choice.name), "description": .string(choice.meaning)]
                    })
            ]
        case .list(let item, let isEmptyAllowed):
            [
                "type": "array", "minItems": isEmptyAllowed ? 0 : 1, "items": item.schema,
            ]
        case .oneOrMany(let item):
            [
                "anyOf": [
                    item.schema, ["type": "array", "minItems": 1, "items": item.schema],
                ]
            ]
        case .record(let record): record.schema
        case .tagged(let tagged): tagged.schema
        }
    }

    private static func names(_ units: Units) -> String {
        units.factors.map(\.name).joined(separator: "|")
    }

    private static func pattern(_ pattern: String, zero: Bool, _ examples: String...) -> JSONValue {
        let text: JSONValue = [
            "type": "string", "pattern": .string(pattern),
            "examples": .array(examples.map { .string($0) }),
        ]
        return zero ? ["anyOf": [text, ["const": 0]]] : text
    }
}
