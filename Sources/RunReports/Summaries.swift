/// The report as Markdown, short enough for a comment on a change.
public func markdownSummary(for report: RunReport) -> String {
    let page = Page(report)
    var lines = [
        "## \(page.verdictWord): \(markdownText(report.title))",
        "",
        "`\(code(report.scenario))` seed `\(report.seed)`, trace hash `\(code(report.traceHash))`",
        "",
    ]
    if !report.reason.isEmpty { lines += [markdownText(report.reason), ""] }
    lines += [
        "| | |", "|---|---:|",
        "| Changes acknowledged | \(report.changesAcknowledged) |",
        "| Changes refused, unknown | \(report.changesRefused), \(report.changesUnknown) |",
    ]
    lines += report.input.map { ["| Captures | \($0) |"] } ?? []
    lines += [
        "| Simulated time | \(NumberText.seconds(report.simulatedSeconds)) |",
        "| CPU time | \(NumberText.seconds(report.cpuSeconds)) |",
        "| Peak memory | \(NumberText.bytes(Double(report.peakMemoryBytes))) |",
        "| Events | \(report.events) |",
        "| Faults | \(report.faults.count) |",
        "",
        "| Oracle | Compared | Violations |", "|---|---:|---:|",
    ]
    lines += report.oracles.map {
        "| \(markdownText(NumberText.words($0.name))) | \($0.compared) | \($0.violations.count) |"
    }
    let violations = report.oracles.flatMap { oracle in
        oracle.distinctViolations.prefix(5).map { (oracle.name, $0) }
    }
    if !violations.isEmpty { lines += ["", "### What went wrong", ""] }
    lines += violations.prefix(20).map { name, alike in
        let moment = NumberText.moment(alike.first.atSeconds)
        let message = markdownText(PageLimits.clip(alike.first.message, to: 400))
        let more = alike.count > 1 ? " (first of \(alike.count) alike)" : ""
        return "- **\(markdownText(name))** at \(moment)\(more): \(message)"
    }
    let missed = report.probes.filter { $0.count == 0 }.prefix(50)
    if !missed.isEmpty {
        lines += [
            "", "Not reached: " + missed.map { markdownText($0.name) }.joined(separator: ", "),
        ]
    }
    lines += report.coverage?.markdown ?? []
    lines += report.notes.map { "\n> \(markdownText($0))" }
    lines += ["", "```", report.reproduceCommand.replacing("```", with: "` ` `"), "```", ""]
    return lines.joined(separator: "\n")
}

/// The report for a terminal, without colours, at most 100 columns wide where names allow.
public func textSummary(for report: RunReport) -> String {
    let page = Page(report)
    var lines = ["\(page.verdictWord.uppercased())  \(plain(report.title))"]
    if !report.reason.isEmpty { lines.append("  \(plain(report.reason))") }
    // A run on the real machine has no simulated time and no trace.
    let isReal = report.traceHash.isEmpty
    var facts: [(String, String)] = [
        ("scenario", "\(report.scenario), seed \(report.seed)"),
        (
            "changes",
            "\(report.changesAcknowledged) acknowledged, \(report.changesRefused) refused, "
                + "\(report.changesUnknown) unknown"
        ),
    ]
    facts += report.input.map { [("captures", $0)] } ?? []
    facts += [
        (
            "time",
            isReal
                ? "\(NumberText.seconds(report.cpuSeconds)) of one core, in real time"
                : "\(NumberText.seconds(report.simulatedSeconds)) simulated in "
                    + "\(NumberText.seconds(report.cpuSeconds)) of one core "
                    + "(\(NumberText.short(report.speed))x)"
        ),
        ("memory", "\(NumberText.bytes(Double(report.peakMemoryBytes))) at its peak"),
    ]
    if !isReal { facts += [("events", "\(report.events)"), ("trace", report.traceHash)] }
    lines.append("")
    lines += facts.map { "  \(padded($0.0, to: 10)) \(plain($0.1))" }
    lines.append("")
    let width = report.oracles.map(\.name.count).max() ?? 0
    let digits = max(8, report.oracles.map { String($0.compared).count }.max() ?? 0)
    lines.append(
        "  \(padded("oracle", to: width))  \(padded("compared", to: digits, atEnd: true))  "
            + "violations"
    )
    for oracle in report.oracles {
        let compared = padded(String(oracle.compared), to: digits, atEnd: true)
        lines.append("  \(padded(plain(oracle.name), to: width))  \(compared)  \(oracle.state)")
    }
    for oracle in report.oracles {
        for alike in oracle.distinctViolations.prefix(5) {
            let moment = NumberText.moment(alike.first.atSeconds)
            let more = alike.count > 1 ? " (first of \(alike.count) alike)" : ""
            lines += ["", "  \(moment) \(plain(oracle.name))\(more)"]
            lines.append("    \(plain(alike.first.message))")
        }
    }
    let missed = report.probes.filter { $0.count == 0 }
    if !report.probes.isEmpty {
        let reached = report.probes.count - missed.count
        lines += ["", "  probes: \(reached) of \(report.probes.count) reached"]
        if !missed.isEmpty { lines.append("    not \(folded(missed.map { plain($0.name) }))") }
    }
    if let coverage = report.coverage { lines.append("  covered: \(coverage.summary)") }
    if let comparison = report.comparison {
        lines += comparison.text(machineVerdict: report.verdict).map(plain)
    }
    lines += report.notes.map { "\n  note: \(plain($0))" }
    lines += ["", "  again: \(plain(report.reproduceCommand))"]
    if !report.failureFile.isEmpty {
        let file = plain(report.failureFile)
        lines += ["  saved: \(file)", "  next:  ci/wavetank explain \(file.shellQuoted)"]
    }
    lines.append("")
    return lines.joined(separator: "\n")
}

/// Names on one line, and how many there was no room for.
private func folded(_ names: [String]) -> String {
    var line = names[0]
    var count = 1
    while count < names.count, line.count + names[count].count < 75 {
        line += ", " + names[count]
        count += 1
    }
    return count < names.count ? "\(line) and \(names.count - count) more" : line
}

private func padded(_ text: String, to width: Int, atEnd: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return atEnd ? space + text : text + space
}

/// On one line and without the characters that steer a terminal.
private func plain(_ text: String) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { scalar in
                let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                return isControl ? " " : scalar
            }))
}

/// With everything escaped that Markdown, or the HTML in it, would take as its own.
func markdownText(_ text: String) -> String {
    var result = ""
    for character in plain(text) {
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\\", "`", "*", "_", "[", "]", "|", "#", "~": result += "\\\(character)"
        default: result.append(character)
        }
    }
    return result
}

private func code(_ text: String) -> String { plain(text).replacing("`", with: "'") }

extension OracleResult {
    /// The violations without those that say again what another said with other values: the first
    /// of each, and how many there are of it.
    var distinctViolations: [(first: Violation, count: Int)] {
        var found: [(first: Violation, count: Int)] = []
        var positions: [String: Int] = [:]
        for violation in violations {
            let key = violation.message.causeText
            if let position = positions[key] {
                found[position].count += 1
            } else {
                positions[key] = found.count
                found.append((violation, 1))
            }
        }
        return found
    }
}
