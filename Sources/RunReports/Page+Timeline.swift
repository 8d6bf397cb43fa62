extension Page {
    /// Nodes, services, leaders and lake commits, one lane each under the common axis.
    func timeline() -> Markup {
        let legend = Markup(
            FaultFamily.allCases.filter { family in
                faults.contains { FaultFamily(kind: $0.kind) == family }
            }.map { "<li><i class=\"swatch \($0.style)\"></i>\($0.title)</li>" })
        let note: Markup =
            report.faults.count > faults.count
            ? """
            <p class="note">The longest \(faults.count) of \(report.faults.count) faults are drawn.\
            </p>
            """ : .nothing
        return """
            <section aria-labelledby="timeline-title">
            <h2 id="timeline-title">Timeline</h2>
            <ul class="legend">\(legend)<li><i class="swatch s-down"></i>Node down</li>\
            <li><i class="swatch s-paused"></i>Node paused</li></ul>\(note)
            \(scoreStart("Timeline"))
            \(axisRow())
            \(violationLane())
            \(nodeLanes())
            \(serviceLanes())
            \(leadershipLanes())
            \(lakeLanes())
            </div>
            \(faultTable())
            </section>

            """
    }

    /// The script finds the length of the run here; the keyboard gets into it.
    func scoreStart(_ name: String) -> Markup {
        """
        <div class="score" tabindex="0" role="group" \
        aria-label="\(name); the arrow keys move in time" \
        data-length="\(TimeAxis.text(axis.length))">
        """
    }

    func axisRow() -> Markup {
        let last = axis.ticks.count - 1
        let labels = axis.ticks.enumerated().map { index, tick -> Markup in
            let isEnd = index == last && axis.position(tick) > 970
            let anchor = index == 0 ? "start" : isEnd ? "end" : "middle"
            let text = axis.length < 10 ? NumberText.seconds(tick) : NumberText.clock(tick)
            return """
                <text class="\(index % 2 == 0 ? "" : "minor")" x="\(axis.percent(tick))" y="13" \
                text-anchor="\(anchor)">\(text)</text>
                """
        }
        return """
            <div class="row axis"><div class="label">Simulated time</div>\
            <div class="track"><svg height="20" aria-hidden="true">\(labels)</svg></div></div>
            """
    }

    var seenLines: Markup { seen.isEmpty ? .nothing : "<use href=\"#seen\"/>" }

    /// A lane: its name at the left (above it on a phone), its drawing at the right.
    func row(_ name: String, detail: Markup, height: Int, summary: String, _ drawing: Markup)
        -> Markup
    {
        """
        <div class="row"><div class="label"><b>\(limits.clip(name, to: 60))</b>\(detail)</div>\
        <div class="track"><svg height="\(height)" role="img" \
        aria-label="\(limits.clip(summary, to: 160))">\
        <use href="#grid"/>\(seenLines)\(drawing)</svg></div></div>

        """
    }

    /// Where oracles saw something, over everything that could have led there.
    private func violationLane() -> Markup {
        let marks = seen.map { oracle, violation -> Markup in
            let x = axis.percent(violation.atSeconds)
            let title = limits.clip("\(oracle): \(violation.message)", to: 200)
            return """
                <svg class="violation" x="\(x)" y="3" width="1" height="14">\
                <title>\(title), \(NumberText.moment(violation.atSeconds))</title>\
                <path d="M0 0L7 7L0 14L-7 7Z"/></svg>
                """
        }
        if marks.isEmpty { return .nothing }
        let count = NumberText.counted(report.violationCount, "violation")
        return row(
            "Violations", detail: "<small>\(count)</small>", height: 20, summary: count, "\(marks)")
    }

    private func nodeLanes() -> Markup {
        guard !report.nodes.isEmpty else { return .nothing }
        let nodes = report.nodes.prefix(limits.nodes)
        let budget = limits.nodeIntervals / max(1, nodes.count)
        let lanes = nodes.map { node in
            let own = faults.filter { $0.target == node.node }
            let (pills, rows) = faultPills(own, top: 12)
            let states = node.intervals.filter { $0.state != .up }
                .heaviest(budget) { $0.until - $0.from }
            let down = node.intervals.filter { $0.state == .down }
                .reduce(0) { $0 + max(0, $1.until - $1.from) }
            let detail: Markup =
                down > 0 ? "<small>down \(NumberText.seconds(down))</small>" : .nothing
            let drawing: Markup = """
                <rect class="up" y="3" width="100%" height="5" rx="2.5"/>\
                \(states.map(stateMark))\(pills)
                """
            return row(
                node.node, detail: detail, height: rows == 0 ? 12 : 14 + rows * 18,
                summary:
                    "\(node.node): \(NumberText.counted(own.count, "fault")), "
                    + "down \(NumberText.seconds(down))",
                drawing)
        }
        return "<h3>Nodes</h3>\(lanes)\(leftOut(report.nodes.count - nodes.count, "nodes"))"
    }

    private func stateMark(_ interval: NodeLane.Interval) -> Markup {
        let place: Markup = """
            x="\(axis.percent(interval.from))" \
            width="\(axis.percent(from: interval.from, until: interval.until, atLeast: 0.15))"
            """
        let span = "\(NumberText.moment(interval.from)) to \(NumberText.moment(interval.until))"
        return """
            <g><rect class="gap" \(place) y="1" height="9"/>\
            <rect class="s-\(interval.state.rawValue)" \(place) y="2" height="7" rx="2">\
            <title>\(interval.state.rawValue), \(span)</title></rect></g>
            """
    }

    /// Faults as labelled bars in as few rows as they fit without overlap.
    private func faultPills(_ faults: [FaultEvent], top: Int) -> (Markup, rowCount: Int) {
        let rowLimit = 6
        var rows: [[FaultEvent]] = []
        for fault in faults.sorted(by: { $0.atSeconds < $1.atSeconds }) {
            let from = axis.position(fault.atSeconds)
            let free = rows.firstIndex { row in row.last.map { pillEnd($0) < from } ?? true }
            if let free {
                rows[free].append(fault)
            } else if rows.count < rowLimit {
                rows.append([fault])
            } else {
                rows[rowLimit - 1].append(fault)
            }
        }
        let pills = rows.enumerated().flatMap { index, row in
            row.indices.map { position in
                let next = position + 1 < row.count ? row[position + 1] : nil
                return pill(row[position], before: next, y: top + index * 18)
            }
        }
        return (Markup(pills), rows.count)
    }

    /// In thousandths of the width; a moment is drawn as wide as can be seen.
    private func pillEnd(_ fault: FaultEvent) -> Double {
        max(axis.position(fault.untilSeconds), axis.position(fault.atSeconds) + 5)
    }

    /// Its label stands inside if it fits there, else beside it if there is room.
    private func pill(_ fault: FaultEvent, before next: FaultEvent?, y: Int) -> Markup {
        let family = FaultFamily(kind: fault.kind)
        let isMoment = fault.untilSeconds <= fault.atSeconds
        let from = axis.position(fault.atSeconds)
        let width = max(axis.position(fault.untilSeconds) - from, 4.5)
        // A letter takes about seven thousandths of the width of a page on a screen.
        let labelWidth = Double(min(fault.kind.count, 60)) * 6.7 + 8
        let room = (next.map { axis.position($0.atSeconds) } ?? 1000) - from - width
        let kind = limits.clip(fault.kind, to: 60)
        let inside: Markup = "<text x=\"5\" y=\"12\">\(kind)</text>"
        let outside: Markup = """
            <text class="outside" x="\(TimeAxis.text((from + width) / 10))%" dx="4" y="\(y + 12)">\
            \(kind)</text>
            """
        let fitsInside = labelWidth <= width
        let title = limits.clip("\(fault.kind) \(fault.target) \(fault.text)", to: 160)
        return """
            <svg class="pill \(family.style)" x="\(axis.percent(fault.atSeconds))" y="\(y)" \
            width="\(TimeAxis.text(width / 10))%" height="16">\
            <title>\(title), \(span(of: fault))</title>\
            <rect width="100%" height="100%" rx="\(isMoment ? 2 : 3)"/>\
            \(fitsInside ? inside : .nothing)</svg>\
            \(!fitsInside && labelWidth < room ? outside : .nothing)
            """
    }

    func span(of fault: FaultEvent) -> String {
        let start = NumberText.moment(fault.atSeconds)
        if fault.untilSeconds <= fault.atSeconds { return "at \(start)" }
        return "\(start) to \(NumberText.moment(fault.untilSeconds))"
    }

    /// Faults of what is no node: links and services.
    private func serviceLanes() -> Markup {
        let nodeNames = Set(report.nodes.prefix(limits.nodes).map(\.node))
        let others = faults.filter { !nodeNames.contains($0.target) }
        let lanes = FaultFamily.allCases.compactMap { family -> Markup? in
            let own = others.filter { FaultFamily(kind: $0.kind) == family }
            guard !own.isEmpty else { return nil }
            let (pills, rows) = faultPills(own, top: 1)
            return row(
                family.title, detail: "<small>\(NumberText.counted(own.count, "fault"))</small>",
                height: 2 + rows * 18,
                summary: "\(family.title): \(NumberText.counted(own.count, "fault"))", pills)
        }
        return lanes.isEmpty ? .nothing : "<h3>Links and services</h3>\(lanes)"
    }

    private func leadershipLanes() -> Markup {
        guard !report.leadership.isEmpty else { return .nothing }
        let buckets = report.leadership.prefix(limits.buckets)
        let budget = limits.leadershipIntervals / max(1, buckets.count)
        let leaders = Set(report.leadership.flatMap { $0.intervals.map(\.leader) }).sorted()
        let lanes = buckets.map { bucket in
            let drawn = bucket.intervals.heaviest(budget) { $0.until - $0.from }
            let marks = drawn.map { interval -> Markup in
                let colour = (leaders.firstIndex(of: interval.leader) ?? 0) % 6 + 1
                let span =
                    "\(NumberText.moment(interval.from)) to \(NumberText.moment(interval.until))"
                let leader = limits.clip(interval.leader, to: 40)
                let width = axis.percent(
                    from: interval.from, until: interval.until, atLeast: 0.15)
                let label = "\(leader) · \(interval.epoch)"
                return """
                    <svg class="pill l-\(colour)" x="\(axis.percent(interval.from))" y="2" \
                    width="\(width)" \
                    height="16"><title>\(leader) led in epoch \(interval.epoch), \
                    \(span)</title><rect width="100%" height="100%" rx="2"/>\
                    <text x="5" y="12">\(label)</text></svg>
                    """
            }
            let epochs = NumberText.counted(bucket.intervals.count, "epoch")
            return row(
                bucket.bucket, detail: "<small>\(epochs)</small>", height: 20,
                summary: "\(bucket.bucket): \(epochs)",
                "<line class=\"bare\" x2=\"100%\" y1=\"10\" y2=\"10\"/>\(marks)")
        }
        let explanation: Markup = """
            <h3>Leaders <small>leader · epoch; a line where nobody leads</small></h3>
            """
        return
            "\(explanation)\(lanes)\(leftOut(report.leadership.count - buckets.count, "buckets"))"
    }

    private func lakeLanes() -> Markup {
        guard !report.lakeTables.isEmpty else { return .nothing }
        let tables = report.lakeTables.prefix(limits.lakeTables)
        let budget = limits.commits / max(1, tables.count)
        let most = tables.flatMap { $0.commits.map(\.rows) }.max() ?? 0
        let lanes = tables.map { table in
            let drawn = table.commits.heaviest(budget) { Double($0.rows) }
            let marks = drawn.map { commit -> Markup in
                let share = most > 0 ? (Double(max(0, commit.rows)) / Double(most)).squareRoot() : 0
                let height = 3 + 15 * share
                return """
                    <rect class="commit" x="\(axis.percent(commit.atSeconds))" \
                    y="\(TimeAxis.text(20 - height))" width="4" height="\(TimeAxis.text(height))" \
                    rx="1"><title>snapshot \(String(commit.snapshotIdentifier)), \
                    \(NumberText.grouped(commit.rows)) rows, \
                    \(NumberText.moment(commit.atSeconds))</title></rect>
                    """
            }
            let rows = table.commits.map(\.rows).boundedSum
            let detail = NumberText.counted(rows, "row")
            return row(
                table.table, detail: "<small>\(detail)</small>", height: 22,
                summary: "\(table.table): \(NumberText.counted(table.commits.count, "commit")), "
                    + detail,
                "<line class=\"base\" x2=\"100%\" y1=\"20.5\" y2=\"20.5\"/>\(marks)")
        }
        return """
            <h3>Lake commits <small>height by rows</small></h3>
            \(lanes)\(leftOut(report.lakeTables.count - tables.count, "tables"))
            """
    }

    func leftOut(_ count: Int, _ what: String) -> Markup {
        count > 0 ? "<p class=\"note\">\(count) more \(what) are only in the JSON.</p>" : .nothing
    }

    private func faultTable() -> Markup {
        guard !report.faults.isEmpty else { return "<p class=\"note\">No faults.</p>" }
        let shown = report.faults.prefix(limits.faultRows)
        let rows = shown.map { fault -> Markup in
            let lasting = fault.untilSeconds - fault.atSeconds
            return """
                <tr><td class="n">\(NumberText.moment(fault.atSeconds))</td>\
                <td class="n">\(lasting > 0 ? NumberText.seconds(lasting) : "once")</td>\
                <td><i class="swatch \(FaultFamily(kind: fault.kind).style)"></i>\
                \(limits.clip(fault.kind, to: 60))</td>\
                <td>\(limits.clip(fault.target, to: 100))</td>\
                <td>\(limits.clip(fault.text, to: 200))</td></tr>

                """
        }
        return """
            <details><summary>All faults as a table (\(report.faults.count))</summary>
            <div class="scroll"><table><thead><tr><th class="n">At</th><th class="n">For</th>\
            <th>Kind</th><th>Target</th><th>Parameters</th></tr></thead>
            <tbody>\(rows)</tbody></table></div>\
            \(leftOut(report.faults.count - shown.count, "faults"))</details>
            """
    }
}
