import Foundation
import Oracles
import RunReports
import ScenarioFiles
import Testing
import Workbench

@Suite("Runs that serve as benchmarks")
struct BenchTests {
    private static let prices = BenchPrices(
        source: "a test", put: 5000, get: 400, head: 400, list: 5000, delete: 0,
        storedGibibyteMonth: 23_000_000)

    private static func run(
        _ scenario: Scenario, measured: Bool = true
    ) throws -> (figures: [String: Int], report: RunReport) {
        let workloads = try makeWorkloads(scenario, seed: 1) { _ in [] }
        let run = TankRun(
            scenario, seed: 1, workloads: workloads, measuredAt: measured ? prices : nil)
        let verdict = run.run()
        let report = run.report(
            verdict, build: "", cpuSeconds: 0, peakMemoryBytes: 0, reproduceCommand: "")
        let pairs = run.figures.map { ($0.name, $0.value) }
        return (Dictionary(uniqueKeysWithValues: pairs), report)
    }

    private static func scenario(
        _ name: String, _ size: BenchSize = .small, _ faults: BenchFaults = .off, seconds: Int
    ) throws -> Scenario {
        try TankRunTests.scenario("Scenarios/bench/\(name).yaml", seconds: seconds)
            .benchmark(size, faults)
    }

    @Test("Two runs measure the same, to the last digit")
    func isExact() throws {
        let scenario = try Self.scenario("upsert-skew", .small, .on, seconds: 10)
        #expect(try Self.run(scenario).figures == Self.run(scenario).figures)
    }

    @Test("To be measured changes nothing of a run")
    func onlyListens() throws {
        let scenario = try Self.scenario("upsert-skew", seconds: 10)
        let measured = try Self.run(scenario)
        let plain = try Self.run(scenario, measured: false)
        #expect(measured.report.traceHash == plain.report.traceHash)
        #expect(plain.figures.isEmpty)
    }

    @Test("Figures agree with each other and with the report")
    func agree() throws {
        let (figures, report) = try Self.run(try Self.scenario("vector-churn", seconds: 20))
        #expect(report.verdict == .pass, "\(report.reason)")
        func value(_ name: String) throws -> Int { try #require(figures[name], "\(name)") }
        #expect(try value("changes.acknowledged") == report.changesAcknowledged)
        for group in ["latency", "freshness.changelog", "freshness.lake", "freshness.vector"] {
            let names = ["p50", "p90", "p99", "p999", "maximum"].map { "\(group).\($0)" }
            let values = try names.map(value)
            #expect(values == values.sorted(), "\(group)")
            #expect(values[0] > 0, "\(group)")
        }
        // A change is in the lake after it is in the log, and there is one commit an interval.
        #expect(try value("freshness.lake.p50") > value("freshness.changelog.p50"))
        #expect(try value("lake.commits") > 0)
        let kinds = ["puts", "gets", "heads", "lists"].map { "lake.\($0)PerCommit" }
        let sum = try kinds.map(value).reduce(0, +)
        #expect(abs(try value("lake.requestsPerCommit") - sum) <= kinds.count)
        // Three replicas: everything is written at least three times.
        #expect(try value("amplification.write") > 3000)
        let written = try value("disk.writtenBytes") * 1000 / value("changes.bytes")
        #expect(try value("amplification.write") == written)
        #expect(try value("search.answered") > 0)
        #expect(try value("search.recall") > 950_000)
        #expect(try value("recovery.outages") == 0)
    }

    @Test(
        "Each byte that is counted is counted for one layer", arguments: ["burst", "vector-churn"])
    func layers(_ name: String) throws {
        let (figures, report) = try Self.run(try Self.scenario(name, seconds: 20))
        #expect(report.verdict == .pass, "\(report.reason)")
        for place in ByteLayer.Place.allCases {
            let layers = ByteLayer.allCases.reduce(0) { $0 + (figures[$1.figure(place)] ?? 0) }
            let totals = place.totals.reduce(0) { $0 + (figures[$1] ?? 0) }
            #expect(layers == totals, "\(place)")
            #expect(figures[ByteLayer.other.figure(place)] ?? 0 < totals / 20, "\(place)")
        }
        for layer in [ByteLayer.headers, .records, .frames, .indexes] {
            #expect(figures[layer.figure(.written)] ?? 0 > 0, "\(layer)")
        }
        #expect(figures[ByteLayer.fetches.figure(.sent)] ?? 0 > 0)
        #expect(figures[ByteLayer.lakeMetadata.figure(.put)] ?? 0 > 0)
    }

    @Test("A server that dies makes writers wait, and the figures say for how long")
    func recovers() throws {
        let scenario = try Self.scenario("recovery", seconds: 45)
        let (figures, report) = try Self.run(scenario)
        #expect(report.verdict == .pass, "\(report.reason)")
        let longest = try #require(figures["recovery.longest"])
        // Longer than a lease, since another must first believe the leader dead.
        #expect(longest > 1_000_000_000)
        #expect(figures["recovery.outages"]! > 0)
        #expect(figures["recovery.total"]! >= longest)
        #expect(figures["latency.maximum"]! <= longest)
    }

    @Test("Paced readers ask as often as they should", arguments: [BenchSize.small, .medium])
    func readsArePaced(size: BenchSize) throws {
        let (figures, _) = try Self.run(try Self.scenario("lookup-serving", size, seconds: 10))
        let asked = figures["lookup.answered"]! + figures["lookup.failed"]!
        // Ten seconds of 100 a second; the first keys have to be there first.
        #expect((700 * size.factor...1000 * size.factor).contains(asked), "\(asked)")
    }

    @Test("Reports know the figures of every question that a paced reader may ask")
    func questionsHaveFigures() {
        let known = Set(BenchFigure.all.map(\.name))
        for question in Question.allCases {
            for part in ["answered", "failed", "p50", "p90", "p99", "p999", "maximum"] {
                #expect(known.contains("\(question).\(part)"))
            }
        }
    }

    @Test("Each limit of a figure can be set in scenario files, and each serves a figure")
    func limitsAreKnown() {
        let used = Set(BenchFigure.all.compactMap(\.limit))
        #expect(used == Set(BenchLimitName.allCases.map(\.rawValue)))
        #expect(Set(BenchFigure.all.map(\.name)).count == BenchFigure.all.count)
        for figure in BenchFigure.all {
            for part in figure.parts {
                #expect(BenchFigure.all.contains { $0.name == part }, "\(part)")
            }
        }
    }
}
