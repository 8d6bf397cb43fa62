/// Takes a line of a combined log apart, from its beginning on.
struct CombinedLogScanner {
    private let line: ArraySlice<UInt8>
    private var position: Int

    init(_ line: ArraySlice<UInt8>) {
        self.line = line
        position = line.startIndex
    }

    private var rest: ArraySlice<UInt8> { line[position...] }

    private func refusal(_ reason: String) -> Refusal {
        Refusal(reason, column: position - line.startIndex + 1)
    }

    /// What comes before the next space.
    mutating func takeWord(_ what: String) throws(Refusal) -> String {
        guard let end = rest.firstIndex(of: UInt8(ascii: " ")), end > position,
            line[position] != UInt8(ascii: "["), line[position] != UInt8(ascii: "\"")
        else { throw refusal("\(what) should be here") }
        let word = String(decoding: line[position..<end], as: UTF8.self)
        position = end + 1
        return word
    }

    /// What comes before the time: a user's name may have spaces.
    mutating func takeUser() throws(Refusal) -> String {
        var end = position
        while end + 1 < line.endIndex,
            line[end] != UInt8(ascii: " ") || line[end + 1] != UInt8(ascii: "[")
        {
            end += 1
        }
        guard end > position, end + 1 < line.endIndex, line[position] != UInt8(ascii: "[") else {
            throw refusal("the user and the time should be here")
        }
        let user = unescaped(line[position..<end])
        position = end + 1
        return user
    }

    /// `[25/Nov/2026:20:15:29 +0100]` and the space behind it.
    mutating func takeTime() throws(Refusal) -> Int64 {
        guard rest.first == UInt8(ascii: "["), let end = rest.firstIndex(of: UInt8(ascii: "]")),
            let time = CalendarTime.logMicroseconds(
                String(decoding: line[(position + 1)..<end], as: UTF8.self))
        else { throw refusal("a time such as [25/Nov/2026:20:15:29 +0100] should be here") }
        position = end + 1
        try takeSpace()
        return time
    }

    /// What stands in quotes, and the space behind them.
    mutating func takeQuoted(_ what: String) throws(Refusal) -> String {
        guard rest.first == UInt8(ascii: "\"") else {
            throw refusal("\(what) should be here in quotes")
        }
        var end = position + 1
        while end < line.endIndex, line[end] != UInt8(ascii: "\"") {
            end += line[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < line.endIndex else { throw refusal("\(what) has no closing quote") }
        let text = unescaped(line[(position + 1)..<end])
        position = end + 1
        if position < line.endIndex { try takeSpace() }
        return text
    }

    mutating func takeStatus() throws(Refusal) -> Int32 {
        guard let end = rest.firstIndex(of: UInt8(ascii: " ")), end == position + 3,
            let status = number(line[position..<end])
        else { throw refusal("a status of three digits should be here") }
        position = end + 1
        return Int32(status)
    }

    /// The bytes of the answer, nil for `-`.
    mutating func takeByteCount() throws(Refusal) -> Int64? {
        let word = rest.prefix { $0 != UInt8(ascii: " ") }
        let isAbsent = word.elementsEqual([UInt8(ascii: "-")])
        let count = number(word)
        if !isAbsent && count == nil { throw refusal("a number of bytes or - should be here") }
        position = word.endIndex
        try takeSpace()
        return count
    }

    func takeEnd() throws(Refusal) {
        if position < line.endIndex { throw refusal("something follows the user agent") }
        if line.last == UInt8(ascii: " ") { throw refusal("a space follows the user agent") }
    }

    private mutating func takeSpace() throws(Refusal) {
        guard rest.first == UInt8(ascii: " ") else { throw refusal("a space should be here") }
        position += 1
    }

    private func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }

    /// The text with its escapes resolved, or as it is if that makes no UTF-8.
    private func unescaped(_ text: ArraySlice<UInt8>) -> String {
        let written = String(decoding: text, as: UTF8.self)
        if !text.contains(UInt8(ascii: "\\")) { return written }
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(escape)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "x"):
                let digits = rest.prefix(2).compactMap(EncodedBytes.digit)
                guard digits.count == 2 else { return written }
                bytes.append(digits[0] << 4 | digits[1])
                rest = rest.dropFirst(2)
            default: return written
            }
        }
        return String(validating: bytes, as: UTF8.self) ?? written
    }
}
