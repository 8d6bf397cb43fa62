/// The page of a comparison: what is past a limit first, each with how far and why.
public func htmlPage(for comparison: BenchComparison) -> String {
    ComparisonPage(comparison: comparison).document.markup.text
}

struct ComparisonPage {
    let comparison: BenchComparison

    private static let shownLimit = 400

    var document: Document {
        let regressions = comparison.regressions
        let improvements = comparison.improvements
        let within = comparison.differences.filter { $0.judgement == .within }
        return Document(
            kind: "benchmarks compared",
            title: comparison.span.isEmpty ? "Two sets of figures" : "Figures " + comparison.span,
            mood: comparison.isAcceptable ? .pass : .fail,
            verdict: comparison.isAcceptable ? "Within limits" : "Past limits",
            reason: (comparison.unclean.map { "\($0.of): \($0.reason)" }
                + comparison.missing.map { "\($0) is no longer there" }
                + comparison.added.map { "\($0) is new" }
                + comparison.newFigures.map { "\($0.title) was not measured before" }
                + comparison.libraries).prefix(6).joined(separator: "; "),
            signature: String(comparison.differences.count, radix: 16),
            facts: [
                ("Regressions", NumberText.grouped(regressions.count), "worse than a limit"),
                ("Improvements", NumberText.grouped(improvements.count), "better than a limit"),
                ("Moved within limits", NumberText.grouped(within.count), ""),
                (
                    "The same",
                    NumberText.grouped(comparison.comparedCount - comparison.differences.count),
                    "to the last digit"
                ),
            ],
            sections: [
                list("worse", "Worse than the limits allow", regressions, "worse"),
                list("better", "Better by more than the limits", improvements, "better"),
                list("moved", "Moved within the limits", within, "moved"),
            ],
            footer: "All figures are exact: they move only when the engine, a scenario or a "
                + "compression library does.")
    }

    private func list(
        _ identifier: String, _ title: String, _ differences: [BenchComparison.Difference],
        _ style: String
    ) -> Markup {
        if differences.isEmpty { return .nothing }
        let shown = differences.prefix(Self.shownLimit)
        var rows: [Markup] = []
        var last: BenchCase?
        for difference in shown {
            if difference.of != last { rows.append("<h3>\(difference.of.description)</h3>\n") }
            last = difference.of
            rows.append(row(difference, style))
        }
        if shown.count < differences.count {
            rows.append("<p class=\"note\">\(differences.count - shown.count) more</p>")
        }
        return Document.section(identifier, title, rows)
    }

    private func row(_ difference: BenchComparison.Difference, _ style: String) -> Markup {
        let unit = difference.figure.unit
        let why: Markup =
            difference.parts.isEmpty
            ? .nothing : "<small>\(difference.parts.joined(separator: ", "))</small>"
        let limit = difference.limit.map { "limit \(NumberText.short(Double($0) / 10_000)) %" }
        return """
            <div class="difference"><div><b>\(difference.figure.title)</b> \
            \(unit.text(difference.before)) → \(unit.text(difference.after)) \
            <span class="\(style)">\(difference.changeText)</span> \
            <small>\(limit ?? "no limit")</small>\(why)</div>\(bar(difference, style))</div>

            """
    }

    /// A bar from the middle to the left or right, with the limit on either side.
    private func bar(_ difference: BenchComparison.Difference, _ style: String) -> Markup {
        let change = Double(difference.change ?? 1_000_000) / 10_000
        let limit = Double(difference.limit ?? 0) / 10_000
        // The limit stands at a third of each side, or the whole is a hundred percent.
        let reach = max(limit * 3, difference.limit == nil ? 100 : 0.1)
        let share = min(max(change / reach, -1), 1) * 50
        let left = TimeAxis.text(50 + min(0, share)) + "%"
        let width = TimeAxis.text(max(abs(share), 0.6)) + "%"
        let bounds: Markup =
            difference.limit == nil
            ? .nothing
            : """
            <line class="bound" x1="\(TimeAxis.text(50 - 50 / 3.0))%" \
            x2="\(TimeAxis.text(50 - 50 / 3.0))%" y1="0" y2="22"/>\
            <line class="bound" x1="\(TimeAxis.text(50 + 50 / 3.0))%" \
            x2="\(TimeAxis.text(50 + 50 / 3.0))%" y1="0" y2="22"/>
            """
        return """
            <svg role="img" aria-label="\(difference.changeText)">\
            <line x1="0" x2="100%" y1="11" y2="11"/>\(bounds)\
            <rect class="\(style)" x="\(left)" width="\(width)" y="6" height="10" rx="2"/>\
            <line x1="50%" x2="50%" y1="2" y2="20"/></svg>
            """
    }
}
