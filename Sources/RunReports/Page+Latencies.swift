extension Page {
    /// When changes were acknowledged and how long they had taken, under the faults of that time.
    func latencies() -> Markup {
        guard let map = report.latencies, !map.cells.isEmpty else { return .nothing }
        return """
            <section aria-labelledby="latency-title">
            <h2 id="latency-title">Latency</h2>
            <p class="note">Each cell is a span of time and a span of latency: the stronger its \
            colour, the more changes were acknowledged then, after so long. Above it, and shaded \
            behind, the faults that were active.</p>
            \(scoreStart("Latency"))\(axisRow())\(faultBars())\(heatRow(map))\(axisRow())</div>
            \(latencyTable(map))
            </section>

            """
    }

    /// A thin lane for each part of the world that had a fault.
    private func faultBars() -> Markup {
        let lanes = FaultFamily.allCases.compactMap { family -> Markup? in
            let own = faults.filter { FaultFamily(kind: $0.kind) == family }
            guard !own.isEmpty else { return nil }
            let bars = own.map { fault -> Markup in
                let width = axis.percent(
                    from: fault.atSeconds, until: fault.untilSeconds, atLeast: 0.3)
                return """
                    <rect x="\(axis.percent(fault.atSeconds))" width="\(width)" y="3" \
                    height="9" rx="2"><title>\(limits.clip(fault.kind, to: 60)) \
                    \(limits.clip(fault.target, to: 60)), \(span(of: fault))</title></rect>
                    """
            }
            let count = NumberText.counted(own.count, "fault")
            return row(
                family.title, detail: "<small>\(count)</small>", height: 15,
                summary: "\(family.title): \(count)",
                "<g class=\"bars \(family.style)\">\(bars)</g>")
        }
        return Markup(lanes)
    }

    private func heatRow(_ map: LatencyMap) -> Markup {
        let whole = map.spread(in: 0..<LatencyMap.columnLimit)
        let spoken =
            whole.map { spread in
                "\(NumberText.grouped(spread.count)) changes acknowledged; half of them within "
                    + "\(NumberText.seconds(spread.half)), 99 of 100 within "
                    + "\(NumberText.seconds(spread.mostly)), all within "
                    + "\(NumberText.seconds(spread.whole))."
            } ?? ""
        let shades = HeatShades(most: map.cells.map(\.count).max() ?? 1)
        let height = min(max(map.rowCount * 10, 110), 300)
        return """
            <div class="row chart heat"><div class="label"><b>Acknowledged changes</b>\
            <small>From the client's write to its acknowledgement.</small>\
            \(spreadTable(whole))\(shadeKey(shades))</div>\
            <div class="track"><svg height="\(height)" role="img" aria-label="Heat map of \
            latency over time" aria-describedby="latency-text"><desc id="latency-text">\
            \(spoken) The table below the map says the same in numbers.</desc>\
            <use href="#shade"/>\(cells(map, shades))<use href="#grid"/>\(seenLines)\
            \(edgeMarks(map))</svg></div></div>

            """
    }

    /// Figures of the whole run, and of the moment under the pointer where the script puts them.
    private func spreadTable(_ spread: LatencyMap.Spread?) -> Markup {
        let rows: [(String, String)] =
            spread.map { spread in
                [
                    ("changes", NumberText.grouped(spread.count)),
                    ("half within", NumberText.seconds(spread.half)),
                    ("99 % within", NumberText.seconds(spread.mostly)),
                    ("all within", NumberText.seconds(spread.whole)),
                ]
            } ?? []
        let lines = rows.map { name, value -> Markup in
            "<tr><th scope=\"row\">\(name)</th><td>\(value)</td><td></td><td></td></tr>"
        }
        return """
            <table class="key"><thead><tr><th></th><th scope="col">whole run</th><th></th>\
            <th scope="col">here</th></tr></thead><tbody>\(lines)</tbody></table>
            """
    }

    private func shadeKey(_ shades: HeatShades) -> Markup {
        let steps = shades.steps.map { step -> Markup in
            "<li><i class=\"\(step.style)\"></i>\(NumberText.grouped(step.least))</li>"
        }
        return """
            <ol class="shades" aria-label="Changes in a cell, at least">\(steps)</ol>
            """
    }

    /// One path a shade; the numbers stand beside them for the script.
    private func cells(_ map: LatencyMap, _ shades: HeatShades) -> Markup {
        let paths = shades.steps.enumerated().map { index, step -> Markup in
            let squares = map.cells.filter { shades.index(of: $0.count) == index }.map {
                "M\($0.column) \(map.rowCount - 1 - $0.row)h1v1h-1z"
            }
            return "<path class=\"\(step.style)\" d=\"\(squares.joined())\"/>"
        }
        let width = TimeAxis.text(axis.length / map.columnSeconds)
        let numbers = map.cells.map { "\($0.column) \($0.row) \($0.count)" }
        let bounds = map.edges.map { String(Double($0) / 1e9) }
        return """
            <svg class="map" viewBox="0 0 \(width) \(map.rowCount)" preserveAspectRatio="none" \
            width="100%" height="100%" data-column="\(String(map.columnSeconds))" \
            data-edges="\(bounds.joined(separator: " "))" \
            data-cells="\(numbers.joined(separator: ","))">\(paths)</svg>
            """
    }

    /// Powers of ten, or the ends where there are no two of them.
    private func edgeMarks(_ map: LatencyMap) -> Markup {
        let decades = map.edges.indices.filter { index in
            var rest = map.edges[index]
            while rest >= 10, rest % 10 == 0 { rest /= 10 }
            return rest == 1
        }
        let marked = decades.count > 1 ? decades : [0, map.rowCount]
        return Markup(
            marked.map { index in
                let share = 1 - Double(index) / Double(map.rowCount)
                let y = TimeAxis.text(share * 100) + "%"
                let text = NumberText.seconds(Double(map.edges[index]) / 1e9)
                return """
                    <line class="mark" x2="100%" y1="\(y)" y2="\(y)"/>\
                    <text class="mark" x="3" y="\(y)" dy="\(share < 0.05 ? 11 : -3)">\(text)</text>
                    """
            })
    }

    /// The map in words and numbers, in at most thirty lines.
    private func latencyTable(_ map: LatencyMap) -> Markup {
        let step = (map.columnCount + 29) / 30
        let rows = stride(from: 0, to: map.columnCount, by: step).map { first -> Markup in
            let columns = first..<(first + step)
            let from = Double(first) * map.columnSeconds
            let until = Double(columns.upperBound) * map.columnSeconds
            let spread = map.spread(in: columns)
            let bounds = [spread?.half, spread?.mostly, spread?.whole].map { bound -> Markup in
                "<td class=\"n\">\(bound.map { NumberText.seconds($0) } ?? "—")</td>"
            }
            return """
                <tr><th scope="row" class="n">\(NumberText.clock(from))</th>\
                <td class="n">\(NumberText.grouped(spread?.count ?? 0))</td>\(bounds)\
                <td>\(kinds(from: from, until: until))</td></tr>

                """
        }
        return """
            <details><summary>Latency as a table</summary>
            <div class="scroll" tabindex="0"><table><thead><tr><th scope="col" class="n">From</th>\
            <th scope="col" class="n">Changes</th><th scope="col" class="n">Half within</th>\
            <th scope="col" class="n">99 % within</th><th scope="col" class="n">All within</th>\
            <th scope="col">Faults</th></tr></thead>
            <tbody>\(rows)</tbody></table></div></details>
            """
    }

    private func kinds(from: Double, until: Double) -> String {
        let active = faults.filter { $0.atSeconds < until && $0.untilSeconds >= from }
        let names = Set(active.map { limits.clip($0.kind, to: 60) }).sorted()
        let more = names.count > 5 ? " and \(names.count - 5) more" : ""
        return names.prefix(5).joined(separator: ", ") + more
    }
}

/// Shades for counts that lie far apart: each begins at so many times what the one before does.
struct HeatShades {
    /// As many as the style has colours for.
    static let limit = 7
    /// The least count of each shade, and the class that colours it.
    let steps: [(least: Int, style: String)]

    init(most: Int, limit: Int = HeatShades.limit) {
        var factor = 2
        while Self.starts(factor, upTo: most).count > limit { factor += 1 }
        let starts = Self.starts(factor, upTo: most)
        // The strongest shade is always there, so that few steps are far apart as well.
        steps = starts.enumerated().map { index, least in
            (least, "h-\(limit - starts.count + 1 + index)")
        }
    }

    func index(of count: Int) -> Int { steps.lastIndex { $0.least <= count } ?? 0 }

    /// 1 and its multiples by the factor, as far as they are reached; one more than the limit says
    /// that the factor is too small.
    private static func starts(_ factor: Int, upTo most: Int) -> [Int] {
        var starts = [1]
        while starts.count <= limit, starts[starts.count - 1] <= most / factor {
            starts.append(starts[starts.count - 1] * factor)
        }
        return starts
    }
}
