import Columnar
import Iceberg
import JSON

/// Filters as requests write them:
///
///     {"column": "price", "op": ">=", "value": 10}      op: = != < <= > >=
///     {"column": "city", "op": "in", "values": ["Bonn", "Jena"]}
///     {"column": "city", "op": "isNull"}
///     {"and": [...]}, {"or": [...]}, {"not": ...}
///
/// Values are as in `RowText`. What a comparison with null says is unknown, and does not pass.
extension RowFilter {
    private static let depthLimit = 24

    private static let comparators: [String: Operator] = [
        "=": .equal, "!=": .notEqual, "<": .less, "<=": .lessOrEqual, ">": .greater,
        ">=": .greaterOrEqual,
    ]

    /// The operators of conditions on a column.
    static let operators = ["=", "!=", "<", "<=", ">", ">=", "in", "isNull"]

    init(text: String, _ schema: Schema) throws(WebProblem) {
        self.init([try Self.condition(text, schema)])
    }

    /// What a member of a body says.
    init(_ field: JSONField, _ schema: Schema) throws(JSONError) {
        self.init([try Self.condition(field, schema)])
    }

    private static func condition(
        _ text: String, _ schema: Schema
    ) throws(WebProblem) -> Condition {
        do throws(JSONError) {
            let json = try JSONValue(
                parsing: Array(text.utf8), depthLimit: depthLimit, exactNumbers: true)
            return try condition(JSONField(value: json, path: "filter"), schema)
        } catch {
            throw .unprocessable("\(error)")
        }
    }

    private static func condition(
        _ field: JSONField, _ schema: Schema
    ) throws(JSONError) -> Condition {
        if let parts = try field.optional("and") { return .and(try conditions(parts, schema)) }
        if let parts = try field.optional("or") { return .or(try conditions(parts, schema)) }
        if let part = try field.optional("not") { return .not(try condition(part, schema)) }
        let name = try field.required("column")
        guard let position = schema.position(of: try name.string()) else {
            throw .wrongType(path: name.path, expected: "a column of the table")
        }
        let column = schema.fields[position]
        let word = try field.required("op")
        switch try word.string() {
        case "isNull": return .isNull(column: column.identifier)
        case "in":
            var values: [Value] = []
            for element in try field.required("values").array() {
                values.append(try value(element, column.type))
            }
            return .isIn(column: column.identifier, values)
        case let text:
            guard let comparator = comparators[text] else {
                throw .wrongType(
                    path: word.path, expected: "one of \(operators.joined(separator: " "))")
            }
            return .comparison(
                Comparison(
                    column: column.identifier, comparator,
                    try value(try field.required("value"), column.type)))
        }
    }

    private static func conditions(
        _ field: JSONField, _ schema: Schema
    ) throws(JSONError) -> [Condition] {
        var conditions: [Condition] = []
        for part in try field.array() { conditions.append(try condition(part, schema)) }
        return conditions
    }

    private static func value(_ field: JSONField, _ type: DataType) throws(JSONError) -> Value {
        if type.isNested || type.typeDescription.name == "vector" {
            throw .wrongType(path: field.path, expected: "compared: a \(type) has no order")
        }
        let value = try RowText.value(field, type)
        if value.isNull {
            throw .wrongType(path: field.path, expected: "compared with null: use isNull")
        }
        return value
    }
}
