public import JSON
import Server

/// The format of scenario files for editors, as JSON Schema 2020-12.
///
/// It comes from the tables that the reader works from; what a schema cannot say (that a node
/// exists, that a fault ends before the run) only the reader says. What stands in many places is
/// defined once, under `$defs`, with a description that an editor can show.
public func scenarioJSONSchema() -> JSONValue {
    var members = [
        JSONMember("$schema", "https://json-schema.org/draft/2020-12/schema"),
        JSONMember("title", "Wavetank scenario"),
    ]
    members += ScenarioFormat.shape.schemaMembers
    members.append(JSONMember("$defs", .object(Definitions.all)))
    return .object(members)
}

/// What is defined once.
private enum Definitions {
    static var all: [JSONMember] {
        [
            pattern(
                "duration", "^-?[0-9]+(\\.[0-9]+)? ?(\(names(Units.time)))$", zero: true,
                "a number and a unit: 250ms, 90s, 10m"),
            pattern(
                "bytes", "^[0-9]+(\\.[0-9]+)? ?(\(names(Units.bytes)))$", zero: true,
                "a number and a unit: 512B, 64KiB, 1MiB"),
            pattern("rate", "^[0-9]+/[smh]$", "so many in a second, minute or hour: 200/s, 30/m"),
            pattern(
                "share", "^([0-9]+(\\.[0-9]{1,4})?%|[0-9]+ppm)$", "a part of the whole: 2%, 120ppm"
            ),
            pattern(
                "skew", "^[0-9]{1,3}/[0-9]{1,3}$", "80/20 sends 80 of 100 events to 20 of 100 keys"
            ),
            pattern("speed", "^[0-9]+(\\.[0-9]{1,3})?x$", "times as fast: 1x, 0.5x"),
            pattern("node", nodePattern, "a node: server-1, leader of orders/0"),
            pattern(
                "condition", "^(tiering \\S+|inSync \\S+/[0-9]+ < [1-9]|lakeLag \\S+ > [0-9]+)$",
                "what a fault waits for: tiering orders, inSync orders/0 < 2"),
            pattern(
                "column", "^\\S+ +[A-Za-z_]+.*$", "a name and a type: \(ColumnText.example)"),
            JSONMember("nodes", Shape.oneOrMany(of: Shape.reference("node"))),
            JSONMember("fault", ScenarioFormat.faultShape.schema),
            JSONMember("workload", WorkloadDescription.shape.schema),
            JSONMember("act", ActFormat.shape.schema),
        ]
    }

    private static var nodePattern: String {
        let roles = NodeRole.allCases.filter { $0 != .gateway }.map(\.rawValue)
        return "^((\(roles.joined(separator: "|")))-[1-9][0-9]*"
            + "|(leader|follower) of \\S+/[0-9]+|active coordinator)$"
    }

    private static func names(_ units: Units) -> String {
        units.factors.map(\.name).joined(separator: "|")
    }

    private static func pattern(
        _ name: String, _ pattern: String, zero: Bool = false, _ description: String
    ) -> JSONMember {
        var members: [JSONMember] = [JSONMember("description", .string(description))]
        let type: JSONValue = zero ? ["string", "integer"] : "string"
        members += [JSONMember("type", type), JSONMember("pattern", .string(pattern))]
        // A bare zero needs no unit.
        if zero { members += [JSONMember("minimum", 0), JSONMember("maximum", 0)] }
        return JSONMember(name, .object(members))
    }
}

extension RecordShape {
    fileprivate var schemaMembers: [JSONMember] {
        let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
        var members: [JSONMember] = [
            JSONMember("type", "object"),
            JSONMember(
                "properties", .object(fields.map { JSONMember($0.name, .object($0.schema)) })),
        ]
        if !required.isEmpty { members.append(JSONMember("required", .array(required))) }
        members.append(JSONMember("additionalProperties", false))
        return members
    }

    /// What may stand after the name of a variant: the mapping, its shorthand, or nothing.
    fileprivate var bodySchema: [JSONMember] {
        var forms: [JSONValue] = fields.isEmpty ? [] : [.object(schemaMembers)]
        if let shorthand, let field = field(shorthand) {
            forms.append(.object(field.shape.schema))
        }
        if !fields.contains(where: \.isRequired) {
            // Nothing at all, or an empty mapping.
            if fields.isEmpty { return [JSONMember("type", ["object", "null"])] }
            forms.append(["type": "null"])
        }
        if forms.count == 1, case .object(let members) = forms[0] { return members }
        return [JSONMember("anyOf", .array(forms))]
    }
}

extension Field {
    fileprivate var isRequired: Bool { if case .required = presence { true } else { false } }

    fileprivate var schema: [JSONMember] {
        // A pattern cannot say bounds.
        let bounds =
            switch shape {
            case .duration, .byteCount: " (\(shape.range))"
            default: ""
            }
        var members = [JSONMember("description", .string(meaning + bounds))] + shape.schema
        if case .byDefault(let text) = presence {
            members.append(JSONMember("default", Shape.value(text)))
        } else if let ownExample {
            members.append(JSONMember("examples", [Shape.value(ownExample)]))
        }
        return members
    }
}

