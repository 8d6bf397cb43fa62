import Oracles
import ScenarioFiles
import Server
import Testing
import Workbench
import Workloads

@Suite("Shrinking")
struct ShrinkerTests {
    static let scenarioText = """
        title: A shop in every kind of weather
        length: 2m
        cluster: { servers: 5, coordinators: 2, tierers: 2, segmentBytes: 64KiB, lakeInterval: 10s }
        workloads:
          - ecommerceCDC: { rate: 200/s, burst: { every: 9s, for: 2s, factor: 4 } }
          - clickstream: { rate: 50/s }
        faults:
          - drawn: { from: 10s, every: 5s }
        """

    static func plan(_ count: Int) -> FaultPlan {
        let node = { NodeName(.server, 1 + $0 % 5) }
        return FaultPlan(
            (0..<count).map { number in
                let at = Duration.milliseconds(10_137 + 3_411 * number)
                return number % 2 == 0
                    ? PlannedFault(
                        at: at, duration: .milliseconds(4_321),
                        kind: FaultKind("crash", ["node": .node(node(number))]))
                    : PlannedFault(
                        at: at, duration: .milliseconds(2_713),
                        kind: FaultKind("objectStoreThrottle", ["rate": .integer(123_456)]))
            })
    }

    static func draft(_ count: Int) throws -> ScenarioDraft {
        try ScenarioDraft(
            FailureFile(
                scenarioPath: "shop.yaml", scenarioText: scenarioText, seed: 7,
                length: .seconds(90), plan: plan(count), build: "", traceHash: "0",
                verdict: "fail", violations: []))
    }

    /// What an engine violates that fails under a seed only for the reasons that `holds` tells.
    static func judge(
        _ holds: @escaping (Scenario) -> Bool
    ) -> Shrinker.Judge {
        { drafts in
            drafts.map { draft in
                guard let scenario = try? draft.scenario(), holds(scenario) else { return nil }
                return FailureFile.Violation(
                    oracle: "lakeRows", message: "offset \(scenario.seed) is missing",
                    at: min(.seconds(41), scenario.length))
            }
        }
    }

    /// Two crashes of one server with a throttle between them, on three servers or more.
    static func needsStory(_ scenario: Scenario) -> Bool {
        let faults = scenario.scriptedFaults.faults
        let crashes = faults.indices.filter {
            faults[$0].kind == FaultKind("crash", ["node": .node(NodeName(.server, 3))])
        }
        let throttles = faults.indices.filter { faults[$0].kind.name == "objectStoreThrottle" }
        guard let first = crashes.first, let last = crashes.last, first < last else { return false }
        return scenario.cluster.servers >= 3 && scenario.cluster.replication >= 2
            && throttles.contains { $0 > first && $0 < last }
    }

    @Test("What a failure does not need goes, and what it needs stays")
    func smallest() throws {
        let shrinker = Shrinker(width: 1, seedCount: 1, judge: Self.judge(Self.needsStory))
        let result = try #require(shrinker.shrink(try Self.draft(20)))
        let scenario = try result.draft.scenario()
        #expect(Self.needsStory(scenario))
        #expect(result.isMinimal)
        #expect(scenario.scriptedFaults.faults.count == 3)
        #expect(scenario.cluster.servers == 3)
        #expect(scenario.cluster.tierers == 1 && scenario.cluster.coordinators == 1)
        #expect(scenario.workloads.count == 1)
        #expect(scenario.length < .seconds(60))
        #expect(scenario.checks == [.lakeRows])
        #expect(result.draft.text.count < 600, "\(result.draft.text)")
        for fault in scenario.scriptedFaults.faults {
            #expect(fault.at.components.attoseconds == 0, "\(fault)")
        }
    }

