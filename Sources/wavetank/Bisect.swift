import ArgumentParser
import Foundation
import JSON
import ScenarioFiles
import Workbench

/// `wavetank bisect`.
struct Bisect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find the commit since which a failure is as likely as it is now.",
        discussion: """
            A seed gives another run on another commit, so one seed's luck says little there. Each \
            commit that is looked at is built in a tree of its own, and runs the failure's \
            scenario, with its faults as scripted ones, under many seeds; how many fail alike \
            decides whether it is like the good commit or like the bad one. Run it in the \
            repository. Exit codes: 0 found, 1 good and bad fail alike often, 3 it could not be.
            """)

    @Argument(help: "A failure file.", completion: .file(extensions: ["json"]))
    var file: String

    @Option(help: "A commit without the bug.")
    var good: String

    @Option(help: "A commit with it.")
    var bad = "HEAD"

    @Option(help: "Seeds to run on each commit, the failure's own first.")
    var seeds = 20

    @Option(help: "Worker processes at a time.")
    var jobs = max(1, ProcessInfo.processInfo.activeProcessorCount)

    @Option(help: "Where to build; kept, since the next bisection goes on from there.")
    var folder = ".build-bisect"

    func validate() throws {
        if jobs < 1 || jobs > 256 { throw ValidationError("--jobs is from 1 to 256") }
        if seeds < 2 || seeds > 10_000 { throw ValidationError("--seeds is from 2 to 10000") }
    }

    func run() throws {
        Interruption.handle()
        let failure = try loadFailure(file)
        let oracle = failure.violations.first?.oracle ?? "defect"
        // In the tree that is built, HEAD and the like would mean other commits.
        let (first, last) = (try commit(good), try commit(bad))
        let commits = try commitsBetween(first, last)
        let builder = CommitBuilder(folder: folder)
        try builder.prepare()
        let trial = try CommitTrial(failure, oracle: oracle, seeds: seeds, jobs: jobs, folder)
        func judge(_ commit: String) throws -> Int? {
            guard let binary = try builder.build(commit) else { return nil }
            let failing = trial.failures(of: binary)
            if Interruption.isRequested { return nil }
            say("\(try describe(commit)): \(failing) of \(seeds) seeds fail alike")
            return failing
        }
        guard let goodCount = try judge(first), let badCount = try judge(last) else {
            if Interruption.isRequested { throw Interruption.exitCode }
            throw refusal("the good or the bad commit does not build; see \(folder)/build.txt")
        }
        var search = FailureSearch(
            commitCount: commits.count, runCount: seeds, good: goodCount, bad: badCount)
        guard search.isDecidable else {
            say("good and bad fail alike often: more --seeds may tell them apart")
            throw ExitCode(1)
        }
        let start = Date()
        var builtCount = 0
        while let position = search.next {
            let steps = search.stepCount
            let each = Date().timeIntervalSince(start) / Double(max(1, builtCount))
            say(
                "\(search.candidates.count) commits are left, about \(steps) to build and run"
                    + (builtCount == 0 ? "" : ", \(lengthText(each * Double(steps))) left"))
            builtCount += 1
            if let failing = try judge(commits[position]) {
                search.learn(position, failing: failing)
            } else if Interruption.isRequested {
                break
            } else {
                say("\(try describe(commits[position])): does not build, passed over")
                search.skip(position)
            }
        }
        var lines: [String] = []
        for commit in search.candidates.map({ commits[$0] }) {
            let isFound = search.candidates.count == 1
            lines.append("\(isFound ? "first bad commit" : "one of"): \(try describe(commit))")
        }
        lines.append(
            "\(oracle) failed in \(goodCount) of \(seeds) seeds before, in \(badCount) at \(bad)")
        try show(lines.joined(separator: "\n"))
        if Interruption.isRequested { throw Interruption.exitCode }
    }

    private func commit(_ name: String) throws -> String {
        try git("rev-parse", "--verify", "\(name)^{commit}").trimmingCharacters(in: .newlines)
    }

    /// The commits after the good one up to the bad one, the oldest first.
    private func commitsBetween(_ first: String, _ last: String) throws -> [String] {
        let range = try git("rev-list", "--first-parent", "--reverse", "\(first)..\(last)")
        let commits = range.split(separator: "\n").map(String.init)
        if commits.isEmpty { throw refusal("there are no commits from \(good) to \(bad)") }
        return commits
    }

    private func describe(_ commit: String) throws -> String {
        try git("log", "-1", "--format=%h %s", commit).trimmingCharacters(in: .newlines)
    }
}

