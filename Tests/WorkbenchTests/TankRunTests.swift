import Foundation
import RunReports
import ScenarioFiles
import Server
import Testing
import Workbench

@Suite("Runs in the tank")
struct TankRunTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func scenario(_ path: String, seconds: Int) throws -> Scenario {
        let text = try String(
            contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        return try Scenario.load(text: text, path: root.appendingPathComponent(path).path)
            .shortened(to: .seconds(seconds))
    }

    static func run(
        _ scenario: Scenario, seed: UInt64, plan: FaultPlan? = nil
    ) throws -> (report: RunReport, plan: FaultPlan) {
        let workloads = try makeWorkloads(scenario, seed: seed) { path in
            [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        }
        let run = TankRun(scenario, seed: seed, plan: plan, workloads: workloads)
        let verdict = run.run()
        let report = run.report(
            verdict, build: "", cpuSeconds: 0, peakMemoryBytes: 0, reproduceCommand: "")
        return (report, run.plan)
    }

    @Test(
        "The fast scenarios pass, and every oracle that had work compared something",
        arguments: ["ecommerce-cdc", "clickstream"], [1, 2])
    func passes(name: String, seed: UInt64) throws {
        let scenario = try Self.scenario("Scenarios/fast/\(name).yaml", seconds: 20)
        let (report, _) = try Self.run(scenario, seed: seed)
        #expect(report.verdict == .pass, "\(report.reason)")
        for oracle in report.oracles where oracle.hadWork {
            #expect(oracle.compared > 0, "\(oracle.name)")
        }
        #expect(report.changesAcknowledged > 1000)
    }

    @Test("One seed is one run, and another seed another", arguments: [7, 8])
    func isDeterministic(seed: UInt64) throws {
        let scenario = try Self.scenario("Scenarios/fast/ecommerce-cdc.yaml", seconds: 10)
        let first = try Self.run(scenario, seed: seed).report
        let second = try Self.run(scenario, seed: seed).report
        let other = try Self.run(scenario, seed: seed + 100).report
        #expect(first.traceHash == second.traceHash)
        #expect(first == second)
        #expect(first.traceHash != other.traceHash)
    }

    @Test("The lake stays exact while a stranger rewrites its files", arguments: [1, 2])
    func strangers(seed: UInt64) throws {
        let scenario = try Self.scenario("Scenarios/rare/strangers.yaml", seconds: 40)
        let faults = (1...12).map { number in
            PlannedFault(
                at: .seconds(number * 3), duration: .zero,
                kind: FaultKind(
                    number % 3 == 0 ? "lakeForeignProperty" : "lakeForeignCompaction", [:]))
        }
        let (report, _) = try Self.run(scenario, seed: seed, plan: FaultPlan(faults))
        #expect(report.verdict == .pass, "\(report.reason)")
        #expect(report.probes.contains { $0.name == "lake key index rebuilt" && $0.count > 0 })
    }

    @Test("A server short of memory refuses changes, and one that holds too much is killed")
    func memoryBudgets() throws {
        let scenario = try Self.scenario("Scenarios/rare/budgets.yaml", seconds: 30)
        func budget(_ seconds: Int, _ byteCount: Int) -> PlannedFault {
            PlannedFault(
                at: .seconds(seconds), duration: .seconds(3),
                kind: FaultKind(
                    "memoryBudget",
                    ["node": .node(NodeName(.server, 1)), "bytes": .integer(byteCount)]))
        }
        // How much it holds just then follows from the load: several budgets come near to it.
        let plan = FaultPlan(
            [72, 60, 52, 48, 44, 40].enumerated().map {
                budget(3 + 3 * $0.offset, $0.element * 1024)
            }
                + [budget(24, 24 * 1024)])
        let (report, _) = try Self.run(scenario, seed: 1, plan: plan)
        #expect(report.verdict == .pass, "\(report.reason)")
        #expect(
            report.probes.contains {
                $0.name == "change refused for want of memory" && $0.count > 0
            })
        let killings = report.notes.filter { $0.contains("killed, for it holds") }
        #expect(!killings.isEmpty, "\(report.notes)")
        #expect(killings.allSatisfy { $0.contains("server-1") })
    }

    @Test("The plan of a run, given back to it, makes the same run")
    func replays() throws {
        let scenario = try Self.scenario("Scenarios/fast/ecommerce-cdc.yaml", seconds: 15)
        let (first, plan) = try Self.run(scenario, seed: 3)
        let again = try Self.run(scenario, seed: 3, plan: plan).report
        #expect(!plan.faults.isEmpty)
        #expect(first.traceHash == again.traceHash)
        let calm = try Self.run(scenario, seed: 3, plan: FaultPlan()).report
        #expect(calm.traceHash != first.traceHash)
        #expect(calm.verdict == .pass, "\(calm.reason)")
    }

    @Test("Two runs on two threads at once are what each is alone")
    func runsBesideOthers() async throws {
        let scenario = try Self.scenario("Scenarios/fast/clickstream.yaml", seconds: 10)
        let alone = try [1, 2].map { try Self.run(scenario, seed: $0).report.traceHash }
        let together = try await withThrowingTaskGroup(of: (UInt64, String).self) { group in
            for seed in [1, 2] as [UInt64] {
                group.addTask { (seed, try Self.run(scenario, seed: seed).report.traceHash) }
            }
            var hashes: [UInt64: String] = [:]
            for try await (seed, hash) in group { hashes[seed] = hash }
            return [hashes[1]!, hashes[2]!]
        }
        #expect(alone == together)
    }
}
