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

    @Argument(
        help: "Scenario files, or folders with scenario files.",
        completion: .file(extensions: ["yaml"]))
    var scenarios: [String]

    @Option(help: "Only scenarios whose path or title contains this.")
    var only: String?

    @Option(
        help: "The seeds, as in 1..1000, both included; from 1 on if only --for is given.",
        transform: SeedRange.init(text:))
    var seeds: SeedRange?

    @Option(name: .customLong("for"), help: "Begin no more seeds after so much time, as in 10m.")
    var limit: TimeSpan?

    @Option(help: "Worker processes at a time.")
    var jobs = max(1, ProcessInfo.processInfo.activeProcessorCount)

    @Option(
        help: "Run for fewer simulated seconds than the scenario's length.",
        transform: parseSeconds)
    var seconds: Int?

    @Option(help: "Order jobs that could run at one instant at random, or prioritized.")
    var schedule: Schedule?

    @Option(
        help: "Stop a worker after as many seconds and count its seed as inconclusive.",
        transform: parsePatience)
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

    @Flag(
        help: ArgumentHelp(
            "Run only the seeds that failed before.",
            discussion: """
                Those of which Reports/runs has a failure file, or which --output of a former \
                hunt names. Without this they are the first to be run.
                """))
    var rerunFailed = false

    @OptionGroup var output: HuntOutput

    @Flag(help: "Go on where the hunt that wrote --output stopped.")
    var resume = false

    func validate() throws {
        if jobs < 1 || jobs > 256 { throw ValidationError("--jobs is from 1 to 256") }
        if seeds == nil && limit == nil && !rerunFailed {
            throw ValidationError("say which --seeds to run, or --for how long")
        }
        if resume && output.output == nil {
            throw ValidationError("--resume needs the --output to go on with")
        }
        if guided && resume { throw ValidationError("a guided hunt cannot be resumed") }
        if guided && rerunFailed { throw ValidationError("--guided or --rerun-failed, not both") }
        if twice && against != nil { throw ValidationError("--twice or --against, not both") }
    }

    /// The options that change what a seed does, as the origin of results has them.
    private var settings: String {
        var words: [String] = []
        if let seconds { words.append("--seconds \(seconds)") }
        if let schedule { words.append("--schedule \(schedule.rawValue)") }
        if twice { words.append("--twice") }
        if against != nil { words.append("--against") }
        return words.joined(separator: " ")
    }

    func run() throws {
        Interruption.handle()
        try output.prepare()
        let selection = try select()
        let former = try formerResults()
        if resume, let reason = selection.objection(to: former) {
            throw refusal("\(output.output!) cannot be resumed: \(reason)")
        }
        // What was stopped or could not begin is tried again.
        let known = resume ? former.filter { $0.report != nil || $0.incident.isFailure } : []
        let log = try output.output.map { try HuntLog($0, keeping: known) }
        let range = seeds ?? SeedRange(first: 1, last: 10_000_000)
        let first =
            guided
            ? []
            : selection.failedBefore(in: former).filter {
                rerunFailed || range.all.contains($0.seed)
            }
        let count = rerunFailed ? first.count : range.all.count * selection.scenarios.count
        let total = seeds == nil && !rerunFailed ? nil : count
        let board = HuntBoard(
            HuntProgress(done: known, total: total, limit: limit?.seconds, log: log))
        if guided {
            huntGuided(selection, range, budget: total ?? .max, board)
        } else {
            if !first.isEmpty && !rerunFailed {
                say("first \(first.count) that failed before")
            }
            let (scenarios, isOver) = (selection.scenarios, rerunFailed)
            // Where there is no last seed, scenarios take turns.
            _ = hunt(selection, board, isOver ? first.count : first.count + count) { number in
                if number < first.count { return first[number] }
                let number = number - first.count
                return HuntCase(
                    scenario: scenarios[number % scenarios.count],
                    seed: range.first + UInt64(number / scenarios.count))
            }
        }
        if Interruption.isRequested { say(wayOn) }
        try output.show(HuntReport(board.results))
    }

    private func select() throws -> HuntSelection {
        do {
            return try HuntSelection(scenarios, filter: only, options: settings)
        } catch {
            output.write(error, of: scenarios, seed: seeds?.first ?? 1)
            throw error
        }
    }

    /// What --output holds from a former hunt, if it is there.
    private func formerResults() throws -> [HuntReport.Seed] {
        guard let path = output.output, FileManager.default.fileExists(atPath: path),
            try !OutputFile(path, .report).isSpecial
        else { return [] }
        return try readHunt(path)
    }

    /// How to go on after an interruption.
    private var wayOn: String {
        if guided || output.output == nil {
            return "with --output FILE, a hunt that is interrupted goes on later with --resume"
        }
        let words = CommandLine.arguments.dropFirst().filter { $0 != "--resume" } + ["--resume"]
        return "go on with: ci/wavetank " + words.map(\.shellQuoted).joined(separator: " ")
    }

    /// A generation after the other, each chosen by what those before it reached.
    private func huntGuided(
        _ selection: HuntSelection, _ range: SeedRange, budget: Int, _ board: HuntBoard
    ) {
        var guide = Guide(scenarios: selection.scenarios, seeds: range.all)
        var left = budget
        while left > 0, !board.isOver {
            let generation = guide.next(min(left, Guide.generationCount))
            if generation.isEmpty { break }
            left -= generation.count
            guide.learn(hunt(selection, board, generation.count) { generation[$0] })
        }
        say("\(guide.corpusCount) runs were worth exploring around")
    }

    /// Runs cases, some at a time; what came of each, in their order.
    private func hunt(
        _ selection: HuntSelection, _ board: HuntBoard, _ count: Int,
        _ cases: @escaping @Sendable (Int) -> HuntCase
    ) -> [(run: HuntCase, seed: HuntReport.Seed)] {
        board.feed(count, cases)
        let found = Mutex([Int: (run: HuntCase, seed: HuntReport.Seed)]())
        DispatchQueue.concurrentPerform(iterations: min(jobs, count)) { _ in
            while let (number, run) = board.take() {
                var result = hunt(run)
                // A worker that was ended with the hunt has found nothing out.
                if Interruption.isRequested { return }
                result.origin = selection.origins[run.scenario]
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
        var other = SeedWorker(patience: min(patience * 10, 604_800), savesFailures: false)
        other.binary = against
        let again = result(other)
        if again.report == nil, again.incident != .crash {
            first.report = nil
            first.incident = again.incident
            first.lastWords = "in the other process: \(again.lastWords)"
        } else if again.report?.traceHash != report.traceHash {
            first.report = nil
            first.incident = .nondeterministic
            first.lastWords =
                "hash \(report.traceHash) here, "
                + "\(again.report?.traceHash ?? again.lastWords) in the other process"
        }
        return first
    }
}
