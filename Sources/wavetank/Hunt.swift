import ArgumentParser
import Foundation
import JSON
import RunReports
import ScenarioFiles
import Synchronization
import Workbench

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

    @Flag(
        help: ArgumentHelp(
            "Explore around the seeds that reach what few others do.",
            discussion: "Half of the runs are then variants of such seeds' plans of faults."))
    var guided = false

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
        if guided && resume { throw ValidationError("a guided hunt cannot be resumed") }
        if twice && against != nil { throw ValidationError("--twice or --against, not both") }
    }

    func run() throws {
        for scenario in scenarios { _ = try loadScenario(scenario) }
        let known = resume ? try readHunt(output.output!, orEmpty: true) : []
        let log = try output.output.map { try HuntLog($0, keeping: known) }
        let range = seeds ?? SeedRange(first: 1, last: 10_000_000)
        let total = seeds.map { _ in range.all.count * scenarios.count }
        let board = HuntBoard(
            HuntProgress(done: known, total: total, limit: limit?.seconds, log: log))
        if guided {
            huntGuided(range, budget: total ?? .max, board)
        } else {
            let (scenarios, count) = (scenarios, range.all.count * scenarios.count)
            // Where there is no last seed, scenarios take turns.
            _ = hunt(board, count) { number in
                HuntCase(
                    scenario: scenarios[number % scenarios.count],
                    seed: range.first + UInt64(number / scenarios.count))
            }
        }
        try output.show(HuntReport(board.results))
    }

    /// A generation after the other, each chosen by what those before it reached.
    private func huntGuided(_ range: SeedRange, budget: Int, _ board: HuntBoard) {
        var guide = Guide(scenarios: scenarios, seeds: range.all)
        var left = budget
        while left > 0, !board.isOver {
            let generation = guide.next(min(left, Guide.generationCount))
            if generation.isEmpty { break }
            left -= generation.count
            guide.learn(hunt(board, generation.count) { generation[$0] })
        }
        say("\(guide.corpusCount) runs were worth exploring around")
    }

    /// Runs cases, some at a time; what came of each, in their order.
    private func hunt(
        _ board: HuntBoard, _ count: Int, _ cases: @escaping @Sendable (Int) -> HuntCase
    ) -> [(run: HuntCase, seed: HuntReport.Seed)] {
        board.feed(count, cases)
        let found = Mutex([Int: (run: HuntCase, seed: HuntReport.Seed)]())
        DispatchQueue.concurrentPerform(iterations: min(jobs, count)) { _ in
            while let (number, run) = board.take() {
                let result = hunt(run)
                found.withLock { $0[number] = (run, result) }
                board.done(result)
                if firstOnly && !result.isClean { board.stop() }
            }
        }
        return found.withLock { found in found.keys.sorted().map { found[$0]! } }
    }

    private func hunt(_ run: HuntCase) -> HuntReport.Seed {
        var extra = schedule.map { ["--schedule", $0.rawValue] } ?? []
        if !run.variant.isEmpty { extra += ["--variant", run.variantText] }
        func result(_ worker: SeedWorker) -> HuntReport.Seed {
            worker.run(run.scenario, seed: run.seed, seconds: seconds, extra: extra)
        }
        var first = result(SeedWorker(patience: patience))
        first.scenario = run.label
        guard twice || against != nil, let report = first.report else { return first }
        var other = SeedWorker(patience: patience * 10, savesFailures: false)
        other.binary = against
        let again = result(other)
        if again.report?.traceHash != report.traceHash {
            first.report = nil
            first.lastWords =
                "not deterministic: hash \(report.traceHash) here, "
                + "\(again.report?.traceHash ?? again.lastWords) in the other process"
        }
        return first
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
    var names = SharedNames()
    for (number, line) in lines.enumerated() {
        do {
            var seed = try HuntReport.Seed(json: JSONValue(parsing: String(line)))
            seed.share(&names)
            seeds.append(seed)
        } catch {
            if number == lines.count - 1 && data.last != UInt8(ascii: "\n") { break }
            throw refusal("\(path): line \(number + 1) is no result of a hunt: \(error)")
        }
    }
    return seeds
}
