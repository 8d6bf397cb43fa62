/// The page of a hunt: how many seeds were clean, why the others were not, what they reached.
public func htmlPage(for report: HuntReport) -> String {
    HuntPage(report: report).document.markup.text
}

struct HuntPage {
    let report: HuntReport

    var document: Document {
        let reports = report.seeds.compactMap(\.report)
        let cpu = reports.map(\.cpuSeconds)
        let isFailed = report.seeds.contains(where: \.isFailure)
        let unclean = report.seeds.count - report.cleanCount
        let scenarios = Set(report.seeds.map(\.scenario)).sorted()
        return Document(
            kind: "hunt",
            title: title(scenarios),
            mood: report.seeds.isEmpty || unclean > 0 && !isFailed
                ? .inconclusive : isFailed ? .fail : .pass,
            verdict: report.seeds.isEmpty
                ? "Nothing was run"
                : unclean == 0
                    ? "All clean" : "\(NumberText.counted(unclean, "seed")) not clean",
            signature: reports.first?.traceHash ?? "",
            facts: [
                ("Causes", NumberText.grouped(report.causes.count), "failures alike are one"),
                (
                    "Changes acknowledged",
                    NumberText.grouped(reports.map(\.changesAcknowledged).boundedSum), ""
                ),
                (
                    "Processor time", NumberText.seconds(cpu.reduce(0, +)),
                    "\(NumberText.seconds(cpu.max() ?? 0)) the longest seed"
                ),
                (
                    "Peak memory",
                    NumberText.bytes(Double(reports.map(\.peakMemoryBytes).max() ?? 0)),
                    "of a seed"
                ),
            ],
            sections: [causes(), seeds(scenarios), coverage(), probes()],
            footer: "A seed is a function of itself alone: neither the number of jobs nor the "
                + "other seeds change it.")
    }

    /// Names all scenarios where they are few, and else how many there are and where they lie.
    private func title(_ scenarios: [String]) -> String {
        let seeds = NumberText.counted(report.seeds.count, "seed")
        if scenarios.count <= 3 { return "\(seeds) of \(scenarios.joined(separator: ", "))" }
        var folders = scenarios[0].split(separator: "/").dropLast()
        for scenario in scenarios {
            let others = scenario.split(separator: "/").dropLast()
            folders = zip(folders, others).prefix { $0 == $1 }.map(\.0)[...]
        }
        let place = folders.joined(separator: "/")
        return "\(seeds) of \(NumberText.counted(scenarios.count, "scenario"))"
            + (place.isEmpty ? "" : " in \(place)")
    }

    private func causes() -> Markup {
        let causes = report.causes
        if causes.isEmpty { return .nothing }
        let blocks = causes.prefix(60).map { cause -> Markup in
            let first = cause.seeds[0]
            let names = cause.seeds.prefix(20).map { "\($0.seed)" }.joined(separator: ", ")
            return """
                <div class="cause"><b>\(PageLimits.clip(cause.text, to: 400))</b>
                <small>\(NumberText.counted(cause.seeds.count, "seed")): \(names)</small>
                <p>\(PageLimits.clip(first.reason, to: 600))</p>
                <pre tabindex="0"><code>\(PageLimits.clip(first.reproduceCommand, to: 400))</code>\
                </pre></div>

                """
        }
        return Document.section("causes", "What went wrong", Array(blocks))
    }

    private func seeds(_ scenarios: [String]) -> Markup {
        let blocks = scenarios.prefix(40).map { scenario -> Markup in
            let seeds = report.seeds.filter { $0.scenario == scenario }
            let cells = seeds.prefix(3000).map { seed -> Markup in
                let state = seed.isFailure ? "fail" : seed.isClean ? "pass" : "inconclusive"
                if state == "pass" { return "<i></i>" }
                return "<i class=\"\(state)\" title=\"seed \(String(seed.seed))\"></i>"
            }
            let clean = seeds.count { $0.isClean }
            let spoken = "\(clean) of \(seeds.count) seeds clean"
            let more: Markup =
                seeds.count > 3000
                ? "<p class=\"note\">and \(seeds.count - 3000) more seeds</p>" : .nothing
            return """
                <h3>\(scenario) <small>\(spoken)</small></h3>
                <div class="cells" role="img" aria-label="\(spoken)">\(cells)</div>\(more)

                """
        }
        return Document.section("seeds", "Seeds", note: "Each square is one seed.", Array(blocks))
    }

    private func coverage() -> Markup {
        report.coverage.map { CoverageGrid(coverage: $0, scale: .hunt).section } ?? .nothing
    }

    private func probes() -> Markup {
        let probes = report.probes
        if probes.isEmpty { return .nothing }
        let most = max(1, probes.map(\.count).max() ?? 1)
        let rows = probes.prefix(300).map { probe -> Markup in
            let width = TimeAxis.text(Double(probe.count) / Double(most) * 100) + "%"
            let state = probe.count == 0 ? "never" : NumberText.grouped(probe.count)
            return """
                <div class="row"><div class="label">\(PageLimits.clip(probe.name, to: 120))</div>\
                <div class="strip"><span class="n">\(state)</span><svg role="img" \
                aria-label="\(state)"><rect class="bar" width="\(width)" y="4" height="10" rx="2"/>\
                </svg><span></span></div></div>

                """
        }
        return Document.section(
            "probes", "Rare paths", note: "By how many seeds each was reached, rarest first.",
            Array(rows))
    }
}
