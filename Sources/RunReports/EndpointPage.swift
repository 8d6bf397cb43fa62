/// The page of what programs of others did at our endpoints.
public func htmlPage(for report: EndpointReport) -> String {
    EndpointPage(report: report).document.markup.text
}

struct EndpointPage {
    private static let strikeLimit = 1000
    private static let violationLimit = 100

    let report: EndpointReport

    var document: Document {
        let total = report.requestCounts.values.boundedSum
        return Document(
            kind: "endpoints", title: report.title, mood: mood,
            verdict: report.verdict.rawValue, reason: PageLimits.clip(report.reason, to: 600),
            signature: String(total, radix: 16),
            facts: [
                ("Requests", NumberText.grouped(total), "that came"),
                ("Struck", NumberText.grouped(report.strikes.count), "of them"),
                ("Commits", NumberText.grouped(report.commitCount), "that were made"),
                (
                    "Orphans", NumberText.grouped(report.orphanCount),
                    "objects that nothing names, "
                        + NumberText.bytes(Double(report.orphanByteCount))
                ),
            ],
            sections: [rules, requests, strikes],
            footer: "The store and the catalog did to the program what the scenario says; the "
                + "tables were looked at after each commit and in the end.")
    }

    private var mood: Document.Mood {
        switch report.verdict {
        case .pass: .pass
        case .fail: .fail
        case .inconclusive: .inconclusive
        }
    }

    private var rules: Markup {
        let rows = report.results.map { result -> (name: Markup, cells: [Markup]) in
            let count = result.violations.count
            let outcome: Markup =
                count > 0
                ? "<span class=\"worse\">\(NumberText.counted(count, "violation"))</span>"
                : result.compared > 0 ? "<span class=\"better\">held</span>" : "not asked"
            return (
                "\(result.name)<br><small>\(result.meaning)</small>",
                ["\(NumberText.grouped(result.compared))", outcome]
            )
        }
        let broken = report.results.flatMap { result in
            result.violations.prefix(Self.violationLimit).map { message -> Markup in
                "<p><b>\(result.name)</b>: \(PageLimits.clip(message, to: 600))</p>\n"
            }
        }
        return Document.section(
            "rules", "What was asked of the tables",
            [Document.table(["Rule", "Asked", "Outcome"], rows)] + broken)
    }

    private var requests: Markup {
        let rows = report.requestCounts.keys.sorted().map { name in
            (
                name: "\(name)" as Markup,
                cells: [
                    "\(NumberText.grouped(report.requestCounts[name]!))" as Markup,
                    "\(NumberText.grouped(report.strikes.count { $0.request == name }))",
                ]
            )
        }
        return Document.section(
            "requests", "Requests by kind", [Document.table(["Request", "Came", "Struck"], rows)])
    }

    private var strikes: Markup {
        let rows = report.strikes.prefix(Self.strikeLimit).map { strike in
            (
                name: "\(strike.fault)" as Markup,
                cells: [
                    "\(strike.request) \(NumberText.grouped(strike.number))" as Markup,
                    "\(PageLimits.clip(strike.target, to: 160))",
                ]
            )
        }
        return Document.section(
            "strikes", "Requests that were struck",
            rows.isEmpty ? ["<p>None.</p>"] : [Document.table(["Fault", "Which", "What"], rows)])
    }
}
