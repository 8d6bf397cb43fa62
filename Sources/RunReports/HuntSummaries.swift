extension HuntReport.Cause {
    /// A failure file of the cause, the first one that was kept; empty if none was.
    public var failureFile: String {
        seeds.lazy.compactMap(\.report?.failureFile).first { !$0.isEmpty } ?? ""
    }

    /// What to do about it.
    public var nextCommand: String {
        failureFile.isEmpty
            ? seeds[0].reproduceCommand : "ci/wavetank explain \(failureFile.shellQuoted)"
    }

    /// The first seed in full: what was seen where, and how to go on.
    fileprivate var example: [String] {
        let first = seeds[0]
        var lines = ["  first  \(first.scenario), seed \(first.seed): \(first.reason)"]
        if !failureFile.isEmpty { lines.append("  saved  \(failureFile)") }
        lines.append("  again  \(first.reproduceCommand)")
        if !failureFile.isEmpty {
            let file = failureFile.shellQuoted
            lines.append("  next   \(nextCommand); ci/wavetank shrink \(file)")
        }
        return lines
    }
}

extension HuntReport: CustomStringConvertible {
    /// For people: the verdict first, then each cause, then what was reached.
    public var description: String {
        var lines = [headline]
        for cause in causes {
            lines += ["", "\(NumberText.counted(cause.seeds.count, "seed")) "]
            lines[lines.count - 1] += "(\(names(of: cause))): \(cause.text)"
            lines += cause.example
        }
        if seeds.isEmpty { return lines.joined(separator: "\n") }
        lines.append("")
        lines += facts.map { "  \($0.name.padding(to: 9)) \($0.text)" }
        let reached = probes
        let missed = reached.filter { $0.count == 0 }
        let rarest = reached.filter { $0.count > 0 }.prefix(5)
        if !rarest.isEmpty {
            lines.append(
                "  rarest    " + rarest.map { "\($0.name) (\($0.count))" }.joined(separator: ", "))
        }
        if !missed.isEmpty {
            let names = missed.prefix(5).map(\.name).joined(separator: ", ")
            let more = missed.count > 5 ? " and \(missed.count - 5) more, which --json names" : ""
            lines.append("  never     \(names)\(more)")
        }
        return lines.joined(separator: "\n")
    }

    /// What came of it, in one line.
    var headline: String {
        if seeds.isEmpty { return "Inconclusive: no seed was run" }
        let timeouts = seeds.count { $0.report == nil && $0.incident == .timeout }
        let stopped = timeouts == 0 ? "" : ", \(timeouts) stopped for time"
        return "\(cleanCount) of \(NumberText.counted(seeds.count, "seed")) "
            + "\(seeds.count == 1 ? "is" : "are") clean\(stopped)"
    }

    private var facts: [(name: String, text: String)] {
        let reports = seeds.compactMap(\.report)
        if reports.isEmpty { return [] }
        let middle = NumberText.seconds(median(\.cpuSeconds))
        let most = NumberText.seconds(reports.map(\.cpuSeconds).max() ?? 0)
        let cpu = reports.reduce(0) { $0 + $1.cpuSeconds }
        let middleMemory = NumberText.bytes(median { Double($0.peakMemoryBytes) })
        let memory = NumberText.bytes(Double(reports.map(\.peakMemoryBytes).max() ?? 0))
        let events = reports.map(\.events).boundedSum
        let changes = reports.map(\.changesAcknowledged).boundedSum
        let refused = reports.map(\.changesRefused).boundedSum
        let anHour = cpu > 0 ? Int(min(1e9, Double(reports.count) * 3600 / cpu)) : 0
        return [
            ("a seed", "\(middle) of one core in the median, \(most) at most"),
            ("memory", "\(middleMemory) in the median, \(memory) at most"),
            (
                "together",
                "\(NumberText.seconds(cpu)) of one core, \(events) events, \(changes) changes, "
                    + "\(refused) refused; "
                    + "\(anHour) seeds an hour and core"
            ),
            ("reached", Saturation(seeds).description),
        ] + (input.map { [("captures", $0)] } ?? [])
            + (coverage.map { [("covered", $0.summary)] } ?? [])
    }