/// What `git` says; an error of it ends the command.
private func git(_ arguments: String...) throws -> String {
    let (status, output) = try runTool("git", arguments, into: nil)
    if status != 0 { throw refusal("git \(arguments.joined(separator: " ")) failed: \(output)") }
    return output
}

/// Runs a tool to its end; what it printed goes into a file, or is returned.
private func runTool(
    _ tool: String, _ arguments: [String], into file: String?
) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    let pipe = Pipe()
    if let file {
        _ = FileManager.default.createFile(atPath: file, contents: nil)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        process.standardOutput = handle
        process.standardError = handle
    } else {
        process.standardOutput = pipe
        process.standardError = pipe
    }
    try process.run()
    Interruption.add(process.processIdentifier)
    defer { Interruption.remove(process.processIdentifier) }
    let data = file == nil ? pipe.fileHandleForReading.readDataToEndOfFile() : Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
}

/// Builds commits, one after the other, in one tree, so that each build goes on from the last.
private struct CommitBuilder {
    let folder: String

    private var tree: String { folder + "/tree" }

    func prepare() throws {
        if FileManager.default.fileExists(atPath: tree) { return }
        _ = try git("worktree", "add", "--detach", "--force", tree, "HEAD")
    }

    /// The binary of a commit; nil if it does not build.
    func build(_ commit: String) throws -> String? {
        _ = try git("-C", tree, "checkout", "--quiet", "--force", "--detach", commit)
        let places = ["--package-path", tree, "--scratch-path", folder + "/build"]
        // Older commits have no such script and are built with the plain settings.
        let script = tree + "/ci/release"
        let command =
            FileManager.default.isExecutableFile(atPath: script)
            ? [script] : ["swift", "build", "-c", "release", "--product", "wavetank"]
        let (status, _) = try runTool(
            command[0], command.dropFirst() + places, into: folder + "/build.txt")
        return status == 0 ? folder + "/build/release/wavetank" : nil
    }
}

/// Runs one failure's scenario on any build, under many seeds.
private struct CommitTrial {
    private let oracle: String
    private let path: String
    private let seeds: [UInt64]
    private let jobs: Int

    init(
        _ failure: FailureFile, oracle: String, seeds count: Int, jobs: Int, _ folder: String
    ) throws {
        self.oracle = oracle
        self.jobs = jobs
        seeds = [failure.seed] + (1...UInt64(count)).filter { $0 != failure.seed }.prefix(count - 1)
        path = folder + "/failure.yaml"
        try makeFolder(folder)
        try OutputFile(path, nil).write(try ScenarioDraft(failure).text)
    }

    /// How many seeds violate what the failure violated.
    func failures(of binary: String) -> Int {
        // Older builds know fewer options: what is asked for here they have all had.
        let worker = SeedWorker(patience: 300, binary: binary)
        let results = CommitResults()
        DispatchQueue.concurrentPerform(iterations: jobs) { job in
            for position in stride(from: job, to: seeds.count, by: jobs)
            where !Interruption.isRequested {
                let result = worker.run(path, seed: seeds[position])
                if result.violation?.oracle == oracle { results.add() }
            }
        }
        return results.count
    }
}

/// Counts over threads.
private final class CommitResults: @unchecked Sendable {
    private let lock = NSLock()
    private var failing = 0

    func add() { lock.withLock { failing += 1 } }
    var count: Int { lock.withLock { failing } }
}
