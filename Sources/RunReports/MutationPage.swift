import Foundation

/// The page of a bank of planted bugs: whether each was seen, by whom, and how soon.
public func htmlPage(for table: MutationTable) -> String {
    MutationPage(table: table).document.markup.text
}

struct MutationPage {
    /// Where the bars end: as many seeds as a bug is given.
    private static let seedLimit = 1000.0
    private static let rowLimit = 1000

    let table: MutationTable

    var document: Document {
        let bugs = table.bugs
        let seen = bugs.filter { $0.seenBy != nil }
        let late = seen.max { $0.seeds < $1.seeds }
        return Document(
            kind: "planted bugs", title: "What a hunt sees of bugs that are known",
            mood: table.isGood ? .pass : .fail,
            verdict: "\(NumberText.grouped(seen.count)) of "
                + "\(NumberText.counted(bugs.count, "bug")) seen",
            reason: table.missed.map { "\($0.mutant) was not seen" }.prefix(6)
                .joined(separator: "; "),
            signature: String(bugs.map(\.seeds).boundedSum, radix: 16),
            facts: [
                (
                    "By the first seed", NumberText.grouped(seen.count { $0.seeds == 1 }),
                    "of those seen"
                ),
                ("The latest", NumberText.counted(late?.seeds ?? 0, "seed"), late?.mutant ?? ""),
                ("Canary", state(of: MutationTable.canary), "must be seen by the first seed"),
                ("Control", state(of: MutationTable.control), "changes nothing"),
            ],
            sections: parts.enumerated().map { number, part in
                section(part, number, bugs.filter { Self.module($0) == part })
            },
            footer: "Bugs are planted one at a time in a copy of the engine and hunted from the "
                + "first seed on.",
            style: figureStyle + bankStyle)
    }

    /// The modules, in the order in which they come.
    private var parts: [String] {
        var parts: [String] = []
        for row in table.bugs where !parts.contains(Self.module(row)) {
            parts.append(Self.module(row))
        }
        return parts
    }

    private static func module(_ row: MutationTable.Row) -> String {
        String(row.part.prefix { $0 != "," })
    }

    private func state(of name: String) -> String {
        guard let row = table.rows.first(where: { $0.mutant == name }) else { return "not run" }
        return row.seenBy == nil
            ? "clean in \(NumberText.grouped(row.seeds))" : "seen by seed \(row.seeds)"
    }

    private func section(_ part: String, _ number: Int, _ rows: [MutationTable.Row]) -> Markup {
        let lines = rows.prefix(Self.rowLimit).map { row -> (name: Markup, cells: [Markup]) in
            (
                """
                \(PageLimits.clip(row.mutant, to: 80))<br>\
                <small>\(PageLimits.clip(row.scenario, to: 80))</small>
                """,
                [
                    bar(row), "\(NumberText.grouped(row.seeds))",
                    "\(NumberText.seconds(Double(row.seconds)))",
                    row.seenBy.map { "\(PageLimits.clip($0, to: 120))" }
                        ?? "<span class=\"worse\">nobody</span>",
                ]
            )
        }
        return Document.section(
            "part-\(number)", PageLimits.clip(part, to: 80),
            [
                Document.table(
                    ["Bug", "How soon", "Seeds", "Time", "Seen by"], lines, style: "bank")
            ])
    }

    /// On a logarithmic scale, since most bugs are seen at once and some late.
    private func bar(_ row: MutationTable.Row) -> Markup {
        let part = log(Double(max(1, row.seeds)) + 1) / log(Self.seedLimit + 1)
        let width = TimeAxis.text(min(1, part) * 176)
        let spoken =
            row.seenBy == nil
            ? "not seen in \(NumberText.counted(row.seeds, "seed"))" : "by seed \(row.seeds)"
        return """
            <svg class="spark" role="img" aria-label="\(spoken)" viewBox="0 0 180 26">\
            <title>\(spoken)</title><rect class="\(row.seenBy == nil ? "worse" : "better")" \
            x="2" y="8" width="\(width)" height="10" rx="2"/></svg>
            """
    }
}

/// Names and bars in one line each, words in as many as they need.
private let bankStyle = """
    table.bank { width: 100%; }
    table.bank th[scope=row] { white-space: nowrap; }
    table.bank td:last-child, table.bank th:last-child { text-align: left; white-space: normal;
      min-width: 15em; width: 45%; overflow-wrap: anywhere; }
    @media (max-width: 700px) {
      table.bank th[scope=row] { white-space: normal; padding-right: 8px; }
      table.bank .spark { width: 64px; }
    }

    """
