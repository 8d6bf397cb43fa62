import Columnar
import JSON
import Server
import Workloads

/// Values of columns from the text of a field, and the type of a column from its texts.
enum TextValue {
    /// The value that a text says; nil if it is none of the type.
    static func value(_ text: String, _ type: DataType) -> Value? {
        switch type {
        case .boolean: return boolean(text)
        case .string: return .string(text)
        case .float, .double: return parsed(number(text), type)
        case .timestampLTZ: return instant(text, type) ?? parsed(.string(text), type)
        case .array, .map, .row, .vector:
            guard
                let json = try? JSONValue(
                    parsing: Array(text.utf8), depthLimit: 40, exactNumbers: true)
            else { return nil }
            return parsed(json, type)
        default: return parsed(.string(text), type)
        }
    }

    /// The value that a member of an object says; nil if it is none of the type.
    static func value(_ json: JSONValue, _ type: DataType) -> Value? {
        if json.isNull { return .null }
        if type == .string, json.string == nil { return .string(json.compact) }
        if case .timestampLTZ = type, let text = json.string, let value = instant(text, type) {
            return value
        }
        return parsed(json, type)
    }

    private static func parsed(_ json: JSONValue, _ type: DataType) -> Value? {
        try? RowText.value(JSONField(value: json, path: ""), type)
    }

    private static func boolean(_ text: String) -> Value? {
        switch text.lowercased() {
        case "true", "t", "yes", "y", "1": .boolean(true)
        case "false", "f", "no", "n", "0": .boolean(false)
        default: nil
        }
    }

    private static func number(_ text: String) -> JSONValue {
        isNumber(text) ? .exactNumber(text) : .string(text)
    }

    private static func isNumber(_ text: String) -> Bool {
        let allowed = Array("0123456789+-.eE".utf8)
        return !text.isEmpty && text.utf8.allSatisfy { allowed.contains($0) }
            && Double(text) != nil
    }

    /// A moment with its zone, such as `2026-11-28 23:59:59+01:00`.
    private static func instant(_ text: String, _ type: DataType) -> Value? {
        guard let microseconds = CalendarTime.microseconds(text, hasZone: true) else { return nil }
        let units = type.unitsPerSecond
        if units >= 1_000_000 {
            let (product, isOver) = microseconds.multipliedReportingOverflow(
                by: units / 1_000_000)
            return isOver ? nil : .timestamp(product)
        }
        let factor = 1_000_000 / units
        return microseconds % factor == 0 ? .timestamp(microseconds / factor) : nil
    }

    // MARK: Types

    /// What a text says on its face, for `InferredColumn`.
    static func shown(_ text: String) -> JSONValue {
        switch text {
        case "true", "false", "TRUE", "FALSE", "True", "False":
            return .bool(text.lowercased() == "true")
        default: break
        }
        guard isNumber(text), text.utf8.first != UInt8(ascii: "+") else { return .string(text) }
        // Digits behind a zero are of a code, not of a number.
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
        if digits.count > 1, digits.first == UInt8(ascii: "0"), digits.dropFirst().first != 0x2E {
            return .string(text)
        }
        return Int64(text).map { .integer($0) } ?? .exactNumber(text)
    }
}

/// Finds the type of a column of texts: as `InferredColumn` does, and dates and times as well.
struct InferredTexts {
    private enum Moment: Hashable {
        case date, local, instant, none
    }

    private var values: InferredColumn
    private var moments: Set<Moment> = []

    init(_ name: String) { values = InferredColumn(name) }

    mutating func note(_ text: String) {
        let shown = TextValue.shown(text)
        values.note(shown)
        moments.insert(shown.string == nil ? .none : Self.moment(text))
    }

    var type: DataType {
        switch moments {
        case [.date]: .date
        case [.local], [.local, .date]: .timestamp(precision: 6)
        case [.instant]: .timestampLTZ(precision: 6)
        default: values.type
        }
    }

    private static func moment(_ text: String) -> Moment {
        guard text.utf8.count >= 10, text.utf8.count <= 40, text.utf8.first != 0x2D else {
            return .none
        }
        if text.utf8.count == 10 { return CalendarText.days(text[...]) == nil ? .none : .date }
        if CalendarTime.microseconds(text, hasZone: true) != nil { return .instant }
        return text.last != "Z" && CalendarText.units(text, 1_000_000) != nil ? .local : .none
    }
}
