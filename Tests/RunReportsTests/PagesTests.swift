import RunReports
import Testing

@Suite("Pages of hunts, comparisons, what-ifs and stories")
struct PagesTests {
    static let pages: [(name: String, page: String)] = [
        ("hunt", htmlPage(for: HuntReportTests.mixed)),
        ("story", htmlPage(for: story)),
        ("what-if", htmlPage(for: whatIf)),
        ("benchmarks", htmlPage(for: BenchReport(tank: tank(4000), wall: nil))),
        (
            "comparison",
            htmlPage(for: BenchComparison(before: tank(4000), after: tank(4200)))
        ),
        ("planted bugs", htmlPage(for: bank)),
    ]

    static let bank = try! MutationTable(
        parsing: bankText([
            "canary\tTiering\ta.yaml\t1\t4\tlakeRows", "control\tLog\ta.yaml\t130\t99\t-",
            "log-<first>\tLog, sync\tb.yaml\t12\t9\tlogMatching, liveness",
            "log-late\tLog, sync\tb.yaml\t1000\t900\t-",
        ]))

    static func bankText(_ lines: [String]) -> String {
        ([MutationTable.columns.joined(separator: "\t")] + lines).joined(separator: "\n") + "\n"
    }

    @Test("A bank of planted bugs is good if each is seen, the canary at once, the control never")
    func plantedBugs() throws {
        #expect(Self.bank.bugs.count == 2 && Self.bank.missed.map(\.mutant) == ["log-late"])
        #expect(!Self.bank.isGood)
        let page = htmlPage(for: Self.bank)
        #expect(page.contains("1 of 2 bugs seen") && page.contains("log-late was not seen"))
        func isGood(_ lines: [String]) throws -> Bool {
            try MutationTable(parsing: Self.bankText(lines)).isGood
        }
        #expect(try isGood(["canary\tA\ta\t1\t1\tx", "control\tA\ta\t9\t1\t-"]))
        #expect(try !isGood(["canary\tA\ta\t2\t1\tx"]))
        #expect(try !isGood(["control\tA\ta\t9\t1\tx"]))
        #expect(throws: MutationTable.Malformed.self) { try isGood(["canary\tA\ta\tone\t1\tx"]) }
        #expect(throws: MutationTable.Malformed.self) { try MutationTable(parsing: "") }
    }

    static let story = Story(
        title: "<A> & \"b\"", scenario: "a.yaml", seed: 7, traceHash: "0123456789abcdef",
        oracle: "lakeRows", violation: "offset 3 <is> missing", violatedAtSeconds: 2,
        subject: "orders bucket 0", nodes: ["server-1", "server-2"],
        events: Story.Event.Kind.allCases.enumerated().map { number, kind in
            Story.Event(
                atSeconds: Double(number) / 4,
                node: number % 3 == 0 ? "" : "server-\(number % 2 + 1)",
                from: number % 2 == 0 ? "server-1" : "", kind: kind, text: "<\(kind)> & more")
        }, reproduceCommand: "ci/wavetank run a.yaml --seed 7")

    static func run(_ amplification: Int) -> BenchTank.Run {
        BenchTank.Run(
            of: BenchCase(scenario: "a.yaml", size: "small", faults: "off", seed: 7),
            title: "A <burst>", verdict: .pass, reason: "", traceHash: "0",
            figures: [
                BenchTank.Figure(name: "amplification.write", value: amplification),
                BenchTank.Figure(name: "latency.p50", value: 1_000_000),
                BenchTank.Figure(name: "latency.p99", value: 9_000_000),
            ], limits: [BenchTank.Limit(name: "amplification", partsPerMillion: 10_000)])
    }

    static func tank(_ amplification: Int) -> BenchTank {
        BenchTank(
            prices: "a test", libraries: [LibraryVersion(name: "zstd", version: "1")],
            runs: [run(amplification)])
    }

    static let whatIf = WhatIfReport(
        title: "What <if>", prices: "a test",
        axes: [WhatIfReport.Axis(path: "cluster.segmentBytes", values: ["64KiB", "1MiB"])],
        cells: [
            WhatIfReport.Cell(values: ["64KiB"], run: run(4000)),
            WhatIfReport.Cell(values: ["1MiB"], run: run(3000)),
        ])

    @Test("Are well formed, load nothing, and are small", arguments: 0..<5)
    func wellFormed(number: Int) {
        let (name, page) = Self.pages[number]
        let checker = HTMLChecker(page)
        #expect(checker.problems == [], "\(name)")
        #expect(checker.elementCount > 20, "\(name)")
        #expect(!page.contains("http://") && !page.contains("https://"), "\(name)")
        #expect(page.utf8.count < 1_000_000, "\(name)")
        #expect(page.contains("prefers-color-scheme: dark"), "\(name)")
    }

    @Test("Say what moved")
    func says() {
        #expect(Self.pages[4].page.contains("+5.00"))
        #expect(Self.pages[2].page.contains("64KiB") && Self.pages[2].page.contains("1MiB"))
    }
}
