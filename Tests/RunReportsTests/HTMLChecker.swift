/// A small checker of what a page says: tags are closed in their order, nothing points outside.
struct HTMLChecker {
    private static let empty: Set<String> = [
        "meta", "br", "hr", "img", "input", "link", "!doctype",
    ]
    private(set) var problems: [String] = []
    private(set) var elementCount = 0

    init(_ page: String) {
        let bytes = Array(page.utf8)
        var open: [String] = []
        var position = 0
        while let start = bytes[position...].firstIndex(of: UInt8(ascii: "<")) {
            check(text: bytes[position..<start])
            guard let end = bytes[start...].firstIndex(of: UInt8(ascii: ">")) else {
                problems.append("a tag without end")
                return
            }
            let tag = String(decoding: bytes[(start + 1)..<end], as: UTF8.self)
            position = end + 1
            let name = tag.drop { $0 == "/" }.prefix { !$0.isWhitespace && $0 != "/" }.lowercased()
            if tag.hasPrefix("/") {
                guard open.popLast() == name else {
                    problems.append("</\(name)> closes something else")
                    return
                }
                continue
            }
            elementCount += 1
            check(attributes: tag.dropFirst(name.count), of: name)
            if tag.hasSuffix("/") || Self.empty.contains(name) { continue }
            open.append(name)
            if name == "style" || name == "script" {
                // Their text is no markup; the next end tag must close them.
                let close =
                    bytes[position...].indices.dropLast().first {
                        bytes[$0] == UInt8(ascii: "<") && bytes[$0 + 1] == UInt8(ascii: "/")
                    } ?? bytes.count
                check(code: String(decoding: bytes[position..<close], as: UTF8.self), of: name)
                position = close
            }
        }
        if !open.isEmpty { problems.append("never closed: \(open)") }
    }

    private mutating func check(code: String, of name: String) {
        for loader in ["@import", "url(http", "http:", "https:", "fetch(", "import(", "eval("]
        where code.contains(loader) {
            problems.append("the \(name) has '\(loader)'")
        }
    }

    private mutating func check(text: ArraySlice<UInt8>) {
        var rest = text
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].map { Array($0.utf8) }
        while let start = rest.firstIndex(of: UInt8(ascii: "&")) {
            if !known.contains(where: { rest[start...].starts(with: $0) }) {
                problems.append("a bare &")
            }
            rest = rest[(start + 1)...]
        }
    }

    private mutating func check(attributes: Substring, of name: String) {
        let pieces = attributes.split(separator: "\"", omittingEmptySubsequences: false)
        guard pieces.count % 2 == 1 else {
            problems.append("<\(name)> has an attribute without end")
            return
        }
        for (index, piece) in pieces.enumerated() where index % 2 == 1 {
            check(text: Array(piece.utf8)[...])
            let key = pieces[index - 1].drop { $0.isWhitespace || $0 == "/" }
            if ["src=", "srcset=", "action=", "xlink:href="].contains(where: { key.hasPrefix($0) })
            {
                problems.append("<\(name)> loads '\(piece)'")
            }
            if key.hasPrefix("href="), !piece.hasPrefix("#") {
                problems.append("<\(name)> points outside, to '\(piece)'")
            }
            if key.hasPrefix("on") { problems.append("<\(name)> runs a script") }
        }
        if name == "link" || name == "iframe" {
            problems.append("<\(name)> has no place on the page")
        }
    }
}
