/// Swift source with comments and the text of string literals replaced by spaces.
///
/// Lines stay where they are. What is interpolated into a string is blanked as well.
func codeOnly(_ text: String) -> String {
    var scanner = Scanner(Array(text.utf8))
    scanner.scanCode(untilClosingParenthesis: false, isBlanking: false)
    return String(decoding: scanner.output, as: UTF8.self)
}

private struct Scanner {
    private let bytes: [UInt8]
    private var position = 0
    private(set) var output: [UInt8] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private func starts(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        if position + count > bytes.count { return false }
        return (0..<count).allSatisfy { bytes[position + $0] == text.utf8Start[$0] }
    }

    private mutating func take(_ count: Int = 1, blank: Bool) {
        for _ in 0..<count where position < bytes.count {
            let byte = bytes[position]
            output.append(blank && byte != UInt8(ascii: "\n") ? UInt8(ascii: " ") : byte)
            position += 1
        }
    }

    mutating func scanCode(untilClosingParenthesis: Bool, isBlanking: Bool) {
        var depth = 1
        while position < bytes.count {
            if starts("//") {
                while position < bytes.count && bytes[position] != UInt8(ascii: "\n") {
                    take(blank: true)
                }
            } else if starts("/*") {
                skipComment()
            } else if let hashes = stringStart() {
                skipString(hashes: hashes, isNested: isBlanking)
            } else {
                if starts("(") { depth += 1 }
                if starts(")") { depth -= 1 }
                if untilClosingParenthesis && depth == 0 { return }
                take(blank: isBlanking)
            }
        }
    }

    private mutating func skipComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                take(2, blank: true)
            } else if starts("*/") {
                depth -= 1
                take(2, blank: true)
            } else {
                take(blank: true)
            }
        } while depth > 0 && position < bytes.count
    }

    /// How many `#` stand before a string's quote, or nil if no string begins here.
    private func stringStart() -> Int? {
        var end = position
        while end < bytes.count && bytes[end] == UInt8(ascii: "#") { end += 1 }
        return end < bytes.count && bytes[end] == UInt8(ascii: "\"") ? end - position : nil
    }

    private mutating func skipString(hashes: Int, isNested: Bool) {
        take(hashes, blank: true)
        let quote = starts("\"\"\"") ? 3 : 1
        take(quote, blank: isNested)
        while position < bytes.count {
            if closes(quote: quote, hashes: hashes) {
                take(quote, blank: isNested)
                take(hashes, blank: true)
                return
            }
            if bytes[position] == UInt8(ascii: "\\"), follows(hashes, after: position + 1) {
                take(1 + hashes, blank: true)
                if starts("(") {
                    take(blank: true)
                    scanCode(untilClosingParenthesis: true, isBlanking: true)
                }
                take(blank: true)
            } else if quote == 1 && bytes[position] == UInt8(ascii: "\n") {
                return
            } else {
                take(blank: true)
            }
        }
    }

    private func closes(quote: Int, hashes: Int) -> Bool {
        quote == 3
            ? starts("\"\"\"") && follows(hashes, after: position + 3)
            : starts("\"") && follows(hashes, after: position + 1)
    }

    private func follows(_ hashes: Int, after start: Int) -> Bool {
        start + hashes <= bytes.count
            && bytes[start..<start + hashes].allSatisfy { $0 == UInt8(ascii: "#") }
    }
}
