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
            Exit codes: 0 all clean, 1 a seed failed, 2 some seeds were inconclusive.
            """)

    @Argument(help: "Scenario files.", completion: .file(extensions: ["yaml"]))
    var scenarios: [String]

    @Option(help: "The seeds, as in 1..1000, both included.")
    var seeds: SeedRange

    @Option(help: "Worker processes at a time.")
    var jobs = max(1, ProcessInfo.processInfo.activeProcessorCount)

    @Option(help: "Run so many simulated seconds instead of the scenario's length.")
    var seconds: Int?

    @Option(help: "Stop a worker after as many seconds and count it as failed.")
    var patience = 300

    @Flag(help: "Stop at the first seed that is not clean.")
    var firstOnly = false

    @Option(help: "Write a line of JSON for each seed to this file.")
    var output: String?

    func validate() throws {
        if jobs < 1 || jobs > 256 { throw ValidationError("--jobs is from 1 to 256") }
        if let seconds, seconds < 1 { throw ValidationError("--seconds is at least 1") }
    }

    func run() throws {
        for scenario in scenarios { _ = try loadScenario(scenario) }
        let work = scenarios.flatMap { scenario in seeds.all.map { (scenario, $0) } }
        let progress = Mutex(HuntProgress(total: work.count))
        DispatchQueue.concurrentPerform(iterations: min(jobs, work.count)) { _ in
            while let position = progress.withLock({ $0.take() }) {
                let (scenario, seed) = work[position]
                let result = SeedWorker(patience: patience).run(
                    scenario, seed: seed, seconds: seconds)
                progress.withLock {
                    $0.done(result)
                    if firstOnly && !result.isClean { $0.stop() }
                }
            }
        }
        let report = HuntReport(progress.withLock { $0.results })
        if let output {
            try Data((report.jsonLines + "\n").utf8).write(to: URL(fileURLWithPath: output))
        }
        print(report)
        if report.seeds.contains(where: { $0.report?.verdict ?? .fail == .fail }) {
            throw ExitCode(1)
        }
        if report.cleanCount < report.seeds.count { throw ExitCode(2) }
    }
}

/// Which seeds are taken and what came of those that ended.
private struct HuntProgress {
    let total: Int
    private(set) var results: [HuntReport.Seed] = []
    private var next = 0
    private let start = Date()
    private var lastSaid = Date()
    private var causes: Set<String> = []

    init(total: Int) { self.total = total }

    mutating func take() -> Int? {
        if next >= total { return nil }
        next += 1
        return next - 1
    }

    mutating func stop() { next = total }

    mutating func done(_ result: HuntReport.Seed) {
        results.append(result)
        if !result.isClean && causes.insert(result.cause).inserted {
            say("seed \(result.seed) of \(result.scenario): \(result.cause)")
        }
        if Date().timeIntervalSince(lastSaid) < 5 { return }
        lastSaid = Date()
        let rate = Double(results.count) / Date().timeIntervalSince(start)
        let left = Int(Double(total - results.count) / max(rate, 0.001))
        let unclean = results.count { !$0.isClean }
        say(
            String(
                format: "%d of %d seeds, %d not clean, %.1f a second, %d s left", results.count,
                total, unclean, rate, left))
    }
}

/// Seeds from one to another, as in `1..1000`.
struct SeedRange: ExpressibleByArgument {
    var first: UInt64
    var last: UInt64

    init?(argument: String) {
        let parts = argument.split(separator: ".", omittingEmptySubsequences: true)
        guard parts.count == 1 || parts.count == 2, let first = UInt64(parts[0]),
            let last = UInt64(parts[parts.count - 1]), first <= last, last - first < 10_000_000
        else { return nil }
        self.first = first
        self.last = last
    }

    var all: ClosedRange<UInt64> { first...last }
}
