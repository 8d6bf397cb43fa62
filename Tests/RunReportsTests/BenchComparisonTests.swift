import JSON
import RunReports
import Testing

@Suite("Comparing benchmarks")
struct BenchComparisonTests {
    private static let of = BenchCase(
        scenario: "Scenarios/bench/burst.yaml", size: "small", faults: "off", seed: 7)

    private static func tank(
        _ figures: [(String, Int)], limits: [(String, Int)] = [],
        verdict: RunReport.Verdict = .pass, of: BenchCase = of
    ) -> BenchTank {
        BenchTank(
            prices: "a test", libraries: [LibraryVersion(name: "zstd", version: "1")],
            runs: [
                BenchTank.Run(
                    of: of, title: "A burst", verdict: verdict, reason: "", traceHash: "0",
                    figures: figures.map { BenchTank.Figure(name: $0.0, value: $0.1) },
                    limits: limits.map { BenchTank.Limit(name: $0.0, partsPerMillion: $0.1) })
            ])
    }

    private static let limits = [("amplification", 10_000), ("requests", 10_000), ("recall", 5000)]

    @Test("Figures past their limit are regressions or improvements, by which way is better")
    func judges() {
        let before = Self.tank(
            [
                ("amplification.write", 4000), ("amplification.upload", 900),
                ("search.recall", 990_000),
            ],
            limits: Self.limits)
        let after = Self.tank(
            [
                ("amplification.write", 4081), ("amplification.upload", 880),
                ("search.recall", 980_000),
            ],
            limits: Self.limits)
        let comparison = BenchComparison(before: before, after: after)
        #expect(
            comparison.regressions.map(\.figure.name) == ["amplification.write", "search.recall"])
        #expect(comparison.improvements.map(\.figure.name) == ["amplification.upload"])
        #expect(!comparison.isAcceptable)
        let text = comparison.text(all: false)
        #expect(text.contains("Write amplification 4.00 → 4.08 (+2.03 %, limit 1 %)"))
        #expect(text.contains("burst, small, faults off"))
    }

    @Test("What moves within its limit, or has none, passes")
    func passes() {
        let before = Self.tank(
            [("amplification.write", 4000), ("lake.commits", 5)], limits: Self.limits)
        let after = Self.tank(
            [("amplification.write", 4040), ("lake.commits", 9)], limits: Self.limits)
        let comparison = BenchComparison(before: before, after: after)
        #expect(comparison.isAcceptable)
        #expect(comparison.differences.count == 2)
        #expect(BenchComparison(before: before, after: before).differences.isEmpty)
    }

    @Test("From zero, anything is past any limit")
    func fromZero() {
        let comparison = BenchComparison(
            before: Self.tank([("objects.heads", 0)], limits: Self.limits),
            after: Self.tank([("objects.heads", 1)], limits: Self.limits))
        #expect(comparison.regressions.count == 1)
        #expect(comparison.text(all: false).contains("from zero"))
    }

    @Test("A figure that no case had before is new, and no regression")
    func newFigure() {
        let before = Self.tank([("lake.commits", 5)], limits: Self.limits)
        let after = Self.tank([("lake.commits", 5), ("objects.heads", 3)], limits: Self.limits)
        let comparison = BenchComparison(before: before, after: after)
        #expect(comparison.newFigures.map(\.name) == ["objects.heads"])
        #expect(comparison.differences.isEmpty && comparison.isAcceptable)
        #expect(comparison.text(all: false).contains("Heads: was not measured before"))
        #expect(comparison.markdown.contains("*Heads* was not measured before"))
        // What was measured and is not any more counts as nothing.
        let back = BenchComparison(before: after, after: before)
        #expect(back.newFigures.isEmpty && back.differences.count == 1)
    }

    @Test("A difference says which of its parts moved")
    func explains() throws {
        let names = ["puts", "gets", "heads", "lists"].map { "lake.\($0)PerCommit" }
        func tank(_ heads: Int) -> BenchTank {
            Self.tank(
                [("lake.requestsPerCommit", 10_000 + heads)]
                    + names.map { ($0, $0 == "lake.headsPerCommit" ? heads : 2500) },
                limits: Self.limits)
        }
        let comparison = BenchComparison(before: tank(2500), after: tank(3500))
        let difference = try #require(
            comparison.regressions.first { $0.figure.name == "lake.requestsPerCommit" })
        #expect(difference.parts.contains("of them heads +40.0 %"))
        #expect(difference.parts.contains("of them puts as before"))
    }

    @Test("A case that is gone, and one that is no pass, fail a check; a new one does not")
    func cases() {
        var other = Self.of
        other.size = "large"
        let one = Self.tank([("lake.commits", 1)])
        let two = Self.tank([("lake.commits", 1)], of: other)
        let comparison = BenchComparison(before: one, after: two)
        #expect(comparison.missing == [Self.of] && comparison.added == [other])
        #expect(!comparison.isAcceptable)
        let empty = BenchTank(prices: "", libraries: [], runs: [])
        #expect(BenchComparison(before: empty, after: one).isAcceptable)
        let failed = Self.tank([], verdict: .fail)
        #expect(!BenchComparison(before: one, after: failed).isAcceptable)
    }

    @Test("Exact figures come back from their JSON, and the text is the same each time")
    func json() throws {
        let tank = Self.tank([("latency.p50", 123), ("lake.commits", 4)], limits: Self.limits)
        let again = try BenchTank(json: try JSONValue(parsing: Array(tank.json.pretty.utf8)))
        #expect(again == tank)
        #expect(again.json.pretty == tank.json.pretty)
        #expect(again.digest == tank.digest)
        #expect(throws: JSONError.self) { try BenchTank(json: ["format": "another"]) }
    }

    @Test("A history keeps the headlines of each commit, and names a line that it cannot read")
    func history() throws {
        let first = Self.tank([("amplification.write", 4000), ("disk.writes", 7)])
        let second = Self.tank([("amplification.write", 5000), ("disk.writes", 8)])
        let lines = [("aaa", first), ("bbb", second)].map {
            BenchHistory.line(commit: $0.0, tank: $0.1, wall: nil)
        }
        let history = try BenchHistory(lines: lines.joined(separator: "\n"))
        #expect(history.entries.map(\.commit) == ["aaa", "bbb"])
        #expect(history.entries.map(\.digest) == [first.digest, second.digest])
        let text = try #require(history.text(figure: "", benchmark: ""))
        #expect(text.contains("▁█  5.00  Write amplification, +25.0 %"))
        #expect(!text.contains("Disk writes"))
        #expect {
            try BenchHistory(lines: lines[0] + "\n{}")
        } throws: { "\($0)".hasPrefix("line 2: ") }
    }
}
