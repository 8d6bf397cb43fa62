import Columnar
public import JSON

/// Nested values as JSON.
///
///     array, vector   an array
///     map             an object if its keys are text, else an array of pairs
///     row             an object
///     bytes           two hexadecimal digits a byte
///     decimal         text with all digits
///     the others      as in SQL
enum JSONText {
    static func of(_ value: Value, _ type: DataType) -> String { json(value, type).compact }

    private static func json(_ value: Value, _ type: DataType) -> JSONValue {
        switch value {
        case .vector(let elements): return .array(elements.map { number(Double($0)) })
        case .array(let elements):
            return .array(elements.map { json($0, type.children[0].type) })
        case .map(let entries):
            let values = entries.map { json($0.value, type.children[1].type) }
            let keys = entries.compactMap { if case .string(let key) = $0.key { key } else { nil } }
            if keys.count == entries.count {
                return .object(zip(keys, values).map { JSONMember($0, $1) })
            }
            return .array(
                zip(entries, values).map { [json($0.key, type.children[0].type), $1] })
        case .row(let values):
            return .object(
                zip(type.children, values).map { JSONMember($0.name, json($1, $0.type)) })
        case .boolean(let flag): return .bool(flag)
        case .bytes(let bytes): return .string(SQLCell.hexadecimal(bytes))
        case .decimal(let number):
            guard case .decimal(_, let scale) = type else { return .null }
            return .string(Value.decimalText(number, scale: scale))
        default: return SQLCell(value, type).json
        }
    }

    static func number(_ number: Double) -> JSONValue {
        number.isFinite ? .number(number) : .null
    }
}

extension SQLCell {
    /// As JSON; a blob in hexadecimal digits.
    public var json: JSONValue {
        switch self {
        case .null: return .null
        case .integer(let number): return .integer(number)
        case .real(let number): return JSONText.number(number)
        case .text(let text): return .string(text)
        case .blob(let bytes): return .string(Self.hexadecimal(bytes))
        }
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
