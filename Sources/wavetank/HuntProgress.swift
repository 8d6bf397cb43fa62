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

    var isOver: Bool {
        isStopped || Interruption.isRequested || deadline.map { Date() >= $0 } ?? false
    }

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
            say("seed \(result.seed) of \(result.scenario): \(result.reason)")
        }
        let passed = max(0.001, Date().timeIntervalSince(start))
        let rate = Double(results.count - knownCount) / passed
        ProgressLine.show(
            "\(results.count)\(total.map { " of \($0)" } ?? "") seeds, "
                + "\(uncleanCount) not clean, "
                + String(format: "%.1f a second", rate),
            share: share(passed), secondsLeft: secondsLeft(rate))
    }

    private var uncleanCount: Int { results.count { !$0.isClean } }

    private func share(_ passed: Double) -> Double? {
        let ofSeeds = total.map { $0 == 0 ? 1 : Double(results.count) / Double($0) }
        guard let deadline else { return ofSeeds }
        return max(ofSeeds ?? 0, passed / max(passed, deadline.timeIntervalSince(start)))
    }

    private func secondsLeft(_ rate: Double) -> Double? {
        let ofSeeds = total.map { Double($0 - results.count) / max(rate, 0.001) }
        guard let deadline else { return ofSeeds }
        return min(ofSeeds ?? .infinity, max(0, deadline.timeIntervalSinceNow))
    }
}

/// Seeds from one to another, as in `1..1000`.
struct SeedRange {
    var first: UInt64
    var last: UInt64

    init(first: UInt64, last: UInt64) {
        self.first = first
        self.last = last
    }

    init(text: String) throws {
        let parts = text.components(separatedBy: "..")
        guard parts.count == 1 || parts.count == 2, let first = UInt64(parts[0]),
            let last = UInt64(parts[parts.count - 1])
        else {
            throw ValidationError(
                "seeds are A..B, both whole numbers from 0 to \(UInt64.max), not '\(text)'")
        }
        if first > last { throw ValidationError("the first seed is above the last in '\(text)'") }
        if last - first >= Self.countLimit {
            throw ValidationError("'\(text)' has more than \(Self.countLimit) seeds")
        }
        self.init(first: first, last: last)
    }

    static let countLimit: UInt64 = 10_000_000

    var all: ClosedRange<UInt64> { first...last }
}
