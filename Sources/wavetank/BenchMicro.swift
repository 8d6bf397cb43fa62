import ArgumentParser
import Foundation
import JSON
import RunReports
import Workbench

/// `wavetank bench micro`.
struct BenchMicro: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "micro",
        abstract: "Measure small pieces of the engine against a reference loop.",
        discussion: """
            A clock says these figures: they are noisy and never fail a check. Each is the best of \
            several rounds, and so is the reference loop, which is run between the rounds.
            """)

    @Option(help: "Rounds of each; the best counts.")
    var rounds = 5

    @Option(help: "Only those whose name contains this.")
    var only = ""

    @Option(help: "Write the figures to this file, as JSON.")
    var output: String?

    @Option(help: "Compare with the figures of this file.", completion: .file())
    var since: String?

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        if rounds < 1 || rounds > 1000 { throw ValidationError("--rounds is from 1 to 1000") }
    }

    func run() throws {
        let file = try output.map { try OutputFile($0, .figures) }
        var entries: [MicroReport.Entry] = []
        for benchmark in try MicroBenchmark.all()
        where only.isEmpty || benchmark.name.contains(only) {
            var best = Double.infinity
            var reference = Double.infinity
            var work = 0
            for _ in 0..<rounds {
                reference = min(reference, timed { _ = referenceLoop() })
                best = min(best, try timed { work = try benchmark.body() })
            }
            entries.append(
                MicroReport.Entry(
                    name: benchmark.name, unit: benchmark.unit.rawValue, seconds: best, work: work,
                    referenceSeconds: reference))
            say("\(benchmark.name)")
        }
        if entries.isEmpty {
            let names = try MicroBenchmark.all().map(\.name)
            throw refusal("--only finds no '\(only)'; there are: \(names.joined(separator: ", "))")
        }
        let report = MicroReport(
            machine: machineDescription, build: buildDescription, entries: entries)
        try show(json ? report.json.compact : report.text)
        try file?.replace(report.json.pretty)
        if let since {
            do {
                try show(report.comparison(since: try MicroReport(json: try readJSON(since))))
            } catch {
                throw refusal("\(since): \(error)")
            }
        }
    }

    private func timed(_ body: () throws -> Void) rethrows -> Double {
        let before = processorSeconds()
        try body()
        return max(processorSeconds() - before, 1e-6)
    }
}
