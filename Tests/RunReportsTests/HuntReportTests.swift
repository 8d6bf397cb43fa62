import Foundation
import JSON
import RunReports
import Testing

@Suite("A report of a hunt")
struct HuntReportTests {
    static func seed(
        _ number: UInt64, _ verdict: RunReport.Verdict? = .pass, _ reason: String = "",
        hash: String = "aa", probes: [String: Int] = [:]
    ) -> HuntReport.Seed {
        guard let verdict else {
            return HuntReport.Seed(
                scenario: "a.yaml", seed: number, report: nil, lastWords: reason)
        }
        var report = RunReport(
            title: "A", scenario: "a.yaml", seed: number, build: "b", verdict: verdict,
            reason: reason, traceHash: hash, events: 10, simulatedSeconds: 60, cpuSeconds: 1.5,
            peakMemoryBytes: 1 << 20, changesAcknowledged: 5, changesRefused: 0,
            changesUnknown: 0, reproduceCommand: "ci/wavetank run a.yaml --seed \(number)")
        report.probes = probes.keys.sorted().map { ProbeResult(name: $0, count: probes[$0]!) }
        return HuntReport.Seed(scenario: "a.yaml", seed: number, report: report, lastWords: "")
    }

    static let mixed = HuntReport([
        seed(4, nil, "trap <at> \"x\" & \u{1}end"), seed(1), seed(3, .inconclusive, "too slow"),
        seed(2, .fail, "lakeRows: offset 12 of 7 | gone"),
        seed(5, .fail, "lakeRows: offset 3 of 9 | gone"),
    ])

    @Test("Failures that differ in numbers alone are one cause")
    func causes() {
        let causes = Self.mixed.causes
        #expect(causes.map(\.seeds.count) == [2, 1, 1])
        #expect(causes[0].text == "fail: lakeRows: offset # of # | gone")
        #expect(causes[0].seeds.map(\.seed) == [2, 5])
        #expect(Self.mixed.cleanCount == 1)
    }

    @Test("Its lines are read back as they were, and merged into one again")
    func lines() throws {
        let lines = Self.mixed.jsonLines.split(separator: "\n")
        let seeds = try lines.map { try HuntReport.Seed(json: JSONValue(parsing: String($0))) }
        #expect(HuntReport(seeds).jsonLines == Self.mixed.jsonLines)
        #expect(HuntReport(merging: seeds + seeds).jsonLines == Self.mixed.jsonLines)
    }

    @Test("Words kept once say the same")
    func sharing() throws {
        var names = SharedNames()
        var seeds = Self.mixed.seeds
        seeds.append(
            HuntReport.Seed(
                scenario: "a.yaml", seed: 99, report: SampleReport.make(), lastWords: ""))
        let before = seeds.map(\.json.compact)
        for position in seeds.indices { seeds[position].share(&names) }
        #expect(seeds.map(\.json.compact) == before)
    }

    @Test("A seed with two hashes is a failure when hunts are merged")
    func unequal() {
        let merged = HuntReport(merging: [Self.seed(1, hash: "aa"), Self.seed(1, hash: "ab")])
        #expect(merged.seeds.count == 1 && merged.seeds[0].isFailure)
        #expect(merged.causes[0].text.hasPrefix("nondeterministic"))
    }

    @Test("Values are no part of a cause, in whatever form they come")
    func causeText() {
        let alike = [
            "hash ebd12dc0b31f, offsets 1, 2, 3 of server-1 after 1.5s: \"red shirt\"",
            "hash 0123456789ab, offsets 17 of server-22 after 12ms: \"a \"",
            "hash deadbeefcafe, offsets -4, 9 of server-3 after 0.25s: \"\"",
        ].map(\.causeText)
        #expect(alike[0] == "hash #, offsets # of server-# after #: \"#\"")
        #expect(Set(alike).count == 1)
        #expect("an int64 column of orders".causeText == "an int# column of orders")
        #expect("a bad face, added".causeText == "a bad face, added")
    }

    @Test("A run that was stopped for its time is neither a failure nor a crash")
    func timeout() {
        var stopped = Self.seed(1, nil, "stopped after 1 s (--patience)")
        stopped.incident = .timeout
        #expect(!stopped.isFailure && !stopped.isClean)
        #expect(HuntReport([stopped]).junit.contains("<error type=\"timeout\""))
        let merged = HuntReport(merging: [stopped, Self.seed(1)])
        #expect(merged.seeds.count == 1 && merged.cleanCount == 1)
    }

