import ArgumentParser
import Foundation
import JSON
import RunReports
import ScenarioFiles
import Synchronization

/// `wavetank hunt`.
struct Hunt: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run scenarios under many seeds, each in a process of its own.",
        discussion: """
            A seed is a function of itself alone: neither the number of jobs nor the other seeds \
            change it. A worker that traps is a finding with its seed, not the end of the hunt. \
            A hunt can be split over machines by its seeds; wavetank merge makes one result of \
            theirs. Exit codes: 0 all clean, 1 a seed failed, 2 some seeds were inconclusive.
            """)

    @Argument(help: "Scenario files.", completion: .file(extensions: ["yaml"]))
    var scenarios: [String]

    @Option(help: "The seeds, as in 1..1000, both included; from 1 on if only --for is given.")
    var seeds: SeedRange?

    @Option(name: .customLong("for"), help: "Begin no more seeds after so much time, as in 10m.")
    var limit: TimeSpan?

    @Option(help: "Worker processes at a time.")
    var jobs = max(1, ProcessInfo.processInfo.activeProcessorCount)

    @Option(help: "Run so many simulated seconds instead of the scenario's length.")
    var seconds: Int?

    @Option(help: "Order jobs that could run at one instant at random, or prioritized.")
    var schedule: Schedule?

    @Option(help: "Stop a worker after as many seconds and count it as failed.")
    var patience = 300

    @Flag(help: "Stop at the first seed that is not clean.")
    var firstOnly = false

    @Flag(help: "Run each seed in two processes and fail it if their trace hashes differ.")
    var twice = false

    @Option(
        help: "Run each seed with this wavetank too, such as a debug build, and compare hashes.",
        completion: .file())
    var against: String?

    @OptionGroup var output: HuntOutput

    @Flag(help: "Go on where the hunt that wrote --output stopped.")
    var resume = false

    func validate() throws {
        if jobs < 1 || jobs > 256 { throw ValidationError("--jobs is from 1 to 256") }
        if let seconds, seconds < 1 { throw ValidationError("--seconds is at least 1") }
        if seeds == nil && limit == nil {
            throw ValidationError("say which --seeds to run, or --for how long")
        }
        if resume && output.output == nil {
            throw ValidationError("--resume needs the --output to go on with")
        }
        if twice && against != nil { throw ValidationError("--twice or --against, not both") }
    }

    func run() throws {
        for scenario in scenarios { _ = try loadScenario(scenario) }
        let known = resume ? try readHunt(output.output!, orEmpty: true) : []
        let log = try output.output.map { try HuntLog($0, keeping: known) }
        let range = seeds ?? SeedRange(first: 1, last: 10_000_000)
        // Where there is no last seed, scenarios take turns.
        let work: any Sequence<(String, UInt64)> = range.all.lazy.flatMap { seed in
            scenarios.lazy.map { ($0, seed) }
        }
        let total = seeds.map { _ in range.all.count * scenarios.count }
        let progress = Mutex(
            HuntProgress(work, done: known, total: total, limit: limit?.seconds, log: log))
        DispatchQueue.concurrentPerform(iterations: jobs) { _ in
            while let (scenario, seed) = progress.withLock({ $0.take() }) {
                let result = hunt(scenario, seed)
                progress.withLock {
                    $0.done(result)
                    if firstOnly && !result.isClean { $0.stop() }
                }
            }
        }
        try output.show(HuntReport(progress.withLock { $0.results }))
    }

    private var extra: [String] { schedule.map { ["--schedule", $0.rawValue] } ?? [] }

    private func hunt(_ scenario: String, _ seed: UInt64) -> HuntReport.Seed {
        let worker = SeedWorker(patience: patience)
        var result = worker.run(
            scenario, seed: seed, seconds: seconds, extra: extra)
        guard twice || against != nil, let first = result.report else { return result }
        var other = SeedWorker(patience: patience * 10, savesFailures: false)
        other.binary = against
        let again = other.run(
            scenario, seed: seed, seconds: seconds, extra: extra)
        if again.report?.traceHash != first.traceHash {
            result.report = nil
            result.lastWords =
                "not deterministic: hash \(first.traceHash) here, "
                + "\(again.report?.traceHash ?? again.lastWords) in the other process"
        }
        return result
    }
}

/// What a hunt prints and writes, common to `hunt` and `merge`.
struct HuntOutput: ParsableArguments {
    @Option(help: "Write a line of JSON for each seed to this file.")
    var output: String?

    @Option(help: "Write the result as JUnit XML to this file.")
    var junit: String?

    @Option(help: "Append the result as Markdown to this file.")
    var markdown: String?

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    /// Prints and writes; ends with the exit code that the seeds call for.
    func show(_ report: HuntReport) throws {
        if let output {
            let text = report.jsonLines + (report.seeds.isEmpty ? "" : "\n")
            try Data(text.utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
        }
        if let junit { try Data(report.junit.utf8).write(to: URL(fileURLWithPath: junit)) }
        if let markdown { try append(report.markdown, to: markdown) }
        print(json ? report.summaryJSON.compact : report.description)
        if report.seeds.contains(where: \.isFailure) { throw ExitCode(1) }
        if report.cleanCount < report.seeds.count { throw ExitCode(2) }
    }

    /// Summaries of pipelines are files to which each step appends.
    private func append(_ text: String, to path: String) throws {
        let before = FileManager.default.contents(atPath: path) ?? Data()
        try (before + Data(text.utf8)).write(to: URL(fileURLWithPath: path))
    }
}

/// Reads the lines that a hunt wrote; a last line that was cut off is left out.
func readHunt(_ path: String, orEmpty: Bool = false) throws -> [HuntReport.Seed] {
    guard let data = FileManager.default.contents(atPath: path) else {
        if orEmpty { return [] }
        throw refusal("\(path): cannot be read")
    }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
    var seeds: [HuntReport.Seed] = []
    for (number, line) in lines.enumerated() {
        do {
            seeds.append(try HuntReport.Seed(json: JSONValue(parsing: String(line))))
        } catch {
            if number == lines.count - 1 && data.last != UInt8(ascii: "\n") { break }
            throw refusal("\(path): line \(number + 1) is no result of a hunt: \(error)")
        }
    }
    return seeds
}
