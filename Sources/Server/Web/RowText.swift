public import Columnar
public import JSON
import Platform

/// Values of rows as JSON for people and programs of any kind, and back.
///
///     boolean              true or false
///     integers             the number
///     float, double        the number, or "NaN", "Infinity", "-Infinity"
///     decimal              text with all digits, such as "-12.50"; a number is taken, too
///     char, string         text
///     binary, bytes        two hexadecimal digits a byte, in lower case
///     date                 "2026-11-28"; days since 1970-01-01 are taken, too
///     time                 "23:59:59.5"; units of its precision since midnight are taken, too
///     timestamp            "2026-11-28T23:59:59.5"; units since 1970 are taken, too
///     timestamp_ltz        the same in UTC, with a Z at its end
///     uuid                 its canonical text
///     vector, array        an array
///     map                  an object if its keys are text, else an array of pairs
///     row                  an object by the names of its fields
///
/// Beyond the years 0000 to 9999 dates and timestamps are numbers.
public enum RowText {
    static func json(_ value: Value, _ type: DataType) -> JSONValue {
        switch value {
        case .null: return .null
        case .boolean(let flag): return .bool(flag)
        case .tinyint, .smallint, .int, .bigint: return .integer(value.integer ?? 0)
        case .float(let number):
            return json(Double(number), shortest: "\(number)")
        case .double(let number): return json(number, shortest: "\(number)")
        case .decimal(let number):
            guard case .decimal(_, let scale) = type else { preconditionFailure("no decimal") }
            return .string(Value.decimalText(number, scale: scale))
        case .string(let text): return .string(text)
        case .bytes(let bytes): return .string(hexadecimal(bytes))
        case .uuid(let identifier): return .string(identifier.description)
        case .date(let days):
            let text = CalendarText.date(Int64(days))
            return hasPlainYear(text) ? .string(text) : .integer(Int64(days))
        case .time(let units): return .string(CalendarText.time(units, type.unitsPerSecond))
        case .timestamp(let units):
            let text = CalendarText.timestamp(units, type.unitsPerSecond, separator: "T")
            return hasPlainYear(text)
                ? .string(type.isInstant ? text + "Z" : text) : .integer(units)
        case .vector(let elements):
            return .array(elements.map { json(Double($0), shortest: "\($0)") })
        case .array(let elements):
            return .array(elements.map { json($0, type.children[0].type) })
        case .map(let entries): return json(entries, type)
        case .row(let values):
            return .object(
                zip(type.children, values).map { JSONMember($0.name, json($1, $0.type)) })
        }
    }

    /// A number in as few digits as tell it from its neighbours.
    private static func json(_ number: Double, shortest text: String) -> JSONValue {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        return .exactNumber(text)
    }

    private static func json(_ entries: [MapEntry], _ type: DataType) -> JSONValue {
        let (key, value) = (type.children[0].type, type.children[1].type)
        if key.storage != .text {
            return .array(entries.map { [json($0.key, key), json($0.value, value)] })
        }
        return .object(
            entries.map { entry in
                guard case .string(let name) = entry.key else {
                    preconditionFailure("a key of \(key) that is no text")
                }
                return JSONMember(name, json(entry.value, value))
            })
    }

    /// Whether a date's year has four digits, as readers expect.
    private static func hasPlainYear(_ text: String) -> Bool {
        text.utf8.first != UInt8(ascii: "-")
            && text.utf8.firstIndex(of: UInt8(ascii: "-"))
                == text.utf8.index(
                    text.utf8.startIndex, offsetBy: 4)
    }

    // MARK: Reading

