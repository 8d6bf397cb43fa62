extension JSONValue {
    /// The text on one line, without spaces.
    public var compact: String {
        var printer = JSONPrinter(indentation: nil)
        printer.print(self, depth: 0)
        return String(decoding: printer.bytes, as: UTF8.self)
    }

    /// The text over several lines, indented by two spaces, with a line end last.
    public var pretty: String {
        var printer = JSONPrinter(indentation: 2)
        printer.print(self, depth: 0)
        return String(decoding: printer.bytes, as: UTF8.self) + "\n"
    }
}

/// Prints the same text for the same value everywhere.
struct JSONPrinter {
    private(set) var bytes: [UInt8] = []
    private let indentation: Int?

    init(indentation: Int?) { self.indentation = indentation }

    mutating func print(_ value: JSONValue, depth: Int) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .integer(let value): append(String(value))
        case .number(let value):
            precondition(value.isFinite, "JSON has no infinite numbers")
            append("\(value)")
        case .exactNumber(let text): append(text)
        case .string(let value): print(value)
        case .array(let elements):
            print(elements.count, open: "[", close: "]", depth: depth) { printer, position in
                printer.print(elements[position], depth: depth + 1)
            }
        case .object(let members):
            print(members.count, open: "{", close: "}", depth: depth) { printer, position in
                printer.print(members[position].name)
                printer.append(printer.indentation == nil ? ":" : ": ")
                printer.print(members[position].value, depth: depth + 1)
            }
        }
    }

    private mutating func print(
        _ count: Int, open: String, close: String, depth: Int,
        _ element: (inout JSONPrinter, Int) -> Void
    ) {
        append(open)
        for position in 0..<count {
            if position > 0 { append(",") }
            breakLine(depth + 1)
            element(&self, position)
        }
        if count > 0 { breakLine(depth) }
        append(close)
    }

    private mutating func print(_ string: String) {
        let digits = Array("0123456789abcdef".utf8)
        append("\"")
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0x09: append("\\t")
            case ..<0x20:
                append("\\u00")
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        append("\"")
    }

    private mutating func breakLine(_ depth: Int) {
        guard let indentation else { return }
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: indentation * depth))
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
