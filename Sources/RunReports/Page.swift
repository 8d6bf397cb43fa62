/// The page of one report, section by section.
struct Page {
    let report: RunReport
    let limits: PageLimits
    let axis: TimeAxis
    /// The faults that are drawn, in the order of time.
    let faults: [FaultEvent]
    /// The violations that are drawn, each with its oracle's name.
    let seen: [(oracle: String, violation: OracleResult.Violation)]

    init(_ report: RunReport, limits: PageLimits = PageLimits()) {
        self.report = report
        self.limits = limits
        axis = TimeAxis(length: report.simulatedSeconds)
        faults = report.faults.heaviest(limits.faults) { $0.untilSeconds - $0.atSeconds }
            .sorted { $0.atSeconds < $1.atSeconds }
        seen = Array(
            report.oracles.flatMap { oracle in
                oracle.violations.prefix(limits.violationsPerOracle).map {
                    (NumberText.words(PageLimits.clip(oracle.name, to: 80)), $0)
                }
            }.prefix(limits.violationMarks))
    }

    var markup: Markup {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="generator" content="wavetank">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(verdictWord): \(limits.clip(report.title)), seed \(String(report.seed))</title>
        <style>
        \(Markup(stringLiteral: pageStyle))\(Markup(stringLiteral: walkStyle))</style>
        </head>
        <body>
        <a class="skip" href="#main">Skip to the verdict</a>
        \(definitions())\(header())<main id="main">
        \(violations())\(oracles())\(comparison())\(timeline())\(walk())\(latencies())\
        \(charts())\(probes())\
        \(coverage())\(notes())\(reproduction())\(counters())</main>
        <footer>The timeline and the charts are in simulated time: the same build, scenario \
        and seed draw the same ones.</footer>
        <script>
        \(Markup(stringLiteral: pageScript))\(Markup(stringLiteral: walkScript))</script>
        </body>
        </html>

        """
    }

    var verdictWord: String {
        switch report.verdict {
        case .pass: "Pass"
        case .fail: "Fail"
        case .inconclusive: "Inconclusive"
        }
    }

    /// What all lanes and charts share: the lines of the time axis, and the shades of the faults.
    private func definitions() -> Markup {
        let lines = axis.ticks.map { tick -> Markup in
            let x = axis.percent(tick)
            return "<line x1=\"\(x)\" x2=\"\(x)\" y1=\"-3\" y2=\"100%\"/>"
        }
        let shades = faults.map { fault -> Markup in
            let width = axis.percent(
                from: fault.atSeconds, until: fault.untilSeconds, atLeast: 0.1)
            return """
                <rect class="\(FaultFamily(kind: fault.kind).style)" \
                x="\(axis.percent(fault.atSeconds))" width="\(width)" height="100%"/>
                """
        }
        let sights = seen.map { _, violation -> Markup in
            let x = axis.percent(violation.atSeconds)
            return "<line x1=\"\(x)\" x2=\"\(x)\" y1=\"-3\" y2=\"100%\"/>"
        }
        return """
            <svg class="definitions" aria-hidden="true"><defs>
            <symbol id="grid"><g class="grid">\(lines)</g></symbol>
            <symbol id="shade"><g class="shade">\(shades)</g></symbol>
            <symbol id="seen"><g class="seen">\(sights)</g></symbol>
            <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" \
            patternTransform="rotate(45)"><rect width="6" height="6" class="hatch-ground"/>\
            <rect width="2.5" height="6" class="hatch-line"/></pattern>
            </defs></svg>

            """
    }

    private func header() -> Markup {
        let reason: Markup =
            report.reason.isEmpty
            ? .nothing : "<p class=\"reason\">\(limits.clip(report.reason, to: 1000))</p>"
        return """
            <header class="masthead v-\(report.verdict.rawValue)">
            \(SeaSignature(traceHash: report.traceHash).drawing)
            <div class="masthead-text">
            <p class="brand">Wavetank <span>run report</span></p>
            <h1>\(limits.clip(report.title))</h1>
            <p class="verdict"><svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">\
            <circle cx="12" cy="12" r="11"/><path d="\(verdictSign)"/></svg>\
            <strong>\(verdictWord)</strong></p>
            \(reason)
            <p class="source"><code>\(limits.clip(report.scenario, to: 1000))</code> seed \
            <code>\(String(report.seed))</code></p>
            </div>
            </header>
            \(facts())
            """
    }

    private var verdictSign: String {
        switch report.verdict {
        case .pass: "M6.5 12.5l3.6 3.6 7.4-8"
        case .fail: "M8 8l8 8M16 8l-8 8"
        case .inconclusive:
            "M9 9.2c.2-3.6 6.2-3.4 6 .2-.1 2-2.8 2.2-2.9 4.4M12 16.6v.6"
        }
    }

    private func facts() -> Markup {
        func fact(_ name: String, _ value: String, _ detail: String = "") -> Markup {
            "<div><dt>\(name)</dt><dd>\(value)<small>\(detail)</small></dd></div>\n"
        }
        let refused = "\(NumberText.grouped(report.changesRefused)) refused"
        let unknown = "\(NumberText.grouped(report.changesUnknown)) unknown"
        let compared = report.oracles.map(\.compared).boundedSum
        let eventRate = report.cpuSeconds > 0 ? Double(report.events) / report.cpuSeconds : 0
        return """
            <dl class="facts">
            \(fact("Violations", NumberText.grouped(report.violationCount),
                "\(NumberText.grouped(compared)) comparisons"))\
            \(fact("Changes acknowledged", NumberText.grouped(report.changesAcknowledged),
                "\(refused), \(unknown)"))\
            \(fact("Simulated time", NumberText.seconds(report.simulatedSeconds),
                NumberText.counted(report.faults.count, "fault")))\
            \(fact("Speed", "\(NumberText.short(report.speed))×",
                "\(NumberText.seconds(report.cpuSeconds)) of one core"))\
            \(fact("Events", NumberText.grouped(report.events),
                "\(NumberText.value(eventRate, in: .perSecond)) and core"))\
            \(fact("Peak memory", NumberText.bytes(Double(report.peakMemoryBytes))))</dl>

            """
    }

    private func comparison() -> Markup {
        report.comparison?.markup(machineVerdict: report.verdict, limits) ?? .nothing
    }

    private func notes() -> Markup {
        guard !report.notes.isEmpty else { return .nothing }
        let shown = report.notes.prefix(limits.notes)
        let items = shown.map { "<li>\(limits.clip($0))</li>" as Markup }
        return """
            <section><h2>Noted by the engine</h2><div class="notes"><ul>\(items)</ul>\
            \(leftOut(report.notes.count - shown.count, "notes"))</div></section>

            """
    }

    private func violations() -> Markup {
        let oracles = report.oracles.prefix(limits.oracles).filter { !$0.violations.isEmpty }
        guard !oracles.isEmpty else { return .nothing }
        let groups = oracles.map { oracle -> Markup in
            let shown = oracle.violations.prefix(limits.violationsPerOracle)
            let items = shown.map { violation -> Markup in
                """
                <li><b class="n">\(NumberText.moment(violation.atSeconds))</b> \
                <span>\(limits.clip(violation.message, to: 1000))</span></li>

                """
            }
            return """
                <h3>\(NumberText.words(limits.clip(oracle.name, to: 80)))</h3>
                <ol>\(items)</ol>\(leftOut(oracle.violations.count - shown.count, "violations"))
                """
        }
        return """
            <section class="violations" aria-labelledby="violations-title">
            <h2 id="violations-title">What went wrong</h2>
            \(groups)
            </section>

            """
    }

    private func oracles() -> Markup {
        guard !report.oracles.isEmpty else {
            return "<section><h2>Oracles</h2><p class=\"note\">No oracle looked.</p></section>\n"
        }
        let shown = report.oracles.prefix(limits.oracles)
        let rows = shown.map { oracle -> Markup in
            let state: (String, String) =
                oracle.violations.isEmpty
                ? oracle.compared > 0
                    ? ("held", "held")
                    : oracle.hadWork ? ("blind", "looked at nothing") : ("idle", "had no work")
                : ("broken", NumberText.counted(oracle.violations.count, "violation"))
            return """
                <tr><th scope="row"><div>\
                <span>\(NumberText.words(limits.clip(oracle.name, to: 80)))</span> \
                <small>\(limits.clip(oracle.meaning, to: 200))</small></div></th>\
                <td class="n">\(NumberText.grouped(oracle.compared))</td>\
                <td class="\(state.0)"><span>\(state.1)</span></td></tr>

                """
        }
        return """
            <section aria-labelledby="oracles-title">
            <h2 id="oracles-title">Oracles</h2>
            <table class="oracles"><thead><tr><th scope="col">What must hold</th>\
            <th scope="col" class="n">Compared</th><th scope="col">Seen</th></tr></thead>
            <tbody>\(rows)</tbody></table>
            \(leftOut(report.oracles.count - shown.count, "oracles"))
            </section>

            """
    }

    private func probes() -> Markup {
        guard !report.probes.isEmpty else { return .nothing }
        let shown = report.probes.prefix(limits.probes)
        func list(_ probes: [ProbeResult], _ style: String) -> Markup {
            let items = probes.map { probe -> Markup in
                let count: Markup =
                    probe.count > 0 ? "<b>\(NumberText.grouped(probe.count))</b>" : .nothing
                return "<li>\(limits.clip(probe.name, to: 120))\(count)</li>\n"
            }
            return "<ul class=\"probes \(style)\">\(items)</ul>"
        }
        let missed = shown.filter { $0.count == 0 }
        let reached = shown.filter { $0.count > 0 }
        let missedPart: Markup =
            missed.isEmpty
            ? "<p class=\"note\">Every probe was reached.</p>"
            : "<h3>Not reached <small>\(missed.count)</small></h3>\(list(missed, "missed"))"
        let reachedPart: Markup =
            reached.isEmpty
            ? .nothing
            : "<h3>Reached <small>\(reached.count)</small></h3>\(list(reached, "reached"))"
        return """
            <section aria-labelledby="probes-title">
            <h2 id="probes-title">Rare paths</h2>
            \(missedPart)\(reachedPart)\(leftOut(report.probes.count - shown.count, "probes"))
            </section>

            """
    }

    private func coverage() -> Markup {
        report.coverage.map { CoverageGrid(coverage: $0, scale: .run).section } ?? .nothing
    }

    private func reproduction() -> Markup {
        let versions = report.libraryVersions.prefix(50).map { library -> Markup in
            """
            <div><dt>\(limits.clip(library.name))</dt><dd>\(limits.clip(library.version))</dd></div>

            """
        }
        return """
            <section aria-labelledby="again-title">
            <h2 id="again-title">Run it again</h2>
            <pre tabindex="0"><code>\(limits.clip(report.reproduceCommand, to: 1000))</code></pre>
            <dl class="pairs"><div><dt>Trace hash</dt>\
            <dd><code>\(limits.clip(report.traceHash))</code></dd></div>
            <div><dt>Build</dt><dd><code>\(limits.clip(report.build, to: 1000))</code></dd></div>
            \(versions)</dl>
            <p class="note">On the same build the same command must give the same trace hash.</p>
            </section>

            """
    }

    private func counters() -> Markup {
        guard !report.counters.isEmpty else { return .nothing }
        let shown = report.counters.prefix(limits.counters)
        var groups: [(name: String, counters: [(String, Int)])] = []
        for counter in shown {
            let parts = counter.name.split(separator: ".", maxSplits: 1).map(String.init)
            let group = parts.count > 1 ? parts[0] : "other"
            let name = parts.last ?? counter.name
            if let index = groups.firstIndex(where: { $0.name == group }) {
                groups[index].counters.append((name, counter.value))
            } else {
                groups.append((group, [(name, counter.value)]))
            }
        }
        let blocks = groups.map { group -> Markup in
            let rows = group.counters.map { name, value -> Markup in
                """
                <tr><th scope="row">\(NumberText.words(limits.clip(name, to: 60)))</th>\
                <td class="n">\(NumberText.grouped(value))</td></tr>

                """
            }
            return """
                <table><caption>\(NumberText.words(limits.clip(group.name, to: 60)))</caption>
                <tbody>\(rows)</tbody></table>

                """
        }
        return """
            <section aria-labelledby="counters-title">
            <h2 id="counters-title">Counters</h2>
            <div class="counters">\(blocks)</div>
            \(leftOut(report.counters.count - shown.count, "counters"))
            </section>

            """
    }
}

/// One self-contained page: style and drawings stand in it, nothing is loaded, it works offline.
///
/// A report too large for a megabyte is drawn with less of it; the page says what it leaves out.
public func htmlPage(for report: RunReport) -> String {
    let byteCountLimit = 1_000_000
    var limits = PageLimits()
    while true {
        let page = Page(report, limits: limits).markup.text
        if page.utf8.count < byteCountLimit || limits.divisor >= 32 { return page }
        limits.divisor *= 2
    }
}
