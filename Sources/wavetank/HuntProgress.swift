import ArgumentParser
import Foundation
import JSON
import RunReports
import Synchronization
import Workbench

/// A hunt's progress, shared by those who run its cases.
final class HuntBoard: Sendable {
    private let progress: Mutex<HuntProgress>

    init(_ progress: sending HuntProgress) { self.progress = Mutex(progress) }

    /// Makes `count` cases the next to take.
    func feed(_ count: Int, _ cases: @escaping @Sendable (Int) -> HuntCase) {
        progress.withLock { $0.feed(count, cases) }
    }

    func take() -> (number: Int, run: HuntCase)? { progress.withLock { $0.take() } }
    func done(_ result: HuntReport.Seed) { progress.withLock { $0.done(result) } }
    func stop() { progress.withLock { $0.stop() } }
    var isOver: Bool { progress.withLock { $0.isOver } }
    var results: [HuntReport.Seed] { progress.withLock { $0.results } }
}

/// Which cases are taken and what came of those that ended.
struct HuntProgress {
    private(set) var results: [HuntReport.Seed]
    private var cases: @Sendable (Int) -> HuntCase = { _ in preconditionFailure("no cases") }
    private var caseCount = 0
    private var next = 0
    private let total: Int?
    private let deadline: Date?
    private let log: HuntLog?
    private var isStopped = false
    private var known: Set<Key>
    private let knownCount: Int
    private let start = Date()
    private var lastSaid = Date()
    private var causes: Set<String> = []
    private var names = SharedNames()

    private struct Key: Hashable {
        var scenario: String
        var seed: UInt64
    }

    init(done: [HuntReport.Seed], total: Int?, limit: Double?, log: HuntLog?) {
        results = done
        self.total = total
        deadline = limit.map { Date() + $0 }
        self.log = log
        knownCount = done.count
        known = Set(done.map { Key(scenario: $0.scenario, seed: $0.seed) })
    }

    mutating func feed(_ count: Int, _ cases: @escaping @Sendable (Int) -> HuntCase) {
        self.cases = cases
        caseCount = count
        next = 0
    }

    var isOver: Bool { isStopped || deadline.map { Date() >= $0 } ?? false }

    mutating func take() -> (number: Int, run: HuntCase)? {
        while !isOver, next < caseCount {
            let number = next
            next += 1
            let run = cases(number)
            if !known.contains(Key(scenario: run.label, seed: run.seed)) { return (number, run) }
        }
        return nil
    }

    mutating func stop() { isStopped = true }

    mutating func done(_ result: HuntReport.Seed) {
        var result = result
        result.share(&names)
        results.append(result)
        log?.append(result)
        if !result.isClean && causes.insert(result.cause).inserted {
            say("seed \(result.seed) of \(result.scenario): \(result.cause)")
        }
        if Date().timeIntervalSince(lastSaid) < 5 { return }
        lastSaid = Date()
        say(line)
    }

    private var line: String {
        let rate = Double(results.count - knownCount) / max(0.001, Date().timeIntervalSince(start))
        var left = total.map { Double($0 - results.count) / max(rate, 0.001) }
        if let deadline { left = min(left ?? .infinity, max(0, deadline.timeIntervalSinceNow)) }
        let unclean = results.count { !$0.isClean }
        let of = total.map { " of \($0)" } ?? ""
        return "\(results.count)\(of) seeds, \(unclean) not clean, "
            + String(format: "%.1f a second, %.0f s left", rate, left ?? 0)
    }
}

/// The file of a hunt, a line a seed, written as the seeds end, so that a hunt can go on later.
final class HuntLog: Sendable {
    private let file: FileHandle

    init(_ path: String, keeping known: [HuntReport.Seed]) throws {
        let text = known.map { $0.json.compact + "\n" }.joined()
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
    }

    func append(_ seed: HuntReport.Seed) {
        try? file.write(contentsOf: Data((seed.json.compact + "\n").utf8))
    }
}

/// Seeds from one to another, as in `1..1000`.
struct SeedRange: ExpressibleByArgument {
    var first: UInt64
    var last: UInt64

    init(first: UInt64, last: UInt64) {
        self.first = first
        self.last = last
    }

    init?(argument: String) {
        let parts = argument.split(separator: ".", omittingEmptySubsequences: true)
        guard parts.count == 1 || parts.count == 2, let first = UInt64(parts[0]),
            let last = UInt64(parts[parts.count - 1]), first <= last, last - first < 10_000_000
        else { return nil }
        self.init(first: first, last: last)
    }

    var all: ClosedRange<UInt64> { first...last }
}
