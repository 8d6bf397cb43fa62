import ArgumentParser
import Foundation
import JSON
import RunReports

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
        if let walls = wallComparison(former.wall, latter.wall) { print(walls) }
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
        let before = try readBench(baseline).tank
        let after: BenchReport
        if let report {
            after = try readBench(report)
        } else {
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

    func show(_ comparison: BenchComparison) throws {
        print(comparison.text(all: all))
        if let markdown { try append(comparison.markdown, to: markdown) }
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
        try Data(accepted.tank.json.pretty.utf8).write(to: URL(fileURLWithPath: baseline))
        let line = BenchHistory.line(
            commit: namedCommit ?? "unnamed", tank: accepted.tank, wall: accepted.wall)
        try append(line + "\n", to: history)
        print("\(baseline): \(accepted.tank.runs.count) cases, digest \(accepted.tank.digest)")
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

    func run() throws {
        print(try readHistory(file).text(figure: figure, benchmark: benchmark))
    }
}

/// Reads the history; a line that cannot be read is refused with its number.
func readHistory(_ path: String) throws -> BenchHistory {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw refusal("\(path): cannot be read; 'wavetank bench accept' begins it")
    }
    do {
        return try BenchHistory(lines: String(decoding: data, as: UTF8.self))
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

func append(_ text: String, to path: String) throws {
    let url = URL(fileURLWithPath: path)
    if !FileManager.default.fileExists(atPath: path) {
        try Data(text.utf8).write(to: url)
        return
    }
    let file = try FileHandle(forUpdating: url)
    defer { try? file.close() }
    try file.seekToEnd()
    try file.write(contentsOf: Data(text.utf8))
}
