extension SourceNode {
    /// The document as YAML that `parse` reads back to the same values.
    ///
    /// The first two levels stand one key a line, what is deeper on one line, as scenario files are
    /// written by hand.
    var yaml: String {
        guard case .mapping(let pairs) = content else { return flow + "\n" }
        var lines: [String] = []
        for (position, pair) in pairs.enumerated() {
            let isBlock = pair.value.isBlock
            if isBlock && position > 0 && lines.last != "" { lines.append("") }
            lines += Self.lines(pair.key, pair.value, indent: "", isBlock: isBlock)
            if isBlock && position < pairs.count - 1 { lines.append("") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(
        _ key: SourceNode, _ value: SourceNode, indent: String, isBlock: Bool
    ) -> [String] {
        let name = indent + key.flow + ":"
        switch value.content {
        case .scalar(let text, isPlain: false) where text.contains("\n"):
            let words = text.split(whereSeparator: \.isNewline).flatMap { wrapped($0) }
            return [name + " |"] + words.map { indent + "  " + $0 }
        case .mapping(let pairs) where isBlock:
            return [name] + pairs.map { indent + "  " + $0.key.flow + ": " + $0.value.flow }
        case .sequence(let items) where isBlock:
            return [name] + items.flatMap { $0.item(indent: indent + "  ") }
        default:
            return [name + " " + value.flow]
        }
    }

    /// One item of a list: a mapping of one long mapping is opened, as a workload is.
    private func item(indent: String) -> [String] {
        if case .mapping(let pairs) = content, pairs.count == 1, flow.count > 60,
            case .mapping(let inner) = pairs[0].value.content, !inner.isEmpty
        {
            return [indent + "- " + pairs[0].key.flow + ":"]
                + inner.map { indent + "    " + $0.key.flow + ": " + $0.value.flow }
        }
        return [indent + "- " + (isMapping ? "{ " + members + " }" : flow)]
    }

    private var isMapping: Bool {
        if case .mapping(let pairs) = content { !pairs.isEmpty } else { false }
    }

    private var isBlock: Bool {
        switch content {
        case .scalar: false
        case .sequence(let items): items.contains { $0.isMapping }
        case .mapping(let pairs): !pairs.isEmpty
        }
    }

    private var members: String {
        guard case .mapping(let pairs) = content else { return "" }
        return pairs.map { $0.key.flow + ": " + $0.value.flow }.joined(separator: ", ")
    }

    /// On one line.
    private var flow: String {
        switch content {
        case .scalar(let text, let isPlain):
            isPlain && !Self.breaksFlow(text) || Self.isPlain(text) ? text : Self.quoted(text)
        case .sequence(let items): "[" + items.map(\.flow).joined(separator: ", ") + "]"
        case .mapping: isMapping ? "{" + members + "}" : "{}"
        }
    }

    /// Whether a text that stood without quotes on a line of its own would end early in a list.
    private static func breaksFlow(_ text: String) -> Bool {
        text.unicodeScalars.contains { ",[]{}".unicodeScalars.contains($0) }
    }

    /// Whether a text means itself without quotes wherever it stands.
    private static func isPlain(_ text: String) -> Bool {
        let isHarmless = text.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || "-_./%".unicodeScalars.contains(scalar)
        }
        let words = ["true", "false", "null", "yes", "no", "on", "off"]
        let first = text.unicodeScalars.first
        return isHarmless && first != nil && first != "-" && first != "." && first != "%"
            && !words.contains(text.lowercased())
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                quoted += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private static func wrapped(_ line: Substring) -> [String] {
        var lines: [String] = []
        for word in line.split(separator: " ") {
            if let last = lines.last, last.count + word.count < 96 {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

extension SourceNode {
    static func text(_ text: String) -> SourceNode {
        SourceNode(mark: nil, content: .scalar(text, isPlain: false))
    }

    /// A number, a share, a duration: what needs no quotes.
    static func plain(_ text: String) -> SourceNode {
        SourceNode(mark: nil, content: .scalar(text, isPlain: true))
    }

    /// The value of a key of a mapping; setting nil takes the key out.
    subscript(key: String) -> SourceNode? {
        get {
            guard case .mapping(let pairs) = content else { return nil }
            return pairs.first { $0.key.scalar == key }?.value
        }
        set {
            guard case .mapping(var pairs) = content else { return }
            let position = pairs.firstIndex { $0.key.scalar == key }
            switch (position, newValue) {
            case (let position?, let value?): pairs[position].value = value
            case (let position?, nil): pairs.remove(at: position)
            case (nil, let value?): pairs.append((.plain(key), value))
            case (nil, nil): break
            }
            content = .mapping(pairs)
        }
    }

    var scalar: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    var items: [SourceNode] {
        if case .sequence(let items) = content { items } else { [] }
    }
}
