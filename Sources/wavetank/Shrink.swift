import ArgumentParser
import Foundation
import RunReports
import ScenarioFiles
import Server
import Synchronization
import Workbench

/// `wavetank shrink`.
struct Shrink: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a saved failure small enough to read.",
        discussion: """
            Takes faults, nodes, workloads, options and time away, and rounds what is left, as \
            long as the run still violates the same thing; every step is a run. The result is a \
            scenario file, ready for Scenarios/history. It does not depend on the number of jobs. \
            Interrupted, it writes the smallest one so far. Exit codes: 0 done, 1 time was up \
            before all was tried, 3 the failure is gone, 130 interrupted.
            """)

    @Argument(help: "A failure file.", completion: .file(extensions: ["json"]))
    var file: String

    @Option(help: "Where to write the scenario; beside the failure file if not given.")
    var output: String?

    @Option(help: "Worker processes at a time.")
    var jobs = max(1, ProcessInfo.processInfo.activeProcessorCount)

    @Option(help: "Seeds to try for each step, the failure's own first.")
    var seeds = 3

    @Option(name: .customLong("for"), help: "Stop after so much time, as in 90s or 10m.")
    var limit: TimeSpan = TimeSpan(.seconds(600))

    @Option(
        help: "Stop a worker after as many seconds and count the step as one that passes.",
        transform: parsePatience)
    var patience = 120

    func validate() throws {
        if jobs < 1 || jobs > 256 { throw ValidationError("--jobs is from 1 to 256") }
        if seeds < 1 || seeds > 100 { throw ValidationError("--seeds is from 1 to 100") }
    }

    func run() throws {
        Interruption.handle()
        let failure = try loadFailure(file)
        let target = try OutputFile(outputPath, .scenario)
        let draft: ScenarioDraft
        do {
            draft = try ScenarioDraft(failure)
            _ = try draft.scenario()
        } catch {
            throw refusal("\(file): the scenario in it: \(error)")
        }
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("wavetank-shrink-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let deadline = Date() + limit.seconds
        var shrinker = Shrinker(
            width: jobs, seedCount: seeds,
            hasTime: { Date() < deadline && !Interruption.isRequested },
            judge: { judge($0, folder.path) })
        shrinker.onStep = { step, draft in
            say("kept: \(step.split(separator: "\n").joined(separator: "; ").prefix(120))")
        }
        let start = Date()
        shrinker.onRuns = { count in
            let (passed, whole) = (Date().timeIntervalSince(start), limit.seconds)
            ProgressLine.show(
                "\(count) runs", share: passed / max(whole, 1),
                secondsLeft: max(0, whole - passed))
        }
        guard let result = shrinker.shrink(draft) else {
            if Interruption.isRequested { throw Interruption.exitCode }
            throw refusal(
                "\(file): its run, with the faults as scripted ones, violates nothing on this "
                    + "build; replay it")
        }
        try write(result, of: failure, to: target)
        if Interruption.isRequested { throw Interruption.exitCode }
        if !result.isMinimal { throw ExitCode(1) }
    }

    private var outputPath: String {
        let stem = file.hasSuffix(".failure.json") ? String(file.dropLast(13)) : file
        return output ?? stem + ".shrunk.yaml"
    }

    private func write(
        _ result: Shrinker.Result, of failure: FailureFile, to target: OutputFile
    ) throws {
        var draft = result.draft
        draft.describe(
            title: result.violation.message,
            description: """
                \(result.violation.oracle): \(result.violation.message)
                Shrunk from \(failure.scenarioPath), seed \(failure.seed), as found by \
                \(failure.build.isEmpty ? "an unknown build" : failure.build).
                """)
        let end =
            result.isMinimal
            ? "nothing more can be taken away"
            : Interruption.isRequested ? "interrupted, the smallest so far" : "time was up"
        say("\(result.steps.count) steps kept of \(result.runCount) runs; \(end)")
        try show(draft.text)
        try target.replace("\(OutputFile.Mark.scenario.rawValue)\n\(draft.text)")
        say("written to \(target.path); again: ci/wavetank run \(target.path.shellQuoted)")
    }

    private func judge(_ drafts: [ScenarioDraft], _ folder: String) -> [FailureFile.Violation?] {
        let seen = Mutex([FailureFile.Violation?](repeating: nil, count: drafts.count))
        DispatchQueue.concurrentPerform(iterations: drafts.count) { number in
            let draft = drafts[number]
            let path = "\(folder)/\(number).yaml"
            guard (try? OutputFile(path, nil).write(draft.text)) != nil,
                let seed = try? draft.scenario().seed
            else { return }
            let worker = SeedWorker(patience: patience, savesFailures: false)
            let violation = worker.run(path, seed: seed, path: draft.path).violation
            // A worker that was ended with this program violated nothing.
            if Interruption.isRequested { return }
            seen.withLock { $0[number] = violation }
        }
        return seen.withLock { $0 }
    }
}

extension HuntReport.Seed {
    /// What the run violated first; nil if it did not fail.
    var violation: FailureFile.Violation? {
        guard let report else {
            if incident != .crash { return nil }
            return FailureFile.Violation(oracle: "crash", message: lastWords, at: .zero)
        }
        if report.verdict != .fail { return nil }
        if let oracle = report.oracles.first(where: { !$0.violations.isEmpty }),
            report.reason.hasPrefix(oracle.name)
        {
            let first = oracle.violations[0]
            return FailureFile.Violation(
                oracle: oracle.name, message: first.message,
                at: .nanoseconds(Int64(first.atSeconds * 1e9)))
        }
        return FailureFile.Violation(
            oracle: "defect", message: report.reason,
            at: .nanoseconds(Int64(report.simulatedSeconds * 1e9)))
    }
}

/// A length of real time on the command line: `90s`, `10m`.
struct TimeSpan: ExpressibleByArgument {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        guard let duration = Duration(shortText: argument), duration > .zero else { return nil }
        self.duration = duration
    }

    var seconds: Double { Double(duration.components.seconds) }

    var defaultValueDescription: String { duration.shortText }
}
