import JSON

/// What Debezium writes in place of a value that is stored out of line and did not change.
enum UnsentValue {
    private static let text = "__debezium_unavailable_value"
    private static let written: Set<JSONValue> = [
        .string(text),
        // As bytes, in each of the ways that Debezium writes those.
        "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==", "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ",
        "5f5f646562657a69756d5f756e617661696c61626c655f76616c7565",
        // As a UUID made of it.
        "b68a35a7-17ad-35b3-af2a-ae46edb4545a",
    ]
    private static let numbers = text.utf8.map { JSONValue.integer(Int64($0)) }

    /// Whether a value, or any part of it, stands for one that was not sent.
    static func isPart(of value: JSONValue) -> Bool {
        switch value {
        case .string(let string):
            if string.utf8.count > 100 { return false }
            // A map may be written as text.
            return written.contains(value)
                || string.hasPrefix("{\"\(text)\"") && string.hasSuffix("\"\(text)\"}")
        case .array(let elements):
            // A list of numbers holds the text's bytes, all or the first of them.
            return elements.count >= 3 && numbers.starts(with: elements)
                || elements.contains(where: isPart)
        case .object(let members):
            return members.contains { $0.name == text || isPart(of: $0.value) }
        default: return false
        }
    }
}
