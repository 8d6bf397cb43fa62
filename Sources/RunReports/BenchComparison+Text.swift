extension BenchComparison.Difference {
    /// The figure, by how much, against which limit.
    var sentence: String {
        let unit = figure.unit
        let bound = limit.map { ", limit \(NumberText.short(Double($0) / 10_000)) %" } ?? ""
        return "\(figure.title) \(unit.text(before)) → \(unit.text(after)) "
            + "(\(changeText)\(bound))"
    }

    /// What the figure is made of, where it is known.
    var explanation: String {
        parts.isEmpty ? "" : "because: " + parts.joined(separator: ", ")
    }
}

extension BenchComparison {
    /// Where the two sides come from, in words; empty where nothing is known.
    var span: String {
        switch (beforeCommit, afterCommit) {
        case (let before?, let after?): "since \(before), now \(after)"
        case (let before?, nil): "since \(before)"
        default: ""
        }
    }

    var summary: String {
        let still = comparedCount - differences.count
        var words = [
            NumberText.counted(regressions.count, "regression"),
            NumberText.counted(improvements.count, "improvement"),
            "\(NumberText.grouped(differences.count - regressions.count - improvements.count)) "
                + "moved within limits",
            "\(NumberText.grouped(still)) the same",
        ]
        if !span.isEmpty { words.append(span) }
        return words.joined(separator: ", ")
    }

    /// For a terminal; `all` shows what moved within limits as well.
    public func text(all: Bool) -> String {
        var lines = [isAcceptable ? "WITHIN LIMITS  \(summary)" : "PAST LIMITS  \(summary)"]
        for run in unclean {
            lines.append("  \(run.of): \(run.verdict.rawValue), \(run.reason)")
        }
        for missing in missing { lines.append("  \(missing): is no longer there") }
        for added in added { lines.append("  \(added): is new") }
        for figure in newFigures { lines.append("  \(figure.title): was not measured before") }
        if !libraries.isEmpty {
            lines.append("  libraries differ: \(libraries.joined(separator: ", "))")
        }
        func list(_ title: String, _ differences: [Difference]) {
            if differences.isEmpty { return }
            lines += ["", title]
            var last: BenchCase?
            for difference in differences {
                if difference.of != last { lines.append("  \(difference.of)") }
                last = difference.of
                lines.append("    \(difference.sentence)")
                if !difference.explanation.isEmpty {
                    lines.append("      \(difference.explanation)")
                }
            }
        }
        list("Worse than the limits allow:", regressions)
        list("Better by more than the limits:", improvements)
        if all { list("Moved within the limits:", differences.filter { $0.judgement == .within }) }
        return lines.joined(separator: "\n")
    }

    /// For the summary of a pipeline, in Markdown.
    public var markdown: String {
        var lines = [
            "## Benchmarks: \(isAcceptable ? "within limits" : "past limits")", "", summary, "",
        ]
        for run in unclean {
            lines.append("- **\(run.of)**: \(run.verdict.rawValue), \(run.reason)")
        }
        lines += missing.map { "- **\($0)** is no longer there" }
        lines += added.map { "- **\($0)** is new" }
        lines += newFigures.map { "- *\($0.title)* was not measured before" }
        func table(_ title: String, _ differences: [Difference]) {
            if differences.isEmpty { return }
            lines += [
                "", "### \(title)", "", "| Benchmark | Figure | Before | Now | Change | Limit |",
                "|---|---|---:|---:|---:|---:|",
            ]
            for difference in differences.prefix(100) {
                let unit = difference.figure.unit
                let limit =
                    difference.limit.map { "\(NumberText.short(Double($0) / 10_000)) %" } ?? ""
                let why =
                    difference.parts.isEmpty
                    ? "" : "<br><sub>\(difference.parts.joined(separator: ", "))</sub>"
                lines.append(
                    "| \(difference.of) | \(difference.figure.title)\(why) | "
                        + "\(unit.text(difference.before)) | \(unit.text(difference.after)) | "
                        + "\(difference.changeText) | \(limit) |")
            }
            if differences.count > 100 { lines.append("\n\(differences.count - 100) more") }
        }
        table("Worse than the limits allow", regressions)
        table("Better by more than the limits", improvements)
        return lines.joined(separator: "\n") + "\n"
    }
}
