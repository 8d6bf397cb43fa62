import JSON
import RunReports
import Testing

@Suite("The grid of fault kinds and engine parts")
struct FaultCoverageTests {
    private static func coverage(_ crash: [Int], pause: [Int]? = nil) -> FaultCoverage {
        FaultCoverage(
            parts: ["changelog", "keyValue"], secondsAfter: 10,
            rows: [
                .init(kind: "crash", happened: 2, reached: crash),
                .init(
                    kind: "pause", happened: pause == nil ? 0 : 1, reached: pause ?? [0, 0]),
            ])!
    }

    private static func seed(_ number: UInt64, _ coverage: FaultCoverage) -> HuntReport.Seed {
        var seed = HuntReportTests.seed(number)
        seed.report?.coverage = coverage
        return seed
    }

    @Test("Shows on a run's page what was reached, what never, and what did not happen")
    func run() {
        var report = HuntReportTests.seed(1).report!
        report.coverage = Self.coverage([1234, 0])
        let page = htmlPage(for: report)
        #expect(HTMLChecker(page).problems == [])
        #expect(page.contains("<th scope=\"col\">Key value</th>"))
        #expect(
            page.contains("<span>1\u{202F}234</span></td><td class=\"never\"><span>never</span>"))
        #expect(page.contains("Did not happen <small>1</small>"))
        #expect(page.contains("<li>pause</li>"))
        #expect(markdownSummary(for: report).contains("| crash | 2 | 1234 | **never** |"))
        #expect(!markdownSummary(for: report).contains("| pause |"))
        let words = "covered: 1 of 2 pairs of fault kind and engine part, with 1 of 2 kinds"
        #expect(textSummary(for: report).contains(words))
    }

    @Test("Counts seeds once it is that of a hunt, and comes through its lines")
    func hunt() throws {
        let seeds = [
            Self.seed(1, Self.coverage([7, 0])),
            Self.seed(2, Self.coverage([1, 0], pause: [0, 5])),
            HuntReportTests.seed(3), HuntReportTests.seed(4, nil, "trap"),
        ]
        let report = HuntReport(
            try HuntReport(seeds).jsonLines.split(separator: "\n").map {
                try HuntReport.Seed(json: JSONValue(parsing: String($0)))
            })
        let rows = try #require(report.coverage).rows
        #expect(rows[0] == .init(kind: "crash", happened: 2, reached: [2, 0]))
        #expect(rows[1] == .init(kind: "pause", happened: 1, reached: [0, 1]))
        #expect(report.coverage == HuntReport(seeds).coverage)
        #expect(report.markdown.contains("| pause | 1 | **never** | 1 |"))
        #expect(report.description.contains("2 of 4 pairs of fault kind and engine part"))
        #expect(HTMLChecker(htmlPage(for: report)).problems == [])
        #expect(htmlPage(for: report).contains("<td class=\"never\">"))
    }

    @Test("Finds kinds and parts by name where builds know others")
    func builds() throws {
        let newer = FaultCoverage(
            parts: ["lake", "changelog"], secondsAfter: 10,
            rows: [
                .init(kind: "bitRot", happened: 1, reached: [1, 0]),
                .init(kind: "crash", happened: 1, reached: [0, 9]),
            ])!
        let both = try #require(FaultCoverage(merging: [Self.coverage([3, 0]), newer]))
        #expect(both.parts == ["changelog", "keyValue", "lake"])
        #expect(both.rows.map(\.kind) == ["crash", "pause", "bitRot"])
        #expect(both.rows[0].reached == [2, 0, 0] && both.rows[2].reached == [0, 0, 1])
        #expect(FaultCoverage(merging: []) == nil)
    }

    @Test("With a number too few is refused with the place")
    func refused() {
        guard case .object(var members) = SampleReport.make().json else { return }
        members.removeAll { $0.name == "coverage" }
        let kinds: JSONValue = [["kind": "crash", "happened": 1, "reached": [1]]]
        members.append(
            JSONMember("coverage", ["secondsAfter": 1, "parts": ["a", "b"], "kinds": kinds]))
        #expect(throws: JSONError.self) { try RunReport(json: .object(members)) }
    }
}
