/// A function that a sample of the processor found, as the Swift runtime demangles it.
public struct SampledFunction: Hashable, Sendable {
    /// The module that it is of; nil for C.
    public let module: String?
    /// Its types and base name, without what it takes and answers.
    public let name: String

    /// Takes a demangled name apart: what a closure, a specialization or a thunk stands for counts
    /// as that itself.
    public init(demangled text: String) {
        let plain = Self.withoutFiles(text.replacing("(extension in ", with: "(extension@"))
        var rest = Substring(plain)
        if let end = rest.ranges(of: "> of ").last?.upperBound { rest = rest[end...] }
        let isLocal = rest.contains("closure #") || rest.contains(" #")
        if isLocal, let end = rest.ranges(of: " in ").last?.upperBound { rest = rest[end...] }
        while let first = rest.first, first == "(", !rest.hasPrefix("(extension@") {
            // Such as "(2) await resume partial function for".
            guard let end = rest.firstRange(of: ") ")?.upperBound else { break }
            rest = rest[end...]
        }
        for word in [" for ", " of "] {
            let head = rest.prefix { $0 != "(" && $0 != "<" }
            if let end = head.ranges(of: word).last?.upperBound { rest = rest[end...] }
        }
        for word in ["static ", "merged ", "@objc ", "type "] where rest.hasPrefix(word) {
            rest = rest.dropFirst(word.count)
        }
        if rest.hasPrefix("(extension@"), let end = rest.firstRange(of: "):") {
            module = String(rest[..<end.lowerBound].dropFirst("(extension@".count))
            name = Self.bare(rest[end.upperBound...])
            return
        }
        let bare = Self.bare(rest)
        guard let dot = bare.firstIndex(of: "."), dot != bare.startIndex, !text.hasPrefix("$s")
        else {
            module = nil
            name = bare
            return
        }
        module = String(bare[..<dot])
        name = String(bare[bare.index(after: dot)...])
    }

    /// What is private bears a mark of its file, as in `(name in _0123)`.
    private static func withoutFiles(_ text: String) -> String {
        var text = text
        while let mark = text.firstRange(of: " in _"),
            let open = text[..<mark.lowerBound].lastIndex(of: "("),
            let close = text[mark.upperBound...].firstIndex(of: ")")
        {
            let name = text[text.index(after: open)..<mark.lowerBound]
            text.replaceSubrange(open...close, with: String(name))
        }
        return text
    }

    private static func bare(_ text: Substring) -> String {
        var end = text.firstIndex { $0 == "(" || $0 == "<" } ?? text.endIndex
        if let arrow = text.firstRange(of: " -> ")?.lowerBound { end = min(end, arrow) }
        if let colon = text.firstRange(of: " : ")?.lowerBound { end = min(end, colon) }
        return String(text[..<end])
    }
}
