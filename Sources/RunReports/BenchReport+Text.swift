extension BenchReport {
    /// The headlines for a terminal, one table a scenario; exact figures first, wall figures last.
    public var text: String {
        var lines: [String] = []
        for (name, title, runs) in tank.byScenario {
            if !lines.isEmpty { lines.append("") }
            lines += ["\(name): \(title)"]
            lines += table(runs)
        }
        if let wall {
            lines += ["", "On this machine (\(wall.machine)); a ratio is to the reference loop:"]
            lines += Self.aligned(
                [["", "simulated s a CPU s", "requests", "steps", "memory", "ratio"]]
                    + wall.runs.map(Self.row))
        }
        return lines.joined(separator: "\n")
    }

    private static func row(_ run: BenchWall.Run) -> [String] {
        func rate(_ count: Int) -> String {
            NumberText.value(Double(count) / max(run.cpuSeconds, 0.001), in: .perSecond)
        }
        return [
            "\(run.of)", NumberText.short(run.simulatedSeconds / max(run.cpuSeconds, 0.001)),
            rate(run.requests), rate(run.steps), NumberText.bytes(Double(run.peakMemoryBytes)),
            NumberText.short(run.ratio),
        ]
    }

    private func table(_ runs: [BenchTank.Run]) -> [String] {
        let names = BenchFigure.all.filter { figure in
            figure.isHeadline && runs.contains { $0[figure.name] != nil }
        }
        var rows = [[""] + runs.map { "\($0.of.size), faults \($0.of.faults)" }]
        for figure in names {
            rows.append(
                [figure.title] + runs.map { $0[figure.name].map(figure.unit.text) ?? "-" })
        }
        let unclean = runs.filter { $0.verdict != .pass }
        return Self.aligned(rows)
            + unclean.map { "  \($0.of): \($0.verdict.rawValue), \($0.reason)" }
    }

    /// The first column to the left, the others to the right.
    static func aligned(_ rows: [[String]]) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, text -> String in
                let space = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + space : space + text
            }
            return "  " + cells.joined(separator: "  ")
        }
    }

    /// The headlines as Markdown tables, for a document or the summary of a pipeline.
    public var markdown: String {
        var lines: [String] = []
        for (name, title, runs) in tank.byScenario {
            lines += ["### \(name)", "", title, ""]
            lines.append(
                "| | "
                    + runs.map { "\($0.of.size), faults \($0.of.faults)" }.joined(separator: " | ")
                    + " |")
            lines.append("|---|" + runs.map { _ in "---:|" }.joined())
            for figure in BenchFigure.all
            where figure.isHeadline && runs.contains(where: { $0[figure.name] != nil }) {
                let cells = runs.map { $0[figure.name].map(figure.unit.text) ?? "" }
                lines.append("| \(figure.title) | " + cells.joined(separator: " | ") + " |")
            }
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }
}

/// What moved between two sets of wall figures, in words; nil where one is missing.
///
/// Only ratios to the reference loop are held against each other, and nothing ever fails by them.
public func wallComparison(_ before: BenchWall?, _ after: BenchWall?) -> String? {
    guard let before, let after else { return nil }
    let rows = after.runs.compactMap { run -> [String]? in
        guard let former = before.run(run.of), former.ratio > 0 else { return nil }
        let change = (run.ratio / former.ratio - 1) * 100
        return [
            "\(run.of)", NumberText.short(former.ratio), NumberText.short(run.ratio),
            (change > 0 ? "+" : "") + NumberText.fixed(change, decimals: 0) + " %",
        ]
    }
    if rows.isEmpty { return nil }
    let head = ["", "before", "now", "change"]
    return
        (["", "Processor time as multiples of the reference loop (noisy, gates nothing):"]
        + BenchReport.aligned([head] + rows)).joined(separator: "\n")
}