extension TaggedShape {
    /// A mapping of which exactly one key says what it is about; a bare word where that is enough.
    fileprivate var schema: JSONValue {
        var beside: [Field] = []
        for field in variants.flatMap(\.beside)
        where !beside.contains(where: { $0.name == field.name }) {
            beside.append(field)
        }
        let own = variants.map { variant in
            JSONMember(
                variant.name,
                .object(
                    [JSONMember("description", .string(variant.meaning))]
                        + variant.body.bodySchema))
        }
        let properties = beside.map { JSONMember($0.name, .object($0.schema)) } + own
        let choices: [JSONValue] = variants.map { variant in
            let needed = variant.beside.filter(\.isRequired).map(\.name) + [variant.name]
            return ["required": .array(needed.map { .string($0) })]
        }
        let mapping: JSONValue = [
            "type": "object", "properties": .object(properties), "additionalProperties": false,
            "oneOf": .array(choices),
        ]
        let bare = variants.filter { variant in
            variant.beside.isEmpty && !variant.body.fields.contains(where: \.isRequired)
        }
        if bare.isEmpty { return mapping }
        return ["anyOf": [mapping, ["enum": .array(bare.map { .string($0.name) })]]]
    }
}

extension Shape {
    /// YAML reads digits as a number, so that is what a schema sees.
    fileprivate static func value(_ text: String) -> JSONValue {
        if let integer = Int64(text.filter { $0 != "_" }) { return .integer(integer) }
        if text == "true" || text == "false" { return .bool(text == "true") }
        return .string(text)
    }

    fileprivate static func reference(_ name: String) -> [JSONMember] {
        [JSONMember("$ref", .string("#/$defs/\(name)"))]
    }

    fileprivate static func oneOrMany(of item: [JSONMember]) -> JSONValue {
        ["anyOf": [.object(item), ["type": "array", "minItems": 1, "items": .object(item)]]]
    }

    fileprivate var schema: [JSONMember] {
        switch self {
        case .text(let maximumLength):
            [
                JSONMember("type", "string"), JSONMember("minLength", 1),
                JSONMember("maxLength", .integer(Int64(maximumLength))),
            ]
        case .integer(let range):
            [
                JSONMember("type", "integer"),
                JSONMember("minimum", .integer(Int64(range.lowerBound))),
                JSONMember("maximum", .integer(Int64(range.upperBound))),
            ]
        case .seed: [JSONMember("type", "integer"), JSONMember("minimum", 0)]
        case .boolean: [JSONMember("type", "boolean")]
        case .duration: Self.reference("duration")
        case .byteCount: Self.reference("bytes")
        case .rate: Self.reference("rate")
        case .share: Self.reference("share")
        case .skew: Self.reference("skew")
        case .speed: Self.reference("speed")
        case .node: Self.reference("node")
        case .condition: Self.reference("condition")
        case .column: Self.reference("column")
        case .properties: Self.propertyMembers
        case .choice(let choices): Self.choice(choices)
        case .list(let item, let isEmptyAllowed):
            [
                JSONMember("type", "array"), JSONMember("minItems", isEmptyAllowed ? 0 : 1),
                JSONMember("items", .object(item.schema)),
            ]
        case .oneOrMany(.node): Self.reference("nodes")
        case .oneOrMany(.choice(let choices)): Self.oneOrMany(ofChoice: choices)
        case .oneOrMany(let item):
            [JSONMember("anyOf", Self.oneOrMany(of: item.schema)["anyOf"] ?? [])]
        case .record(let record): record.schemaMembers
        case .tagged(let tagged): Self.reference(tagged.noun)
        }
    }

    /// The engine's own names, those of columns, and the creator's.
    private static var propertyMembers: [JSONMember] {
        let scalar: JSONValue = ["type": ["string", "integer", "boolean"]]
        let known = TableFormat.propertyFields.map {
            JSONMember($0.name, ["description": .string($0.meaning)])
        }
        return [
            JSONMember("type", "object"), JSONMember("properties", .object(known)),
            JSONMember("propertyNames", ["pattern": .string(propertyPattern)]),
            JSONMember("additionalProperties", scalar),
        ]
    }

    /// Under `table.` there are only the engine's own.
    private static var propertyPattern: String {
        let own = TableFormat.propertyFields.map { $0.name.replacing(".", with: "\\.") }
        return "^(" + own.joined(separator: "|") + "|(?!table\\.).*)$"
    }

    private static func choice(_ choices: [Choice]) -> [JSONMember] {
        [
            JSONMember(
                "oneOf",
                .array(
                    choices.map {
                        ["const": .string($0.name), "description": .string($0.meaning)]
                    }))
        ]
    }

    /// The words once, whether one stands alone or in a list.
    private static func oneOrMany(ofChoice choices: [Choice]) -> [JSONMember] {
        let words: JSONValue = .array(choices.map { .string($0.name) })
        let item: [JSONMember] = [JSONMember("enum", words)]
        return [
            JSONMember(
                "anyOf",
                [
                    .object(choice(choices)),
                    ["type": "array", "minItems": 1, "items": .object(item)],
                ])
        ]
    }
}
