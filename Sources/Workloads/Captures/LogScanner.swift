import Columnar

/// Takes a line of an access log apart, from its beginning on.
struct LogScanner {
    private let line: ArraySlice<UInt8>
    private var position: Int

    init(_ line: ArraySlice<UInt8>) {
        self.line = line
        position = line.startIndex
    }

    private var rest: ArraySlice<UInt8> { line[position...] }

    func refusal(_ reason: String) -> Refusal {
        Refusal(reason, column: position - line.startIndex + 1)
    }

    /// What stands between two fields.
    mutating func take(literal: [UInt8], before next: LogField?) throws(Refusal) {
        if rest.starts(with: literal) {
            position += literal.count
            return
        }
        // The place is that of the first byte that is another one.
        let common = zip(rest, literal).prefix { $0 == $1 }.count
        position += common
        // Where a field in quotes should begin, or at the end, it is missing as a whole.
        let isInQuotes = literal.last == 0x22
        if let next, isInQuotes && literal[common] == 0x22 || position == line.endIndex {
            throw refusal("\(next.noun) should be here\(isInQuotes ? " in quotes" : "")")
        }
        switch literal[common] {
        case 0x20: throw refusal("a space should be here")
        case 0x22: throw refusal("a quote should be here")
        case let byte: throw refusal("'\(Character(Unicode.Scalar(byte)))' should be here")
        }
    }

    /// What comes before `end`; to the end of the line where nothing follows.
    mutating func takeText(before end: [UInt8]?, _ noun: String) throws(Refusal) -> String {
        if end?.first == UInt8(ascii: "\"") { return try takeQuoted(noun) }
        guard let stop = place(of: end), stop > position || end == nil else {
            throw refusal("\(noun) should be here")
        }
        let text = unescaped(line[position..<stop])
        position = stop
        return text
    }

    /// A name that may have spaces, before a time in brackets.
    mutating func takeName(before end: [UInt8]?, _ noun: String) throws(Refusal) -> String {
        if rest.first == UInt8(ascii: "[") { throw refusal("\(noun) should be here") }
        return try takeText(before: end, noun)
    }

    /// The same, which begins with no quote or bracket.
    mutating func takeWord(before end: [UInt8]?, _ noun: String) throws(Refusal) -> String {
        guard let first = rest.first, first != UInt8(ascii: "["), first != UInt8(ascii: "\"") else {
            throw refusal("\(noun) should be here")
        }
        guard let stop = place(of: end), stop > position else {
            throw refusal("\(noun) should be here")
        }
        let word = String(decoding: line[position..<stop], as: UTF8.self)
        position = stop
        return word
    }

    /// The text up to the quote that closes it.
    private mutating func takeQuoted(_ noun: String) throws(Refusal) -> String {
        var end = position
        while end < line.endIndex, line[end] != UInt8(ascii: "\"") {
            end += line[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < line.endIndex else {
            position -= 1
            throw refusal("\(noun) has no closing quote")
        }
        let text = unescaped(line[position..<end])
        position = end
        return text
    }

    /// `[25/Nov/2026:20:15:29 +0100]`
    mutating func takeTime(hasBrackets: Bool, before end: [UInt8]?) throws(Refusal) -> Int64 {
        let start = hasBrackets ? position + 1 : position
        let end = hasBrackets ? [UInt8(ascii: "]")] : end
        guard !hasBrackets || rest.first == UInt8(ascii: "["), let stop = place(of: end),
            start <= stop,
            let time = CalendarTime.logMicroseconds(
                String(decoding: line[start..<stop], as: UTF8.self))
        else {
            // Brackets are of the time, wherever the format has them.
            let isWithin =
                !hasBrackets && position > line.startIndex
                && line[position - 1] == UInt8(ascii: "[")
            if isWithin { position -= 1 }
            throw refusal("a time such as [25/Nov/2026:20:15:29 +0100] should be here")
        }
        position = hasBrackets ? stop + 1 : stop
        return time
    }

    mutating func takeISOTime(before end: [UInt8]?) throws(Refusal) -> Int64 {
        guard let stop = place(of: end),
            let time = CalendarTime.microseconds(
                String(decoding: line[position..<stop], as: UTF8.self), hasZone: true)
        else { throw refusal("a time such as 2026-11-25T20:15:29+01:00 should be here") }
        position = stop
        return time
    }

    mutating func takeUnixTime(before end: [UInt8]?) throws(Refusal) -> Int64 {
        guard let stop = place(of: end),
            let time = DecimalText.millionths(
                String(decoding: line[position..<stop], as: UTF8.self))
        else { throw refusal("a time such as 1700000000.123 should be here") }
        position = stop
        return time
    }

    mutating func takeStatus() throws(Refusal) -> Int32 {
        let digits = rest.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\"") }
        guard digits.count == 3, let status = number(digits) else {
            throw refusal("a status of three digits should be here")
        }
        position = digits.endIndex
        return Int32(status)
    }

    /// A number, nil for `-`.
    mutating func takeCount(before end: [UInt8]?, _ noun: String) throws(Refusal) -> Int64? {
        guard let stop = place(of: end) else { throw refusal("\(noun) or - should be here") }
        let word = line[position..<stop]
        if word.elementsEqual([UInt8(ascii: "-")]) {
            position = stop
            return nil
        }
        guard let count = number(word) else { throw refusal("\(noun) or - should be here") }
        position = stop
        return count
    }

    /// A number with a fraction in millionths, nil for `-`.
    mutating func takeDecimal(before end: [UInt8]?, _ noun: String) throws(Refusal) -> Int64? {
        guard let stop = place(of: end) else { throw refusal("\(noun) or - should be here") }
        let text = String(decoding: line[position..<stop], as: UTF8.self)
        guard text == "-" || DecimalText.millionths(text) != nil else {
            throw refusal("\(noun) or - should be here")
        }
        position = stop
        return DecimalText.millionths(text)
    }

    mutating func requireEnd(after last: LogField?) throws(Refusal) {
        if position == line.endIndex { return }
        let noun = last?.noun ?? "the line"
        let isSpace = rest.elementsEqual([0x20])
        if rest.first == 0x20 { position += 1 }
        if isSpace { throw refusal("a space follows \(noun)") }
        throw refusal("something follows \(noun)")
    }

    // MARK: Parts

    /// Where the literal after a field begins; the line's end where there is none.
    private func place(of end: [UInt8]?) -> Int? {
        guard let end, let first = end.first else { return line.endIndex }
        var place = position
        while let found = line[place...].firstIndex(of: first) {
            if line[found...].starts(with: end) { return found }
            place = found + 1
        }
        return nil
    }

    private func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
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
