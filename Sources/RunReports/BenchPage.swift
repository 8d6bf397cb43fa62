/// The page of a set of benchmarks: a section a scenario, exact figures first.
public func htmlPage(for report: BenchReport) -> String {
    BenchPage(report: report).document.markup.text
}

struct BenchPage {
    let report: BenchReport

    var document: Document {
        let runs = report.tank.runs
        let unclean = runs.filter { $0.verdict != .pass }
        let changes = runs.compactMap { $0["changes.acknowledged"] }.boundedSum
        let scenarios = report.tank.byScenario
        let isFailed = unclean.contains { $0.verdict == .fail }
        return Document(
            kind: "benchmarks",
            title: "\(NumberText.counted(scenarios.count, "benchmark")), "
                + "\(NumberText.counted(runs.count, "run"))",
            mood: unclean.isEmpty ? .pass : isFailed ? .fail : .inconclusive,
            verdict: unclean.isEmpty
                ? "Every oracle held" : "\(NumberText.counted(unclean.count, "run")) not clean",
            reason: unclean.prefix(5).map { "\($0.of): \($0.reason)" }.joined(separator: "; "),
            signature: report.tank.digest,
            facts: [
                ("Changes acknowledged", NumberText.grouped(changes), "in all runs"),
                (
                    "Exact figures", NumberText.grouped(runs.map(\.figures.count).boundedSum),
                    "digest \(report.tank.digest)"
                ),
                (
                    "Compressed with", report.tank.libraries.first?.version ?? "",
                    report.tank.libraries.map { "\($0.name) \($0.version)" }
                        .joined(separator: ", ")
                ),
            ],
            sections: [contents(scenarios.map(\.name))]
                + scenarios.map { section($0.name, $0.title, $0.runs) } + [wall(), prices()],
            footer: "Times and counts are of the simulated cluster: the same build draws this "
                + "page again, byte for byte, but for what stands under “On this machine”.")
    }

    private func contents(_ names: [String]) -> Markup {
        let links = names.map { "<a href=\"#\($0)\">\($0)</a>\n" as Markup }
        return "<nav class=\"contents\" aria-label=\"Benchmarks\">\(links)</nav>\n"
    }

    private func section(_ name: String, _ title: String, _ runs: [BenchTank.Run]) -> Markup {
        let drawings: Markup = """
            <div class="pair">
            \(times(runs))\(freshness(runs))\(amplification(runs))\
            <div class="drawing">\(headlines(runs))</div>\(growth(runs))</div>

            """
        return Document.section(
            name, title, note: name, [drawings, everything(runs)])
    }

    /// The size is said where there is more than one.
    private func column(_ run: BenchTank.Run) -> String {
        let sizes = Set(report.tank.runs.map(\.of.size))
        return sizes.count > 1
            ? "\(run.of.size), faults \(run.of.faults)"
            : "faults \(run.of.faults)"
    }

    private func headlines(_ runs: [BenchTank.Run]) -> Markup {
        table(BenchFigure.all.filter(\.isHeadline), runs)
    }

    private func everything(_ runs: [BenchTank.Run]) -> Markup {
        """
        <details><summary>All figures</summary>\(table(BenchFigure.all, runs))</details>
        """
    }

    private func table(_ figures: [BenchFigure], _ runs: [BenchTank.Run]) -> Markup {
        let rows = figures.filter { figure in runs.contains { $0[figure.name] != nil } }
            .map { figure -> (name: Markup, cells: [Markup]) in
                (
                    "\(figure.title)",
                    runs.map { run in
                        let text = run[figure.name].map(figure.unit.text) ?? "–"
                        return "\(text)"
                    }
                )
            }
        return Document.table(["Figure"] + runs.map(column), rows)
    }

    // MARK: Drawings

    private func times(_ runs: [BenchTank.Run]) -> Markup {
        let groups = [
            ("latency", "write"), ("lookup", "lookup"), ("scan", "scan"), ("search", "search"),
            ("unionRead", "union read"),
        ]
        return strips("How long answers take", groups, runs)
    }

    private func freshness(_ runs: [BenchTank.Run]) -> Markup {
        let groups = [
            ("freshness.changelog", "log reader"), ("freshness.lake", "lake"),
            ("freshness.vector", "vector index"),
        ]
        return strips("How soon a change is there", groups, runs)
    }

    /// One strip a run and kind, on one logarithmic scale: median, p99, and maximum.
    private func strips(
        _ title: String, _ groups: [(String, String)], _ runs: [BenchTank.Run]
    ) -> Markup {
        var values: [Double] = []
        for run in runs {
            for (group, _) in groups {
                for name in ["p50", "maximum"] {
                    if let value = run["\(group).\(name)"] {
                        values.append(Double(max(1, value)) / 1e9)
                    }
                }
            }
        }
        if values.isEmpty { return .nothing }
        let axis = ValueAxis(values: values, unit: .seconds, isLogarithmic: true)
        var rows: [Markup] = []
        for (group, word) in groups {
            var isFirst = true
            for run in runs where run["\(group).p50"] != nil {
                rows.append(strip(run, group, isFirst ? word : "", axis))
                isFirst = false
            }
        }
        let ends =
            "\(NumberText.seconds(axis.ticks.first ?? 0)) to "
            + NumberText.seconds(axis.ticks.last ?? 0)
        return """
            <div class="drawing"><h3>\(title) <small>median – p99 | maximum; \(ends), \
            logarithmic</small></h3>
            \(rows)</div>

            """
    }

