extension Reference {
    /// For a terminal.
    public var text: String {
        var lines = [title, "", introduction.replacing("`", with: ""), ""]
        for row in common.flatMap({ ReferenceRow.rows($0) }) { lines += Self.lines(row) }
        if !common.isEmpty { lines.append("") }
        for entry in entries {
            if !entry.name.isEmpty { lines.append("\(entry.name): \(entry.meaning)") }
            if !entry.example.isEmpty { lines.append("    - \(entry.example)") }
            for row in entry.fields.flatMap({ ReferenceRow.rows($0) }) { lines += Self.lines(row) }
            if !entry.fields.isEmpty || !entry.example.isEmpty { lines.append("") }
        }
        while lines.last == "" { lines.removeLast() }
        return lines.joined(separator: "\n")
    }

    /// The entry of a name alone, for a terminal; nil where there is none.
    public func text(of name: String) -> String? {
        guard let entry = entries.first(where: { $0.name == name }) else {
            let rows = entries.flatMap(\.fields).flatMap { ReferenceRow.rows($0) }
            return rows.first { $0.name == name }.map {
                Self.lines($0).joined(separator: "\n")
            }
        }
        return Reference(title: "", introduction: "", entries: [entry]).text
            .split(separator: "\n").joined(separator: "\n")
    }

    /// Everything that has an entry of its own.
    public var names: [String] {
        entries.map(\.name).filter { !$0.isEmpty }
            + entries.filter(\.name.isEmpty).flatMap(\.fields).map(\.name)
    }

    init(title: String, introduction: String, entries: [Entry]) {
        self.title = title
        self.introduction = introduction
        self.entries = entries
    }

    private static func lines(_ row: ReferenceRow) -> [String] {
        var facts = [row.unit]
        if !row.range.isEmpty { facts.append(row.range) }
        facts.append(row.byDefault == "required" ? "required" : "default \(row.byDefault)")
        if row.example != row.byDefault { facts.append("as in \(row.name): \(row.example)") }
        return ["    \(row.name)  \(row.meaning)", "        \(facts.joined(separator: "; "))"]
    }
}
