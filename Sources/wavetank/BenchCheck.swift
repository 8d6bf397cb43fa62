import ArgumentParser
import Foundation
import JSON
import RunReports
import ScenarioFiles

/// `wavetank bench compare`.
struct BenchCompare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Say what moved between two bench reports, by how much and why.")

    @Argument(help: "A folder of bench run, or a file of exact figures.")
    var before: String

    @Argument(help: "Another one, later.")
    var after: String

    @OptionGroup var output: ComparisonOutput

    func run() throws {
        let (former, latter) = (try readBench(before), try readBench(after))
        var comparison = BenchComparison(before: former.tank, after: latter.tank)
        comparison.beforeCommit = former.wall?.build ?? commit(of: former.tank)
        comparison.afterCommit = latter.wall?.build ?? commit(of: latter.tank)
        try output.show(comparison)
        if let walls = wallComparison(former.wall, latter.wall) { try wavetank.show(walls) }
    }
}

/// `wavetank bench check`.
struct BenchCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Fail if exact figures are worse than the baseline by more than the limits.",
        discussion: """
            The limits stand under bench: limits: in each scenario's file. Without a report, \
            the cases of the baseline are measured first. Exit codes: 0 within limits, 1 past \
            one of them, or an oracle saw a violation, 3 the check could not be made.
            """)

    @Argument(help: "A folder of bench run, or a file of exact figures.")
    var report: String?

    @Option(help: "What to hold it against.")
    var baseline = Bench.baseline

    @OptionGroup var selection: BenchSelection
    @OptionGroup var output: ComparisonOutput

    @Option(help: "Where a report that is measured first is written to.", completion: .directory)
    var measured = Bench.output

    func run() throws {
        try output.prepare()
        let before = try readBench(baseline).tank
        let after: BenchReport
        if let report {
            after = try readBench(report)
        } else {
            try BenchFolder(path: measured).prepare()
            after = try BenchWorkers(selection).measure(before.runs.map(\.of))
            try BenchFolder(path: measured).write(after)
        }
        var comparison = BenchComparison(before: before, after: after.tank)
        comparison.beforeCommit = commit(of: before)
        comparison.afterCommit = after.wall?.build
        try output.show(comparison)
        if !comparison.improvements.isEmpty && comparison.isAcceptable {
            say("better than the baseline: 'wavetank bench accept' makes this the new one")
        }
        if !comparison.isAcceptable { throw ExitCode(1) }
    }
}

/// How a comparison is shown; common to `compare` and `check`.
struct ComparisonOutput: ParsableArguments {
    @Flag(help: "Show what moved within the limits as well.")
    var all = false

    @Option(help: "Append the comparison in Markdown to this file.")
    var markdown: String?

    @Option(help: "Write the comparison as a page to this file.")
    var html: String?

    /// Tries the files before the work.
    func prepare() throws {
        if let markdown { _ = try OutputFile(addingMarkdownTo: markdown) }
        if let html { _ = try OutputFile(html, .page) }
    }

    func show(_ comparison: BenchComparison) throws {
        try wavetank.show(comparison.text(all: all))
        if let markdown { try OutputFile(addingMarkdownTo: markdown).append(comparison.markdown) }
        if let html { try OutputFile(html, .page).replace(htmlPage(for: comparison)) }
    }
}

/// `wavetank bench accept`.
struct BenchAccept: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Make a report's exact figures the baseline, and add a line to the history.")

    @Argument(help: "A folder of bench run; what was measured last if not given.")
    var report = Bench.output

    @Option(help: "The baseline to write.")
    var baseline = Bench.baseline

    @Option(help: "The history to add to.")
    var history = Bench.history

    func run() throws {
        let accepted = try readBench(report)
        let unclean = accepted.tank.runs.filter { $0.verdict != .pass }
        if let first = unclean.first {
            throw refusal("\(first.of) is no pass (\(first.reason)): nothing to measure against")
        }
        let former = try OutputFile(baseline, .figures)
        let line = BenchHistory.line(
            commit: builtCommit.isEmpty ? "unnamed" : builtCommit, tank: accepted.tank,
            wall: accepted.wall)
        let lines = try OutputFile(history, nil)
        try former.replace(accepted.tank.json.pretty)
        try lines.append(line + "\n")
        try show("\(baseline): \(accepted.tank.runs.count) cases, digest \(accepted.tank.digest)")
    }
}

/// `wavetank bench history`.
struct BenchHistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show how the figures moved from commit to commit.")

    @Option(help: "The history to read.")
    var file = Bench.history

    @Option(help: "Only figures whose name contains this.")
    var figure = ""

    @Option(help: "Only benchmarks whose name contains this.")
    var benchmark = ""

    @Option(help: "The baseline, whose limits the drawings are scaled to.")
    var baseline = Bench.baseline

    @Option(help: "Write the history as a page to this file.")
    var html: String?

    func run() throws {
        let page = try html.map { try OutputFile($0, .page) }
        var history = try readHistory(file)
        if let known = try? readBench(baseline).tank.runs {
            for run in known { history.knownLimits[run.of] = run.limits }
        }
        try refuseUnknown("--benchmark", benchmark, among: history.benchmarkNames)
        let titles = history.figureNames.map { BenchFigure.named($0).title }
        try refuseUnknown("--figure", figure, among: history.figureNames + titles)
        guard let text = history.text(figure: figure, benchmark: benchmark) else {
            throw refusal("no benchmark that is chosen has such a figure")
        }
        try show(text)
        try page?.replace(htmlPage(for: history))
    }

    /// Refuses a part of a name that none of the names has.
    private func refuseUnknown(_ option: String, _ part: String, among names: [String]) throws {
        let isKnown = names.contains { $0.lowercased().contains(part.lowercased()) }
        if part.isEmpty || isKnown || names.isEmpty { return }
        let meant = suggestion(for: part, among: names).map { "; did you mean '\($0)'" } ?? ""
        throw refusal(
            "\(option) finds no '\(part)'\(meant). There are: "
                + names.joined(separator: ", "))
    }
}

/// Reads the history; a line that cannot be read is refused with its number.
func readHistory(_ path: String) throws -> BenchHistory {
    if !FileManager.default.fileExists(atPath: path) {
        throw refusal("\(path): no such file; 'wavetank bench accept' begins it")
    }
    let text = try readInputText(path)
    do {
        return try BenchHistory(lines: text)
    } catch {
        throw refusal("\(path): \(error)")
    }
}

/// The commit that a report's figures were accepted at, if the history knows them.
private func commit(of tank: BenchTank) -> String? {
    guard FileManager.default.fileExists(atPath: Bench.history),
        let history = try? readHistory(Bench.history)
    else { return nil }
    let digest = tank.digest
    return history.entries.last { $0.digest == digest }?.commit
}
