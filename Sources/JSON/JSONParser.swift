extension JSONValue {
    /// Parses a JSON text strictly (RFC 8259).
    ///
    /// With `exactNumbers` a number that is no 64-bit integer is kept as it is written, for
    /// decimals that a floating-point number would round.
    public init(
        parsing bytes: [UInt8], byteLimit: Int = 256 * 1024 * 1024, depthLimit: Int = 200,
        exactNumbers: Bool = false
    ) throws(JSONError) {
        if bytes.count > byteLimit { throw .tooLarge(byteCount: bytes.count, limit: byteLimit) }
        var parser = JSONParser(bytes: bytes, depthLimit: depthLimit, exactNumbers: exactNumbers)
        self = try parser.parseText()
    }

    public init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }
}

/// One pass over the bytes of a text.
struct JSONParser {
    private let bytes: [UInt8]
    private let depthLimit: Int
    private let exactNumbers: Bool
    private var position = 0
    private var depth = 0

    init(bytes: [UInt8], depthLimit: Int, exactNumbers: Bool) {
        self.bytes = bytes
        self.depthLimit = depthLimit
        self.exactNumbers = exactNumbers
    }

    mutating func parseText() throws(JSONError) -> JSONValue {
        let value = try parseValue()
        skipSpace()
        if position < bytes.count { throw malformed("something follows the value") }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func parseValue() throws(JSONError) -> JSONValue {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"):
            return try nested { (parser) throws(JSONError) in try parser.parseObject() }
        case UInt8(ascii: "["):
            return try nested { (parser) throws(JSONError) in try parser.parseArray() }
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        case nil: throw malformed("the text ends where a value should be")
        default: return try parseNumber()
        }
    }

    private mutating func nested(
        _ parse: (inout JSONParser) throws(JSONError) -> JSONValue
    ) throws(JSONError) -> JSONValue {
        depth += 1
        if depth > depthLimit { throw malformed("nested deeper than \(depthLimit)") }
        let value = try parse(&self)
        depth -= 1
        return value
    }

    private mutating func parseObject() throws(JSONError) -> JSONValue {
        position += 1
        var members: [JSONMember] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            if next != UInt8(ascii: "\"") { throw malformed("a member's name should be here") }
            let name = try parseString()
            skipSpace()
            if !take(UInt8(ascii: ":")) { throw malformed("':' should be here") }
            members.append(JSONMember(name, try parseValue()))
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "}")) { return .object(members) }
            throw malformed("',' or '}' should be here")
        }
    }

    private mutating func parseArray() throws(JSONError) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try parseValue())
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "]")) { return .array(elements) }
            throw malformed("',' or ']' should be here")
        }
    }

    private mutating func parseWord(
        _ word: StaticString, _ value: JSONValue
    ) throws(JSONError) -> JSONValue {
        let start = position
        for offset in 0..<word.utf8CodeUnitCount {
            if next != word.utf8Start[offset] {
                position = start
                throw malformed("only \(word) could be here")
            }
            position += 1
        }
        return value
    }

    private mutating func parseNumber() throws(JSONError) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if take(UInt8(ascii: "0")) {
            if isDigit(next) { throw malformed("a number does not begin with 0") }
        } else if takeDigits() == 0 {
            throw malformed("no value begins like this")
        }
        var isWhole = true
        if take(UInt8(ascii: ".")) {
            isWhole = false
            if takeDigits() == 0 { throw malformed("a digit should follow the point") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isWhole = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            if takeDigits() == 0 { throw malformed("a digit should follow the exponent") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let integer = Int64(text), text != "-0" { return .integer(integer) }
        if exactNumbers { return .exactNumber(text) }
        guard let number = Double(text), number.isFinite else {
            throw malformed("the number is too large")
        }
        return .number(number)
    }

    // MARK: Strings

    private mutating func parseString() throws(JSONError) -> String {
        position += 1
        let start = position
        // Most strings have no escape: take them whole.
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20
        {
            position += 1
        }
        if next == UInt8(ascii: "\"") {
            let string = try decode(bytes[start..<position])
            position += 1
            return string
        }
        var content = Array(bytes[start..<position])
        while let byte = next {
            if byte < 0x20 { throw malformed("a control character in a string") }
            position += 1
            if byte == UInt8(ascii: "\"") { return try decode(content[...]) }
            if byte == UInt8(ascii: "\\") {
                try parseEscape(into: &content)
            } else {
                content.append(byte)
            }
        }
        throw malformed("the text ends within a string")
    }

    private func decode(_ content: ArraySlice<UInt8>) throws(JSONError) -> String {
        guard let string = String(validating: content, as: UTF8.self) else {
            throw malformed("a string is not UTF-8")
        }
        return string
    }

    private mutating func parseEscape(into content: inout [UInt8]) throws(JSONError) {
        guard let escape = next else { throw malformed("the text ends within a string") }
        position += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(escape)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): try parseUnicodeEscape(into: &content)
        default: throw malformed("no such escape in a string")
        }
    }

    private mutating func parseUnicodeEscape(into content: inout [UInt8]) throws(JSONError) {
        var code = try parseHexadecimal()
        if code & 0xFC00 == 0xD800 {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
                throw malformed("half of a surrogate pair")
            }
            let low = try parseHexadecimal()
            if low & 0xFC00 != 0xDC00 { throw malformed("half of a surrogate pair") }
            code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
        }
        guard let scalar = Unicode.Scalar(code) else { throw malformed("half of a surrogate pair") }
        content.append(contentsOf: Array(String(Character(scalar)).utf8))
    }

    private mutating func parseHexadecimal() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue,
                byte < 0x80
            else { throw malformed("four hexadecimal digits should be here") }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    // MARK: Bytes

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        if next != byte { return false }
        position += 1
        return true
    }

    private mutating func takeDigits() -> Int {
        let start = position
        while isDigit(next) { position += 1 }
        return position - start
    }

    private func isDigit(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private func malformed(_ reason: String) -> JSONError {
        let before = bytes[..<min(position, bytes.count)]
        let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return .malformed(line: line, column: position - lineStart + 1, reason: reason)
    }
}