    /// The value of a type that a JSON value says, null included; throws `.wrongType` if it says
    /// none.
    public static func value(_ field: JSONField, _ type: DataType) throws(JSONError) -> Value {
        if field.value.isNull { return .null }
        let found: Value?
        switch type {
        case .boolean: found = field.value.bool.map { .boolean($0) }
        case .float: found = number(field.value, Float.init).map(Value.float)
        case .double: found = number(field.value, Double.init).map(Value.double)
        case .decimal(let precision, let scale):
            found = text(field.value).flatMap {
                DecimalText.unscaled($0, precision: precision, scale: scale)
            }.map { .decimal($0) }
        case .char, .string: found = field.value.string.map(Value.string)
        case .binary, .bytes:
            found = field.value.string.flatMap { bytes(ofHexadecimal: $0) }.map(Value.bytes)
        case .uuid: found = field.value.string.flatMap { UniqueIdentifier($0) }.map { .uuid($0) }
        case .date, .time, .timestamp, .timestampLTZ: found = moment(field.value, type)
        case .vector:
            var elements: [Float] = []
            for element in try field.array() {
                guard let number = number(element.value, Float.init) else {
                    throw .wrongType(path: element.path, expected: "a number")
                }
                elements.append(number)
            }
            found = .vector(elements)
        case .array(let array):
            var elements: [Value] = []
            for element in try field.array() { elements.append(try value(element, array.element)) }
            found = .array(elements)
        case .map(let map): found = .map(try entries(field, map))
        case .row(let row): found = .row(try values(field, row.fields))
        default: found = integer(field.value).flatMap { Value(exactly: $0, of: type) }
        }
        guard let found, found.matches(type) else {
            throw .wrongType(path: field.path, expected: "a value of \(type)")
        }
        return found
    }

    private static func entries(
        _ field: JSONField, _ map: MapType
    ) throws(JSONError) -> [MapEntry] {
        var entries: [MapEntry] = []
        if map.key.storage == .text {
            for (name, member) in try field.members() {
                entries.append(MapEntry(.string(name), try value(member, map.value)))
            }
            return entries
        }
        for pair in try field.array() {
            let sides = try pair.array()
            guard sides.count == 2 else {
                throw .wrongType(path: pair.path, expected: "a pair of a key and a value")
            }
            entries.append(
                MapEntry(try value(sides[0], map.key), try value(sides[1], map.value)))
        }
        return entries
    }

    /// The values of some fields by their names; those that are not named are null.
    private static func values(
        _ field: JSONField, _ fields: [Field]
    ) throws(JSONError) -> [Value] {
        var values = [Value](repeating: .null, count: fields.count)
        for (name, member) in try field.members() {
            guard let position = fields.firstIndex(where: { $0.name == name }) else {
                throw .wrongType(path: member.path, expected: "a field of the row")
            }
            values[position] = try value(member, fields[position].type)
        }
        return values
    }

    private static func moment(_ json: JSONValue, _ type: DataType) -> Value? {
        var units = integer(json)
        if let text = json.string {
            switch type {
            case .date: units = CalendarText.days(text[...])
            case .time: units = CalendarText.timeUnits(text[...], type.unitsPerSecond)
            default: units = CalendarText.units(text, type.unitsPerSecond)
            }
        }
        guard let units else { return nil }
        if case .date = type { return Int32(exactly: units).map(Value.date) }
        return Value(integer: units, of: type)
    }

    /// A whole number, also where a program writes it as 5.0 or, since it is long, as text.
    private static func integer(_ json: JSONValue) -> Int64? {
        switch json {
        case .integer(let number): number
        case .string(let text): Int64(text)
        case .exactNumber(let text): Double(text).flatMap { Int64(exactly: $0) }
        default: nil
        }
    }

    private static func number<Number: BinaryFloatingPoint>(
        _ json: JSONValue, _ parse: (String) -> Number?
    ) -> Number? {
        switch json {
        case .string("NaN"): return .nan
        case .string("Infinity"): return .infinity
        case .string("-Infinity"): return -.infinity
        case .string: return nil
        default:
            guard let number = text(json).flatMap(parse), number.isFinite else { return nil }
            return number
        }
    }

    private static func text(_ json: JSONValue) -> String? {
        switch json {
        case .integer(let number): String(number)
        case .number(let number): "\(number)"
        case .string(let text), .exactNumber(let text): text.utf8.count <= 400 ? text : nil
        default: nil
        }
    }
}

extension DataType {
    /// Whether values are moments in universal time.
    fileprivate var isInstant: Bool {
        if case .timestampLTZ = self { return true }
        return false
    }
}