    private func names(of cause: Cause) -> String {
        let names = cause.seeds.prefix(8).map { "\($0.seed)" }.joined(separator: " ")
        return cause.seeds.count > 8 ? names + " ..." : names
    }

    /// As Markdown, for the summary of a pipeline.
    public var markdown: String {
        var lines = [
            "## \(headline)", "", "| | |", "|---|---|",
        ]
        lines += facts.map { "| \(markdownText($0.name)) | \(markdownText($0.text)) |" }
        if !causes.isEmpty {
            lines += ["", "| seeds | cause | first | again |", "|---:|---|---|---|"]
            lines += causes.map { cause in
                let first = PageLimits.clip(cause.seeds[0].reason, to: 400)
                return "| \(cause.seeds.count) (\(names(of: cause))) | "
                    + "\(markdownText(cause.text)) | \(markdownText(first)) | "
                    + "`\(cause.seeds[0].reproduceCommand.replacing("`", with: "'"))` |"
            }
        }
        let missed = probes.filter { $0.count == 0 }.map { markdownText($0.name) }
        if !missed.isEmpty { lines += ["", "Never reached: " + missed.joined(separator: ", ")] }
        lines += coverage?.markdown ?? []
        return lines.joined(separator: "\n") + "\n"
    }

    /// As the XML that JUnit's report readers take: a suite a scenario, a case a seed.
    ///
    /// A seed without a verdict counts as skipped, one whose process died as an error.
    public var junit: String {
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<testsuites name=\"wavetank\">",
        ]
        var start = 0
        while start < seeds.count {
            let scenario = seeds[start].scenario
            let end = seeds[start...].firstIndex { $0.scenario != scenario } ?? seeds.count
            lines += suite(scenario, seeds[start..<end])
            start = end
        }
        return (lines + ["</testsuites>"]).joined(separator: "\n") + "\n"
    }

    private func suite(_ scenario: String, _ seeds: ArraySlice<Seed>) -> [String] {
        let failures = seeds.count { $0.report?.verdict == .fail }
        let errors = seeds.count { $0.report == nil }
        let skipped = seeds.count { $0.report?.verdict == .inconclusive }
        let cpu = seeds.reduce(0) { $0 + ($1.report?.cpuSeconds ?? 0) }
        let name = xmlText(scenario)
        var lines = [
            "  <testsuite name=\"\(name)\" tests=\"\(seeds.count)\" failures=\"\(failures)\" "
                + "errors=\"\(errors)\" skipped=\"\(skipped)\" time=\"\(NumberText.plain(cpu))\">"
        ]
        for seed in seeds {
            let time = NumberText.plain(seed.report?.cpuSeconds ?? 0)
            let open =
                "    <testcase classname=\"\(name)\" name=\"seed \(seed.seed)\" time=\"\(time)\""
            guard !seed.isClean else {
                lines.append(open + "/>")
                continue
            }
            let kind =
                seed.report.map { $0.verdict == .fail ? "failure" : "skipped" } ?? "error"
            let reason = xmlText(seed.reason)
            let again = xmlText(seed.reproduceCommand)
            let type = seed.incident.rawValue
            lines.append(open + ">")
            lines.append(
                kind == "skipped"
                    ? "      <skipped message=\"\(reason)\"/>"
                    : "      <\(kind) type=\"\(seed.report?.verdict.rawValue ?? type)\" "
                        + "message=\"\(reason)\">\(again)</\(kind)>")
            lines.append("    </testcase>")
        }
        return lines + ["  </testsuite>"]
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - count))
    }
}

/// With the signs of XML escaped, and without what XML 1.0 does not allow at all.
private func xmlText(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "\n": result += "&#10;"
        case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
            result += " "
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
