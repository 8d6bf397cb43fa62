/// The page of a what-if: a chart for each figure that moves, and the table of all.
public func htmlPage(for report: WhatIfReport) -> String {
    WhatIfPage(report: report).document.markup.text
}

struct WhatIfPage {
    let report: WhatIfReport

    var document: Document {
        let unclean = report.cells.filter { $0.run.verdict != .pass }
        let first = report.cells.first?.run.of
        return Document(
            kind: "what if", title: report.title, mood: unclean.isEmpty ? .pass : .inconclusive,
            verdict: NumberText.counted(report.cells.count, "configuration"),
            reason: unclean.prefix(5).map { "\(report.name(of: $0)): \($0.run.reason)" }
                .joined(separator: "; "),
            signature: report.cells.first?.run.traceHash ?? "",
            facts: report.axes.map {
                ($0.path, "\($0.values.count)", $0.values.joined(separator: ", "))
            }
                + [
                    (
                        "Scenario", first?.name ?? "",
                        first.map { "\($0.size), faults \($0.faults)" } ?? ""
                    ),
                    ("Figures that move", NumberText.grouped(report.moving.count), ""),
                ],
            sections: [charts(), table(), prices()],
            footer: "Exact figures of the simulated cluster: the same build draws this page again, "
                + "byte for byte.")
    }

    /// Over the values of the last axis, with a line for each choice of the others.
    private func charts() -> Markup {
        guard let axis = report.axes.last else { return .nothing }
        var names: [String] = []
        for cell in report.cells where !names.contains(lineName(cell)) {
            names.append(lineName(cell))
        }
        let plots = report.moving.map { figure -> Markup in
            let lines = names.map { name in
                (
                    name,
                    axis.values.map { value in
                        let cell = report.cells.first {
                            lineName($0) == name && $0.values.last == value
                        }
                        return (value, cell?.run[figure.name])
                    }
                )
            }
            return linePlot(figure, lines)
        }
        return Document.section(
            "charts", "How figures move", note: "Over \(axis.path).",
            ["<div class=\"pair\">", Markup(plots), "</div>"])
    }

    private func lineName(_ cell: WhatIfReport.Cell) -> String {
        let others = zip(report.axes, cell.values).dropLast().map { "\($0.path) \($1)" }
        return others.isEmpty ? "figure" : others.joined(separator: ", ")
    }

    private func table() -> Markup {
        let figures = report.moving
        let rows = report.cells.map { cell -> (name: Markup, cells: [Markup]) in
            (
                "\(cell.values.joined(separator: ", "))",
                figures.map { figure in
                    let text = cell.run[figure.name].map(figure.unit.text) ?? "–"
                    return "\(text)"
                }
            )
        }
        return Document.section(
            "table", "All configurations",
            [
                Document.table(
                    [report.axes.map(\.path).joined(separator: ", ")] + figures.map(\.title), rows)
            ])
    }

    private func prices() -> Markup {
        Document.section("prices", "Prices", ["<p>\(report.prices)</p>"])
    }
}
