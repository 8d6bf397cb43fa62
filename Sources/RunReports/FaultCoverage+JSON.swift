import JSON

extension FaultCoverage {
    /// Of kinds that did not happen there is only the name.
    var json: JSONValue {
        [
            "secondsAfter": .integer(Int64(secondsAfter)),
            "parts": .array(parts.map { .string($0) }),
            "kinds": .array(
                rows.map { row in
                    if row.happened == 0 { return ["kind": .string(row.kind)] }
                    return [
                        "kind": .string(row.kind), "happened": .integer(Int64(row.happened)),
                        "reached": .array(row.reached.map { .integer(Int64($0)) }),
                    ]
                }),
        ]
    }

    init(field: JSONField) throws(JSONError) {
        var parts: [String] = []
        for part in try field.required("parts").array() { parts.append(try part.string()) }
        var rows: [Row] = []
        for row in try field.required("kinds").array() {
            var reached = Array(repeating: 0, count: parts.count)
            if let numbers = try row.optional("reached") {
                reached = []
                for number in try numbers.array() {
                    reached.append(try number.count())
                }
            }
            rows.append(
                Row(
                    kind: try row.required("kind").string(),
                    happened: try row.optional("happened")?.count() ?? 0,
                    reached: reached))
        }
        let coverage = FaultCoverage(
            parts: parts, secondsAfter: try field.required("secondsAfter").count(),
            rows: rows)
        guard let coverage else {
            throw .wrongType(path: field.path, expected: "a grid with a number for each part")
        }
        self = coverage
    }
}