    @Test("Results of other origin are told apart, each difference by its name")
    func mixture() {
        let origin = HuntOrigin(options: "", scenarioDigest: "a", build: "b")
        func mixture(_ change: (inout HuntOrigin) -> Void) -> String? {
            var (first, second) = (Self.seed(1), Self.seed(2))
            first.origin = origin
            second.origin = origin
            change(&second.origin!)
            return HuntReport([first, second]).mixture
        }
        #expect(mixture { _ in } == nil)
        #expect(mixture { $0.options = "--seconds 5" }?.contains("other settings") == true)
        #expect(mixture { $0.scenarioDigest = "c" }?.contains("another text") == true)
        #expect(mixture { $0.build = "d" }?.contains("another build") == true)
    }

    @Test("A result of no seeds is inconclusive")
    func empty() {
        #expect(HuntReport([]).description == "Inconclusive: no seed was run")
    }

    @Test("A word for a shell is quoted where it needs to be")
    func quoting() {
        #expect("Scenarios/fast/a-b_c.yaml".shellQuoted == "Scenarios/fast/a-b_c.yaml")
        #expect("my scen's & x.yaml".shellQuoted == "'my scen'\\''s & x.yaml'")
        #expect("".shellQuoted == "''")
        #expect("~/a".shellQuoted == "'~/a'")
    }

    @Test("As JUnit XML it is well formed and counts what ended how")
    func junit() throws {
        let parser = XMLCounter()
        try #require(parser.parse(Self.mixed.junit))
        #expect(parser.counts["testcase"] == 5)
        #expect(parser.counts["failure"] == 2)
        #expect(parser.counts["error"] == 1)
        #expect(parser.counts["skipped"] == 1)
        #expect(Self.mixed.junit.contains("tests=\"5\" failures=\"2\" errors=\"1\" skipped=\"1\""))
    }

    @Test("As Markdown it has a row a cause, and no sign of a cause breaks the table")
    func markdown() {
        let rows = Self.mixed.markdown.split(separator: "\n").filter {
            $0.contains("again") || $0.contains("run a.yaml")
        }
        #expect(rows.count == 4)
        #expect(Self.mixed.markdown.contains("offset \\# of \\# \\| gone"))
    }

    @Test("Saturation counts a probe anew when a seed reaches it twice as often")
    func saturation() {
        let seeds = [
            Self.seed(1, probes: ["a": 1]), Self.seed(2, probes: ["a": 1, "b": 5]),
            Self.seed(3, probes: ["a": 3]), Self.seed(4, probes: ["a": 2, "b": 4, "c": 0]),
        ]
        let saturation = Saturation(seeds)
        #expect(saturation.probeCount == 2)
        #expect(saturation.featureCount == 3)
        #expect(saturation.lastNew == 3)
        #expect(saturation.loneCount == 0)
        #expect(Saturation(Array(seeds.prefix(3))).chanceOfNew == 2.0 / 3)
    }
}

/// Counts the elements of a document, if it is one.
private final class XMLCounter {
    private(set) var counts: [String: Int] = [:]

    /// Enough of XML for what this repository writes: elements, attributes, text, entities.
    func parse(_ text: String) -> Bool {
        var open: [Substring] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            guard isText(rest[..<start]), let end = rest[start...].firstIndex(of: ">") else {
                return false
            }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("?") { continue }
            if tag.hasPrefix("/") {
                guard open.popLast() == tag.dropFirst() else { return false }
                continue
            }
            let name = tag.prefix { $0.isLetter }
            counts[String(name), default: 0] += 1
            let quotes = tag.count { $0 == "\"" }
            if quotes % 2 != 0 || !isText(tag.filter { $0 != "/" }[...]) { return false }
            if !tag.hasSuffix("/") { open.append(name) }
        }
        return open.isEmpty && isText(rest)
    }

    private func isText<Text: StringProtocol>(_ text: Text) -> Bool {
        let allowed = ["&amp;", "&lt;", "&gt;", "&quot;", "&#10;"]
        var rest = String(text)
        for entity in allowed { rest = rest.replacingOccurrences(of: entity, with: "") }
        return !rest.contains("&") && !rest.contains("<")
            && rest.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" }
    }
}