    @Test("Tables that a failure does not need go, and files know the tables that there are")
    func tables() throws {
        let judge = Self.judge { scenario in
            guard let options = scenario.workloads.first, options.name == "ecommerceCDC" else {
                return false
            }
            return options.tables.isEmpty
                || Set(options.tables).isSuperset(of: ["orders", "products"])
        }
        let result = try #require(
            Shrinker(width: 1, seedCount: 1, judge: judge).shrink(try Self.draft(2)))
        let scenario = try result.draft.scenario()
        let options = scenario.workloads[0]
        #expect(options.tables.sorted() == ["orders", "products"])
        let workloads = try makeWorkloads(scenario, seed: 1) { _ in [] }
        #expect(workloads[0].tables.map(\.name).sorted() == ["orders", "products"])
    }

    @Test("A scenario file can name each table of a workload, and no other")
    func tableNames() throws {
        let text = "title: x\nlength: 1s\nworkloads: [{ecommerceCDC: {}}, {clickstream: {}}]"
        let scenario = try Scenario.load(text: text, path: "x.yaml")
        for (position, workload) in try makeWorkloads(scenario, seed: 1, read: { _ in [] })
            .enumerated()
        {
            let kind = ["ecommerceCDC", "clickstream"][position]
            for table in workload.tables {
                let one = "title: x\nlength: 1s\nworkloads: [{\(kind): {tables: \(table.name)}}]"
                let chosen = try Scenario.load(text: one, path: "x.yaml")
                let tables = try makeWorkloads(chosen, seed: 1, read: { _ in [] })[0].tables
                #expect(tables.map(\.name) == [table.name])
            }
        }
    }

    @Test("The result is the same however many runs are made at once", arguments: [2, 3, 16])
    func isDeterministic(width: Int) throws {
        func shrink(_ width: Int) throws -> String? {
            let judge = Self.judge { $0.seed % 3 == 1 && Self.needsStory($0) }
            let shrinker = Shrinker(width: width, seedCount: 3, judge: judge)
            return shrinker.shrink(try Self.draft(12))?.draft.text
        }
        #expect(try shrink(width) == shrink(1))
    }

    @Test("Where everything fails, next to nothing is left, and shrinking comes to an end")
    func nothing() throws {
        let shrinker = Shrinker(width: 1, seedCount: 1, judge: Self.judge { _ in true })
        let result = try #require(shrinker.shrink(try Self.draft(20)))
        let scenario = try result.draft.scenario()
        #expect(result.isMinimal && result.runCount < 1000)
        #expect(result.draft.faultCount == 0)
        #expect(scenario.cluster.servers == 1 && scenario.length == .seconds(1))
    }

    @Test("A case in which a disk loses data keeps the copies that make it solvable")
    func keepsCopies() throws {
        var failure = FailureFile(
            scenarioPath: "shop.yaml", scenarioText: Self.scenarioText, seed: 7,
            length: .seconds(90), plan: FaultPlan([]), build: "", traceHash: "0",
            verdict: "fail", violations: [])
        let rot = FaultKind(
            "bitRot", ["node": .node(NodeName(.server, 2)), "file": .text(".log")])
        failure.plan = FaultPlan([PlannedFault(at: .seconds(12), duration: .zero, kind: rot)])
        let judge = Self.judge { $0.scriptedFaults.faults.count == 1 }
        let result = try #require(
            Shrinker(width: 1, seedCount: 1, judge: judge).shrink(try ScenarioDraft(failure)))
        let cluster = try result.draft.scenario().cluster
        #expect(cluster.servers == 2 && cluster.replication == 2 && cluster.minimumInSync == 2)
    }

    @Test("A violation of another kind is not taken for the one that is shrunk")
    func keepsTheViolation() throws {
        let shrinker = Shrinker(width: 1, seedCount: 1) { drafts in
            drafts.map { draft in
                let count = draft.faultCount
                return FailureFile.Violation(
                    oracle: count >= 4 ? "lakeRows" : "liveness", message: "stuck", at: .seconds(9))
            }
        }
        let result = try #require(shrinker.shrink(try Self.draft(16)))
        #expect(result.draft.faultCount == 4)
        #expect(result.violation.oracle == "lakeRows")
    }

    @Test("What does not fail is not shrunk, and shrinking stops when its time is up")
    func ends() throws {
        let draft = try Self.draft(8)
        let idle = Shrinker(width: 1, seedCount: 1) { $0.map { _ in nil } }
        #expect(idle.shrink(draft) == nil)
        var turns = 0
        let shrinker = Shrinker(
            width: 1, seedCount: 1,
            hasTime: {
                turns += 1
                return turns < 10
            }, judge: Self.judge { _ in true })
        let result = try #require(shrinker.shrink(draft))
        #expect(!result.isMinimal && result.runCount < 12)
    }
}