    private func strip(
        _ run: BenchTank.Run, _ group: String, _ word: String, _ axis: ValueAxis
    ) -> Markup {
        func value(_ name: String) -> Double { Double(max(1, run["\(group).\(name)"] ?? 1)) / 1e9 }
        func place(_ name: String) -> String {
            TimeAxis.text(axis.position(value(name)) * 100) + "%"
        }
        func width(_ from: String, _ until: String) -> String {
            let width = axis.position(value(until)) - axis.position(value(from))
            return TimeAxis.text(max(width * 100, 0.4)) + "%"
        }
        let ticks = axis.ticks.map { tick -> Markup in
            let x = TimeAxis.text(axis.position(tick) * 100) + "%"
            return "<line class=\"tick\" x1=\"\(x)\" x2=\"\(x)\" y1=\"0\" y2=\"18\"/>"
        }
        let spoken =
            "\(group) of \(column(run)): median \(NumberText.seconds(value("p50"))), "
            + "p99 \(NumberText.seconds(value("p99"))), "
            + "maximum \(NumberText.seconds(value("maximum")))"
        return """
            <div class="strip\(word.isEmpty ? "" : " group")"><span>\(word) \
            <small>\(column(run))</small></span>\
            <svg role="img" aria-label="\(spoken)"><title>\(spoken)</title>\(ticks)\
            <rect class="span" x="\(place("p50"))" width="\(width("p50", "p99"))" y="5" height="8" \
            rx="2"/>\
            <rect class="core" x="\(place("p50"))" width="\(width("p50", "p90"))" y="5" height="8" \
            rx="2"/>\
            <circle class="dot" cx="\(place("p50"))" cy="9" r="4"/>\
            <line class="tip" x1="\(place("maximum"))" x2="\(place("maximum"))" y1="3" y2="15"/>\
            </svg><span class="n">\(NumberText.seconds(value("p99")))</span></div>

            """
    }

    private func amplification(_ runs: [BenchTank.Run]) -> Markup {
        let kinds = [
            ("write", "written to disks", ""), ("upload", "stored in objects", "two"),
            ("space", "held for live rows", "three"), ("network", "on the network", "four"),
        ]
        let most =
            runs.flatMap { run in
                kinds.compactMap { run["amplification.\($0.0)"] }
            }.max() ?? 0
        if most <= 0 { return .nothing }
        var rows: [Markup] = []
        for (name, word, style) in kinds {
            var isFirst = true
            for run in runs {
                guard let value = run["amplification.\(name)"] else { continue }
                let width = TimeAxis.text(Double(value) / Double(most) * 100) + "%"
                let text = BenchFigure.Unit.ratio.text(value)
                rows.append(
                    """
                    <div class="strip \(isFirst ? "group" : "") faults-\(run.of.faults)">\
                    <span>\(isFirst ? word : "") <small>\(column(run))</small></span>\
                    <svg role="img" aria-label="\(word), \(column(run)): \(text) bytes a byte">\
                    <rect class="bar \(style)" width="\(width)" y="4" height="10" rx="2"/></svg>\
                    <span class="n">\(text)</span></div>

                    """)
                isFirst = false
            }
        }
        return """
            <div class="drawing"><h3>Amplification <small>bytes for each byte that the changes \
            say</small></h3>
            \(rows)</div>

            """
    }

    /// How cost a change goes with the size, where there is more than one.
    private func growth(_ runs: [BenchTank.Run]) -> Markup {
        let figures = ["cost.requests", "scheduler.stepsPerChange", "latency.p99"]
        let kinds = ["off", "on"].filter { faults in
            runs.filter { $0.of.faults == faults }.count > 1
        }
        if kinds.isEmpty { return .nothing }
        let plots = figures.map { name -> Markup in
            let figure = BenchFigure.named(name)
            let lines = kinds.map { faults in
                (faults, runs.filter { $0.of.faults == faults }.map { ($0.of.size, $0[name]) })
            }
            return linePlot(figure, lines)
        }
        return Markup(plots)
    }

    // MARK: What a clock said

    private func wall() -> Markup {
        guard let wall = report.wall else { return .nothing }
        let rows = wall.runs.map { run -> (name: Markup, cells: [Markup]) in
            func rate(_ count: Int) -> Markup {
                "\(NumberText.value(Double(count) / max(run.cpuSeconds, 0.001), in: .perSecond))"
            }
            let speed = NumberText.short(run.simulatedSeconds / max(run.cpuSeconds, 0.001))
            return (
                "\(run.of.description)",
                [
                    "\(speed)×", rate(run.requests), rate(run.steps),
                    "\(NumberText.bytes(Double(run.peakMemoryBytes)))",
                    "\(NumberText.short(run.ratio))",
                ]
            )
        }
        let note =
            "\(wall.machine), \(wall.build). A clock said these: they are noisy and gate "
            + "nothing. Ratios are processor time in multiples of a reference loop, measured just "
            + "before."
        return Document.section(
            "wall", "On this machine", note: note,
            [
                "<div class=\"wall\">",
                Document.table(
                    [
                        "Run", "Simulated s a CPU s", "Requests", "Steps", "Peak memory",
                        "Reference loops",
                    ], rows), "</div>",
            ])
    }

    private func prices() -> Markup {
        Document.section(
            "prices", "Prices",
            [
                "<p>\(report.tank.prices)</p>"
            ])
    }
}
