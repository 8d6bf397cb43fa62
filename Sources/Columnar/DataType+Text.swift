extension DataType: CustomStringConvertible {
    /// The type as SQL writes it and `init(_:)` reads it, such as `map<string, decimal(10, 2)>`;
    /// identifiers are left out.
    public var description: String {
        switch self {
        case .array(let array):
            "array<\(array.element)\(array.isElementNullable ? "" : " not null")>"
        case .map(let map):
            "map<\(map.key), \(map.value)\(map.isValueNullable ? "" : " not null")>"
        case .row(let row):
            "row<"
                + row.fields.map { "\($0.name) \($0.type)\($0.isNullable ? "" : " not null")" }
                .joined(separator: ", ") + ">"
        default: typeDescription.text
        }
    }

    /// The type that a text says in SQL's words, in either case; nil if it says none, or one beyond
    /// the limits.
    ///
    /// Precisions may be left out as Fluss has it: decimal is decimal(10, 0), time is time(0), a
    /// timestamp has 6 digits. Names in a row are of letters, digits and `_`, or in backquotes.
    public init?(_ text: String) {
        var parser = TypeParser(text)
        guard let type = parser.type(depth: 1), parser.isAtEnd else { return nil }
        self = type
    }
}

extension TypeDescription {
    /// The name and its numbers.
    fileprivate var text: String {
        numbers.isEmpty ? name : "\(name)(\(numbers.map(String.init).joined(separator: ", ")))"
    }
}

/// Reads the words, numbers and signs of a type's text.
private struct TypeParser {
    private let text: [UInt8]
    private var position = 0

    init(_ text: String) { self.text = Array(text.utf8) }

    var isAtEnd: Bool {
        mutating get {
            skipSpaces()
            return position == text.count
        }
    }

    private mutating func skipSpaces() {
        while position < text.count && text[position] == UInt8(ascii: " ") { position += 1 }
    }

    private mutating func sign(_ character: Unicode.Scalar) -> Bool {
        skipSpaces()
        guard position < text.count, text[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    private mutating func word() -> String? {
        skipSpaces()
        let start = position
        while position < text.count, Self.isWordCharacter(text[position]) { position += 1 }
        return start == position ? nil : String(decoding: text[start..<position], as: UTF8.self)
    }

    private static func isWordCharacter(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte >= 0x80
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private mutating func name() -> String? {
        guard sign("`") else { return word() }
        let start = position
        while position < text.count, text[position] != UInt8(ascii: "`") { position += 1 }
        let name = String(decoding: text[start..<position], as: UTF8.self)
        return sign("`") && !name.isEmpty ? name : nil
    }

    /// Numbers in parentheses, which may be left out if there are defaults for them.
    private mutating func numbers(_ count: Int, default defaults: [Int]? = nil) -> [Int]? {
        if count == 0 { return [] }
        guard sign("(") else { return defaults }
        var numbers: [Int] = []
        repeat {
            guard let word = word(), let number = Int(word) else { return nil }
            numbers.append(number)
        } while sign(",")
        if let defaults, numbers.count < count { numbers += defaults[numbers.count...] }
        return sign(")") && numbers.count == count ? numbers : nil
    }

    private mutating func isNullable() -> Bool? {
        let start = position
        guard let word = word()?.lowercased(), word == "not" else {
            position = start
            return true
        }
        return self.word()?.lowercased() == "null" ? false : nil
    }

    mutating func type(depth: Int) -> DataType? {
        guard depth <= TypeLimit.depth, let spelled = word()?.lowercased() else { return nil }
        let word = spelled == "integer" ? "int" : spelled
        var type: DataType?
        if let family = TypeFamily.all.first(where: { $0.name == word }) {
            // Numbers that make no sense must not come to where they are believed.
            type = numbers(family.numberCount, default: family.defaults).map(family.make)
        } else if ["array", "map", "row"].contains(word) {
            type = nested(word, depth: depth)
        }
        return type?.ownFlaw == nil ? type : nil
    }

    private mutating func nested(_ word: String, depth: Int) -> DataType? {
        guard sign("<") else { return nil }
        let type: DataType?
        switch word {
        case "array":
            guard let element = self.type(depth: depth + 1), let isNullable = isNullable() else {
                return nil
            }
            type = .array(ArrayType(element, isNullable: isNullable))
        case "map":
            guard let key = self.type(depth: depth + 1), sign(","),
                let value = self.type(depth: depth + 1), let isNullable = isNullable()
            else { return nil }
            type = .map(MapType(key, value, isNullable: isNullable))
        default:
            var fields: [Field] = []
            repeat {
                guard let name = name(), let type = self.type(depth: depth + 1),
                    let isNullable = isNullable(), fields.count < TypeLimit.fieldCount
                else { return nil }
                fields.append(
                    Field(identifier: 0, name: name, type: type, isNullable: isNullable))
            } while sign(",")
            type = .row(RowType(fields))
        }
        return sign(">") ? type : nil
    }
}
