extension Page {
    private static let plotHeight = 150

    func charts() -> Markup {
        let charts = report.charts.prefix(limits.charts)
        guard !charts.isEmpty else { return .nothing }
        let rows = charts.map(chartRow)
        return """
            <section aria-labelledby="charts-title">
            <h2 id="charts-title">Charts</h2>
            <p class="note">Over the same time as above; shaded where faults were active.</p>
            \(scoreStart("Charts"))\(axisRow())\(rows)\(axisRow())</div>
            \(leftOut(report.charts.count - charts.count, "charts"))
            </section>

            """
    }

    private var columnCount: Int {
        let seriesCount = report.charts.prefix(limits.charts)
            .reduce(0) { $0 + min($1.series.count, limits.seriesPerChart) }
        return min(250, max(10, limits.points / 2 / max(1, seriesCount)))
    }

    private func chartRow(_ chart: Chart) -> Markup {
        let shown = chart.series.prefix(limits.seriesPerChart)
        let lines = shown.map { (limits.clip($0.name, to: 40), $0.downsampled(to: columnCount)) }
        let values = lines.flatMap { $0.1.map(\.value) }
        let scale = ValueAxis(
            values: values, unit: chart.unit, isLogarithmic: chart.style == .bands)
        let meaning: Markup =
            chart.meaning.isEmpty ? .nothing : "<small>\(limits.clip(chart.meaning))</small>"
        let title = limits.clip(chart.title, to: 80)
        let summary = lines.map { name, points in
            "\(name): \(Self.range(points, chart.unit))"
        }.joined(separator: "; ")
        let drawing: Markup =
            values.isEmpty
            ? "<text class=\"empty\" x=\"50%\" y=\"50%\" text-anchor=\"middle\">no data</text>"
            : plot(chart, lines, scale)
        return """
            <div class="row chart"><div class="label"><b>\(title)</b>\(meaning)\
            \(legend(chart, lines))</div>\
            <div class="track"><svg height="\(Self.plotHeight)" role="img" \
            aria-label="\(title). \(summary)">\
            <use href="#shade"/><use href="#grid"/>\(seenLines)\(drawing)</svg></div></div>

            """
    }

    private static func range(_ points: [Chart.Point], _ unit: Chart.Unit) -> String {
        let values = points.map(\.value)
        guard let least = values.min(), let most = values.max() else { return "no data" }
        return "\(NumberText.value(least, in: unit)) to \(NumberText.value(most, in: unit))"
    }

    private func legend(_ chart: Chart, _ lines: [(String, [Chart.Point])]) -> Markup {
        let rows = lines.enumerated().map { index, line -> Markup in
            let values = line.1.map(\.value).sorted()
            let middle = values.isEmpty ? nil : values[values.count / 2]
            let most = values.last
            let unit = chart.unit
            return """
                <tr><th scope="row"><i class="key \(style(chart, index, lines.count))"></i>\
                \(line.0)</th>\
                <td>\(middle.map { NumberText.value($0, in: unit) } ?? "—")</td>\
                <td>\(most.map { NumberText.value($0, in: unit) } ?? "—")</td><td></td></tr>
                """
        }
        return """
            <table class="key"><thead><tr><th></th><th scope="col">median</th>\
            <th scope="col">highest</th><th scope="col">here</th></tr></thead>\
            <tbody>\(rows)</tbody></table>
            """
    }

    private func style(_ chart: Chart, _ index: Int, _ count: Int) -> String {
        switch chart.style {
        case .lines: "c-\(index % 6 + 1)"
        case .bands: "b-\(min(index + 1 + max(0, 4 - count), 4))"
        }
    }

    private func plot(
        _ chart: Chart, _ lines: [(String, [Chart.Point])], _ scale: ValueAxis
    ) -> Markup {
        let marks = scale.ticks.map { tick -> Markup in
            let y = TimeAxis.text(100 - scale.position(tick) * 100) + "%"
            return """
                <line class="mark" x2="100%" y1="\(y)" y2="\(y)"/>\
                <text class="mark" x="3" y="\(y)" dy="-3">\(NumberText.value(tick, in: chart.unit))\
                </text>
                """
        }
        var shapes: [Markup] = []
        if chart.style == .bands {
            for index in lines.indices.dropFirst().reversed() {
                let outline = area(lines[index - 1].1, lines[index].1, scale)
                let name = style(chart, index, lines.count)
                shapes.append("<path class=\"area \(name)\" d=\"\(outline)\"/>")
            }
        }
        for (index, line) in lines.enumerated() {
            let name = style(chart, index, lines.count)
            shapes.append("<path class=\"line \(name)\" d=\"\(path(line.1, scale))\"/>")
        }
        let ends = scale.ends
        return """
            <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" width="100%" height="100%" \
            data-lower="\(String(ends.lower))" data-upper="\(String(ends.upper))" \
            data-log="\(scale.isLogarithmic ? 1 : 0)" data-unit="\(chart.unit.rawValue)">\
            \(shapes)</svg>\(marks)
            """
    }

    private func place(_ point: Chart.Point, _ scale: ValueAxis) -> String {
        let x = TimeAxis.text((axis.position(point.atSeconds) * 10).rounded() / 10)
        let y = Int((1000 - scale.position(point.value) * 1000).rounded())
        return "\(x) \(y)"
    }

    /// A line that breaks where nothing was measured for a while.
    private func path(_ points: [Chart.Point], _ scale: ValueAxis) -> String {
        stretches(points).map { stretch in
            let places = stretch.map { place($0, scale) }
            // A lone point is drawn as a dot, by the round end of a line without length.
            return "M" + (places.count == 1 ? places + places : places).joined(separator: "L")
        }.joined()
    }

    /// The space between two lines that have the same dates, in each stretch that was measured.
    private func area(
        _ lower: [Chart.Point], _ upper: [Chart.Point], _ scale: ValueAxis
    ) -> String {
        let floors = stretches(lower)
        let ceilings = stretches(upper)
        // Lines that were measured at different times cannot be paired; then the whole is filled.
        let pairs =
            floors.count == ceilings.count
            ? Array(zip(floors, ceilings)) : [(lower[...], upper[...])]
        return pairs.map { floor, ceiling in
            let places =
                ceiling.map { place($0, scale) } + floor.reversed().map { place($0, scale) }
            return "M" + places.joined(separator: "L") + "Z"
        }.joined()
    }

    private func stretches(_ points: [Chart.Point]) -> [ArraySlice<Chart.Point>] {
        guard points.count > 2 else { return points.isEmpty ? [] : [points[...]] }
        let steps = zip(points.dropFirst(), points).map { $0.atSeconds - $1.atSeconds }.sorted()
        let limit = steps[steps.count / 2] * 3.5
        var result: [ArraySlice<Chart.Point>] = []
        var start = 0
        for index in 1..<points.count
        where points[index].atSeconds - points[index - 1].atSeconds > limit {
            result.append(points[start..<index])
            start = index
        }
        result.append(points[start...])
        return result
    }
}
