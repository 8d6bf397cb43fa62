import ArgumentParser
import Foundation
import JSON
import RunReports

/// Which seeds are taken and what came of those that ended.
struct HuntProgress {
    private(set) var results: [HuntReport.Seed]
    private var work: any IteratorProtocol<(String, UInt64)>
    private let total: Int?
    private let deadline: Date?
    private let log: HuntLog?
    private var isStopped = false
    private var taken: Set<Key>
    private let knownCount: Int
    private let start = Date()
    private var lastSaid = Date()
    private var causes: Set<String> = []

    private struct Key: Hashable {
        var scenario: String
        var seed: UInt64
    }

    init(
        _ work: any Sequence<(String, UInt64)>, done: [HuntReport.Seed], total: Int?,
        limit: Double?, log: HuntLog?
    ) {
        results = done
        self.work = work.makeIterator()
        self.total = total
        deadline = limit.map { Date() + $0 }
        self.log = log
        knownCount = done.count
        taken = Set(done.map { Key(scenario: $0.scenario, seed: $0.seed) })
    }

    mutating func take() -> (String, UInt64)? {
        while !isStopped, deadline.map({ Date() < $0 }) ?? true, let next = work.next() {
            if taken.insert(Key(scenario: next.0, seed: next.1)).inserted { return next }
        }
        return nil
    }

    mutating func stop() { isStopped = true }

    mutating func done(_ result: HuntReport.Seed) {
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
