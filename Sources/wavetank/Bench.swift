import ArgumentParser
import Foundation
import JSON
import RunReports
import ScenarioFiles

/// `wavetank bench`.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure the benchmark scenarios, and compare what they measure.",
        discussion: """
            Figures of two kinds are kept in two files and never mixed. Tank figures are in \
            simulated time and counters: the same build gives the same bytes on every machine. \
            Wall figures come from a clock and name their machine.
            """,
        subcommands: [
            BenchRun.self, BenchCompare.self, BenchCheck.self, BenchAccept.self,
            BenchHistoryCommand.self, BenchBytes.self, BenchMicro.self, BenchRows.self,
            BenchLake.self, BenchEncodings.self, BenchVectors.self, BenchOne.self,
        ],
        defaultSubcommand: BenchRun.self)

    static let baseline = "Reports/bench-baseline.json"
    static let history = "Reports/bench-history.jsonl"
    static let output = "Reports/runs/bench"
}

/// Which cases are measured, and how; common to all commands that measure.
struct BenchSelection: ParsableArguments {
    @Option(
        name: .customLong("sizes"),
        help: "small, medium, large or all; with commas between several.")
    var sizeList = "small"

    @Option(
        name: .customLong("faults"),
        help: "Without and with the faults of bench: storm: off, on or all.")
    var faultList = "all"

    @Option(help: "The seed; each scenario's own if not given.", transform: parseSeed)
    var seed: UInt64?

    @Option(help: "Worker processes at a time.")
    var jobs = max(1, ProcessInfo.processInfo.activeProcessorCount)

    @Option(help: "The list prices for the costs.", completion: .file(extensions: ["json"]))
    var prices = "Reports/prices.json"

    @Option(
        help: "Stop a worker after as many seconds and count its case as inconclusive.",
        transform: parsePatience)
    var patience = 600

    func validate() throws {
        if jobs < 1 || jobs > 256 { throw ValidationError("--jobs is from 1 to 256") }
        _ = try sizes()
        _ = try faults()
    }

    func sizes() throws -> [BenchSize] { try chosen(sizeList, "--sizes") }

    func faults() throws -> [BenchFaults] { try chosen(faultList, "--faults") }

    private func chosen<Kind: CaseIterable & RawRepresentable>(
        _ list: String, _ option: String
    ) throws -> [Kind] where Kind.RawValue == String {
        if list == "all" { return Array(Kind.allCases) }
        return try list.split(separator: ",").map { word in
            guard let kind = Kind(rawValue: String(word)) else {
                let names = Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("\(option) knows no '\(word)'; there are: \(names), all")
            }
            return kind
        }
    }

    /// The cases of some scenarios, in order; of all in `Scenarios/bench` when none is named.
    func cases(of files: [String]) throws -> [BenchCase] {
        let files = files.isEmpty ? try Self.allFiles() : files
        var cases: [BenchCase] = []
        for file in files {
            let scenario = try loadScenario(file).scenario
            for size in try sizes() {
                for faults in try faults() {
                    cases.append(
                        BenchCase(
                            scenario: file, size: size.rawValue, faults: faults.rawValue,
                            seed: seed ?? scenario.seed))
                }
            }
        }
        return cases
    }

    static func allFiles() throws -> [String] {
        let folder = "Scenarios/bench"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let files = names.filter { $0.hasSuffix(".yaml") }.sorted().map { "\(folder)/\($0)" }
        if files.isEmpty { throw refusal("there is no scenario in \(folder); name the files") }
        return files
    }
}

/// `wavetank bench run`, and `wavetank bench` alone.
struct BenchRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure benchmark scenarios and write tank.json and wall.json.",
        discussion: """
            Exit codes: 0 measured, 1 an oracle saw a violation, 2 one had nothing to compare.
            """)

    @Argument(
        help: "Scenario files; all of Scenarios/bench if none is given.",
        completion: .file(extensions: ["yaml"]))
    var files: [String] = []

    @OptionGroup var selection: BenchSelection

    @Option(help: "The folder for tank.json, wall.json and the page.", completion: .directory)
    var output = Bench.output

    @Flag(help: "Print the exact figures as JSON instead of a table.")
    var json = false

    func run() throws {
        let cases = try selection.cases(of: files)
        try BenchFolder(path: output).prepare()
        let report = try BenchWorkers(selection).measure(cases)
        try show(json ? report.tank.json.compact : report.text)
        if Interruption.isRequested { throw Interruption.exitCode }
        try BenchFolder(path: output).write(report)
        say("written to \(output)")
        let verdicts = report.tank.runs.map(\.verdict)
        if verdicts.contains(.fail) { throw ExitCode(1) }
        if verdicts.contains(.inconclusive) { throw ExitCode(2) }
    }
}

/// One case in this process; what `bench run` starts for each of its cases.
struct BenchOne: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "one", abstract: "Measure one case.", shouldDisplay: false)

    @Argument var file: String
    @Option var size: String
    @Option var faults: String
    @Option var seed: UInt64
    @Option var prices: String
    @Option(name: .customLong("set")) var settings: [String] = []

    func run() throws {
        guard let size = BenchSize(rawValue: size), let faults = BenchFaults(rawValue: faults)
        else {
            throw ValidationError("no such size or faults")
        }
        let (loaded, text) = try loadScenario(
            file, settings: settings.compactMap { ScenarioSetting($0) })
        let scenario = loaded.benchmark(size, faults)
        let result = try measure(
            scenario, text: text, limits: loaded.bench?.limits(in: faults) ?? [],
            of: BenchCase(
                scenario: file, size: size.rawValue, faults: faults.rawValue, seed: seed),
            prices: try readPrices(prices))
        let answer: JSONValue = ["tank": result.tank.json, "wall": result.wall.json]
        try show(answer.compact)
    }
}
