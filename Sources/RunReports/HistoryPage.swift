/// The page of a history: one small line for each figure, oldest commit first.
public func htmlPage(for history: BenchHistory) -> String {
    let entries = history.entries
    let last = entries.last
    let sections = (last?.tank ?? []).map { of, figures -> Markup in
        let rows = figures.map { figure -> (name: Markup, cells: [Markup]) in
            let definition = BenchFigure.named(figure.name)
            let values = history.series(of, figure.name)
            let first = values.compactMap { $0 }.first ?? figure.value
            return (
                "\(definition.title)",
                [
                    spark(values, history.scale(values, of, definition), definition),
                    "\(definition.unit.text(figure.value))",
                    "\(BenchComparison.changeText(first, figure.value))",
                ]
            )
        }
        let identifier = "\(of.name)-\(of.size)-\(of.faults)"
        return Document.section(
            identifier, "\(of)",
            [
                Document.table(
                    ["Figure", "Over commits", "Now", "Since the first"], rows, style: "history")
            ])
    }
    let commits = entries.suffix(12).map { $0.commit }.joined(separator: ", ")
    return Document(
        kind: "benchmark history", title: "Figures from commit to commit", mood: .pass,
        verdict: NumberText.counted(entries.count, "commit"), reason: commits,
        signature: last?.digest ?? "", facts: [], sections: sections,
        footer: "Exact figures of the simulated cluster; each line of the history is a commit."
    ).markup.text
}

private func spark(
    _ values: [Int?], _ scale: ClosedRange<Int>?, _ figure: BenchFigure
) -> Markup {
    let known = values.enumerated().compactMap { index, value in value.map { (index, $0) } }
    guard let scale, let last = known.last else { return .nothing }
    let (least, most) = (scale.lowerBound, scale.upperBound)
    let numbers = known.map(\.1)
    let (low, high) = (numbers.min() ?? least, numbers.max() ?? most)
    func x(_ index: Int) -> Double {
        values.count > 1 ? Double(index) / Double(values.count - 1) * 176 + 2 : 90
    }
    func y(_ value: Int) -> Double {
        23 - Double(value - least) / Double(most - least) * 20
    }
    let points = known.map { "\(TimeAxis.text(x($0.0))),\(TimeAxis.text(y($0.1)))" }
        .joined(separator: " ")
    let spoken = "\(figure.unit.text(low)) to \(figure.unit.text(high))"
    return """
        <svg class="spark" role="img" aria-label="\(spoken)" viewBox="0 0 180 26">\
        <title>\(spoken)</title><polyline points="\(points)"/>\
        <circle cx="\(TimeAxis.text(x(last.0)))" cy="\(TimeAxis.text(y(last.1)))" r="3"/></svg>
        """
}
