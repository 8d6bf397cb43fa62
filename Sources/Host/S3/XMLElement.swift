/// An element of an XML text, as far as S3 speaks XML: elements and text, attributes left out.
///
/// It reads what a store answers, so every length and depth is bounded and nothing is trusted.
struct XMLElement: Hashable, Sendable {
    var name: String
    var children: [XMLElement] = []
    /// The characters directly in it, entities resolved.
    var text = ""

    private static let depthLimit = 16

    subscript(name: String) -> String? { children.first { $0.name == name }?.text }

    /// The root element; nil if the text is no XML of this kind.
    static func parse(_ bytes: [UInt8]) -> XMLElement? {
        var stack: [XMLElement] = []
        var position = 0
        while position < bytes.count {
            if bytes[position] != UInt8(ascii: "<") {
                let end = bytes[position...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
                if !stack.isEmpty {
                    guard let text = resolved(bytes[position..<end]) else { return nil }
                    stack[stack.count - 1].text += text
                }
                position = end
                continue
            }
            guard let end = bytes[position...].firstIndex(of: UInt8(ascii: ">")) else { return nil }
            let tag = bytes[(position + 1)..<end]
            position = end + 1
            switch tag.first {
            case UInt8(ascii: "?"): continue
            // Comments, document types and character data sections: no store says anything in them.
            case UInt8(ascii: "!"), nil: return nil
            case UInt8(ascii: "/"):
                let name = String(decoding: tag.dropFirst().prefix { $0 > 0x20 }, as: UTF8.self)
                guard let element = stack.popLast(), element.name == name else { return nil }
                if stack.isEmpty { return element }
                stack[stack.count - 1].children.append(element)
            default:
                let isEmpty = tag.last == UInt8(ascii: "/")
                let name = String(
                    decoding: (isEmpty ? tag.dropLast() : tag).prefix { $0 > 0x20 }, as: UTF8.self)
                if stack.count >= depthLimit { return nil }
                let element = XMLElement(name: name)
                if !isEmpty {
                    stack.append(element)
                } else if stack.isEmpty {
                    return element
                } else {
                    stack[stack.count - 1].children.append(element)
                }
            }
        }
        return nil
    }

    private static func resolved(_ bytes: ArraySlice<UInt8>) -> String? {
        if !bytes.contains(UInt8(ascii: "&")) { return String(decoding: bytes, as: UTF8.self) }
        var result = ""
        var rest = bytes
        while let start = rest.firstIndex(of: UInt8(ascii: "&")) {
            result += String(decoding: rest[..<start], as: UTF8.self)
            guard let end = rest[start...].firstIndex(of: UInt8(ascii: ";")), end - start <= 12
            else { return nil }
            let name = String(decoding: rest[(start + 1)..<end], as: UTF8.self)
            guard let character = character(name) else { return nil }
            result.unicodeScalars.append(character)
            rest = rest[(end + 1)...]
        }
        return result + String(decoding: rest, as: UTF8.self)
    }

    private static func character(_ name: String) -> Unicode.Scalar? {
        switch name {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            if name.hasPrefix("#x") {
                return UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
            }
            return name.hasPrefix("#")
                ? UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init) : nil
        }
    }
}
