import RunReports
import ScenarioFiles
import Server
import Testing
import Workbench

@Suite("What is reached under which fault")
struct CoverageMeterTests {
    private static let second: Int64 = 1_000_000_000

    private static func count(
        _ meter: CoverageMeter, _ kind: FaultKindName, _ part: EnginePart
    ) -> Int {
        let row = meter.coverage.rows.first { $0.kind == kind.rawValue }
        let position = EnginePart.allCases.firstIndex(of: part)!
        return row?.reached[position] ?? -1
    }

    @Test("Counts while a fault is active and ten seconds after it, and not before or later")
    func window() {
        let meter = CoverageMeter()
        meter.reached("torn tail cut", at: 0)
        meter.began("crash")
        meter.reached("torn tail cut", at: Self.second)
        meter.ended("crash", at: 2 * Self.second)
        meter.reached("torn tail cut", at: 12 * Self.second)
        meter.reached("torn tail cut", at: 12 * Self.second + 1)
        #expect(Self.count(meter, "crash", .changelog) == 2)
        #expect(Self.count(meter, "crash", .keyValue) == 0)
        #expect(Self.count(meter, "pause", .changelog) == 0)
    }

    @Test("Goes on while one of two faults of a kind is active, and counts for each kind")
    func overlap() {
        let meter = CoverageMeter()
        meter.began("diskSlow")
        meter.began("diskSlow")
        meter.began("pause")
        meter.ended("diskSlow", at: 0)
        meter.reached("write given up", at: 60 * Self.second)
        meter.reached("no probe of the engine", at: 60 * Self.second)
        #expect(Self.count(meter, "diskSlow", .client) == 1)
        #expect(Self.count(meter, "pause", .client) == 1)
        #expect(meter.coverage.rows.first { $0.kind == "diskSlow" }?.happened == 2)
        #expect(meter.coverage.rows.reduce(0) { $0 + $1.reached.reduce(0, +) } == 2)
    }

    @Test("Has a row for every kind and a column for every part, and each probe in one of them")
    func everything() {
        let coverage = CoverageMeter().coverage
        #expect(coverage.rows.map(\.kind) == FaultKindName.allCases.map(\.rawValue))
        #expect(coverage.parts == EnginePart.allCases.map(\.rawValue))
        let probes = EnginePart.allCases.flatMap(\.probes)
        #expect(probes.count > 30 && Set(probes).count == probes.count)
    }

    @Test("In a run a crash shows in replication and rows, and not in the lake, which was calm")
    func run() throws {
        let scenario = try TankRunTests.scenario("Scenarios/fast/ecommerce-cdc.yaml", seconds: 30)
        let fault = PlannedFault(
            at: .seconds(5), duration: .seconds(15),
            kind: FaultKind("crash", ["node": .node(NodeName(.server, 1))]))
        let (report, _) = try TankRunTests.run(scenario, seed: 1, plan: FaultPlan([fault]))
        let coverage = try #require(report.coverage)
        let rows = coverage.rows.filter { $0.happened > 0 }
        #expect(rows.map(\.kind) == ["crash"])
        let reached = Dictionary(uniqueKeysWithValues: zip(coverage.parts, rows[0].reached))
        for part in ["replication", "keyValue", "unionRead"] {
            #expect(reached[part]! > 0, "\(part)")
        }
        #expect(reached["lake"] == 0)
        let counted = report.latencies?.cells.reduce(0) { $0 + $1.count }
        #expect(counted == report.changesAcknowledged)
    }
}
