extension StringProtocol {
    /// The text with a sign in place of each value, so that the same failure reads the same with
    /// every seed: `offset 12 of a3f09b` becomes `offset # of #`.
    ///
    /// A whole word goes, never a part of one: a number with its unit, a hash, an identifier in
    /// hexadecimal. Of a name with digits, such as `int64`, the digits go. What stands in double
    /// quotes is data. A list of values is as long as the seed made it, and becomes one sign.
    public var causeText: String {
        var text = ""
        var word = ""
        var isQuoted = false
        func endWord() {
            text += word.isValue ? "#" : word.withSignsForDigits
            word = ""
        }
        for character in self {
            if character == "\"" {
                endWord()
                text += isQuoted ? "\"#\"" : ""
                isQuoted.toggle()
            } else if isQuoted {
                continue
            } else if character.isLetter || character.isNumber {
                word.append(character)
            } else {
                endWord()
                text.append(character)
            }
        }
        endWord()
        return text.withListsAsOneSign
    }

    /// The beginning of the text, ended at a word.
    func cutAtWord(after limit: Int) -> String {
        guard count > limit else { return String(self) }
        let head = prefix(limit)
        let end = head.lastIndex(of: " ") ?? head.endIndex
        return head[..<end] + " ..."
    }
}

extension String {
    /// A number, with or without its unit, or hexadecimal digits that are no word.
    fileprivate var isValue: Bool {
        if isEmpty { return false }
        let isHexadecimal = allSatisfy { $0.isHexDigit }
        if contains(where: \.isNumber) {
            let unit = drop { $0.isNumber }
            return isHexadecimal || hasPrefix("0x")
                || (first?.isNumber == true && !unit.contains(where: \.isNumber) && unit.count < 4)
        }
        return isHexadecimal && count >= 8
    }

    fileprivate var withSignsForDigits: String {
        var text = ""
        for character in self {
            if !character.isNumber {
                text.append(character)
            } else if text.last != "#" {
                text.append("#")
            }
        }
        return text
    }

    /// With one sign for several that follow each other, as in `#.#` and `#, #, #`, and without a
    /// minus before one.
    fileprivate var withListsAsOneSign: String {
        var result: [Character] = []
        var separator: [Character] = []
        for character in self {
            let isAfterSign = result.last == "#"
            if character == "#" {
                if !isAfterSign {
                    if result.last == "-", result.dropLast().last.map({ !$0.isLetter }) ?? true {
                        result.removeLast()
                    }
                    result.append("#")
                }
                separator = []
            } else if isAfterSign, separator.count < 2, ",. ;:".contains(character),
                !(separator.isEmpty && character == " ")
            {
                separator.append(character)
            } else {
                result += separator + [character]
                separator = []
            }
        }
        return String(result + separator)
    }
}
