import Server

extension ShapeReader {
    mutating func readScalar(
        _ node: SourceNode, as shape: Shape, of name: String
    ) -> CheckedValue? {
        guard case .scalar(let text, let isPlain) = node.content, !node.isNull else {
            let message = node.isNull ? "'\(name)' has no value" : nil
            refuse(
                node.mark,
                message ?? "'\(name)' must be \(shape.expectation), not \(node.kindName)")
            return nil
        }
        do {
            let content = try Self.content(text, isPlain: isPlain, as: shape)
            return CheckedValue(mark: node.mark, content: content)
        } catch {
            refuse(node.mark, "'\(name)': \(error.message)")
            return nil
        }
    }

    private static func content(
        _ text: String, isPlain: Bool, as shape: Shape
    ) throws(ScalarProblem) -> CheckedValue.Content {
        switch shape {
        case .text(let maximumLength): .text(try checkText(text, maximumLength))
        case .integer(let range): .integer(try checkInteger(text, in: range))
        case .seed: .seed(try checkSeed(text))
        case .boolean: .boolean(try checkBoolean(text, isPlain: isPlain))
        case .duration(let range): .duration(try checkDuration(text, in: range))
        case .byteCount(let range): .integer(try checkByteCount(text, in: range))
        case .rate: .rate(try parseRate(text))
        case .share: .integer(try checkShare(text))
        case .skew: .skew(try parseSkew(text))
        case .speed: .integer(try parseSpeed(text))
        case .node: try checkNode(text)
        case .condition: .condition(try checkCondition(text))
        case .column: .text(try checkColumn(text))
        case .choice(let choices): .text(try checkChoice(text, choices))
        case .list, .oneOrMany, .record, .tagged, .properties:
            preconditionFailure("no single value fits this shape")
        }
    }

    private static func checkText(
        _ text: String, _ maximumLength: Int
    ) throws(ScalarProblem) -> String {
        let trimmed = text.drop { $0.isWhitespace }
        guard !trimmed.isEmpty else { throw ScalarProblem(message: "must not be empty") }
        guard text.count <= maximumLength else {
            throw ScalarProblem(
                message: "has \(text.count) characters; \(maximumLength) are allowed")
        }
        return text
    }

    private static func checkColumn(_ text: String) throws(ScalarProblem) -> String {
        _ = try ColumnText(text)
        return text
    }

    private static func checkInteger(
        _ text: String, in range: ClosedRange<Int>
    ) throws(ScalarProblem) -> Int {
        let digits = text.filter { $0 != "_" }
        guard let number = Int(digits) else {
            throw ScalarProblem(message: "'\(text)' is not a whole number")
        }
        guard range.contains(number) else {
            throw ScalarProblem(
                message: "\(number) is outside \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }

    private static func checkSeed(_ text: String) throws(ScalarProblem) -> UInt64 {
        guard let seed = UInt64(text.filter { $0 != "_" }) else {
            throw ScalarProblem(
                message: "'\(text)' is not a seed; a seed is a whole number from 0 to 2^64-1")
        }
        return seed
    }

    private static func checkBoolean(
        _ text: String, isPlain: Bool
    ) throws(ScalarProblem) -> Bool {
        switch (text, isPlain) {
        case ("true", true): return true
        case ("false", true): return false
        default: throw ScalarProblem(message: "'\(text)' is neither true nor false")
        }
    }

    private static func checkDuration(
        _ text: String, in range: ClosedRange<Duration>
    ) throws(ScalarProblem) -> Duration {
        let duration = Duration.nanoseconds(try Units.time.parse(text))
        guard range.contains(duration) else {
            let bounds = "\(range.lowerBound.shortText) to \(range.upperBound.shortText)"
            throw ScalarProblem(message: "'\(text)' is outside \(bounds)")
        }
        return duration
    }

    private static func checkByteCount(
        _ text: String, in range: ClosedRange<Int>
    ) throws(ScalarProblem) -> Int {
        let count = Int(try Units.bytes.parse(text))
        guard range.contains(count) else {
            let lower = Units.bytes.write(Int64(range.lowerBound))
            let upper = Units.bytes.write(Int64(range.upperBound))
            throw ScalarProblem(message: "'\(text)' is outside \(lower) to \(upper)")
        }
        return count
    }

    private static func checkShare(_ text: String) throws(ScalarProblem) -> Int {
        let parts = try parsePartsPerMillion(text)
        guard parts <= 1_000_000 else {
            throw ScalarProblem(message: "'\(text)' is more than the whole (100%)")
        }
        return parts
    }

    private static func checkCondition(
        _ text: String
    ) throws(ScalarProblem) -> FaultCondition {
        if let condition = FaultCondition(text) { return condition }
        let forms = FaultCondition.forms.map(\.name).joined(separator: ", ")
        throw ScalarProblem(message: "'\(text)' is no condition; the conditions are: \(forms)")
    }

    private static func checkNode(
        _ text: String
    ) throws(ScalarProblem) -> CheckedValue.Content {
        if let node = NodeName(text) { return .node(node) }
        if let reference = NodeReference(text) { return .reference(reference) }
        let role = String(text.prefix { $0 != "-" && !$0.isNumber })
        // Gateways stand on the real machine alone.
        let roles = NodeRole.allCases.filter { $0 != .gateway }.map(\.rawValue)
        let known = roles.contains(role) ? role : suggestion(for: role, among: roles)
        let number = max(1, Int(text.drop { !$0.isNumber }) ?? 1)
        let hint = known.map { "; did you mean '\($0)-\(number)'?" } ?? ""
        throw ScalarProblem(
            message: "'\(text)' is not the name of a node\(hint)"
                + (hint.isEmpty
                    ? "; names are as in server-1, coordinator-2, client-1, leader of orders/0"
                    : ""))
    }

    private static func checkChoice(
        _ text: String, _ choices: [Choice]
    ) throws(ScalarProblem) -> String {
        let names = choices.map(\.name)
        if names.contains(text) { return text }
        let hint = suggestionText(for: text, among: names)
        throw ScalarProblem(
            message: "unknown value '\(text)'"
                + (hint.isEmpty ? "; it must be one of: \(names.joined(separator: ", "))" : hint))
    }
}

extension Shape {
    /// What belongs here, for a message.
    var expectation: String {
        switch self {
        case .text: "text"
        case .integer: "a whole number"
        case .seed: "a whole number"
        case .boolean: "true or false"
        case .duration: "a duration such as 10m or 250ms"
        case .byteCount: "a byte count such as 64KiB"
        case .rate: "a rate such as 200/s"
        case .share: "a share such as 2%"
        case .skew: "a skew such as 80/20"
        case .speed: "a speed such as 1x"
        case .node: "the name of a node such as server-1"
        case .condition: "a condition such as tiering orders"
        case .choice: "a word"
        case .list, .oneOrMany: "a list"
        case .column: "a column such as \(ColumnText.example)"
        case .record, .tagged, .properties: "a mapping"
        }
    }
}
