import RunReports
import ScenarioFiles
import Server
import Testing
import Workbench

@Suite("A guided hunt")
struct GuideTests {
    /// What a run reaches: a common path always, a rare one in one seed of fifty, and around such a
    /// seed one run in four a path that no seed reaches by itself.
    static func reach(_ run: HuntCase) -> HuntReport.Seed {
        var probes = ["common": 1]
        if run.seed % 50 == 7 { probes["rare"] = 1 }
        if run.seed % 50 == 7 && (run.variant.last ?? 1) % 4 == 0 { probes["deep"] = 1 }
        var report = RunReport(
            title: "", scenario: run.scenario, seed: run.seed, build: "", verdict: .pass,
            reason: "", traceHash: "", events: 0, simulatedSeconds: 0, cpuSeconds: 0,
            peakMemoryBytes: 0, changesAcknowledged: 0, changesRefused: 0, changesUnknown: 0,
            reproduceCommand: "")
        report.probes = probes.keys.sorted().map { ProbeResult(name: $0, count: probes[$0]!) }
        return HuntReport.Seed(
            scenario: run.label, seed: run.seed, report: report, lastWords: "")
    }

    static func hunt(generations: Int) -> [HuntCase] {
        var guide = Guide(scenarios: ["a.yaml"], seeds: 1...10_000)
        var all: [HuntCase] = []
        for _ in 0..<generations {
            let cases = guide.next()
            all += cases
            guide.learn(cases.map { ($0, reach($0)) })
        }
        return all
    }

    @Test("Explores around what is rare, and so reaches what no seed reaches by itself")
    func explores() {
        let runs = Self.hunt(generations: 12)
        let variants = runs.filter { !$0.variant.isEmpty }
        #expect(variants.count > 100 && runs.count - variants.count > 100)
        #expect(variants.count { $0.seed % 50 == 7 } > variants.count / 2)
        #expect(runs.contains { Self.reach($0).report!.probes.contains { $0.name == "deep" } })
    }

    @Test("Runs nothing twice, and the same for the same results")
    func isDeterministic() {
        let runs = Self.hunt(generations: 6)
        #expect(Set(runs).count == runs.count)
        #expect(Self.hunt(generations: 6) == runs)
    }

    @Test("Every seed comes once for each scenario, and then only variants")
    func ends() {
        var guide = Guide(scenarios: ["a.yaml", "b.yaml"], seeds: 3...5)
        #expect(guide.next().map(\.seed) == [3, 3, 4, 4, 5, 5])
        #expect(guide.next().isEmpty)
    }
}

@Suite("Variants of a plan")
struct VariantTests {
    static let scenario = try! TankRunTests.scenario(
        "Scenarios/fast/ecommerce-cdc.yaml", seconds: 60)

    @Test("Are near the seed's plan, differ from each other, and are the same each time")
    func near() {
        let own = TankRun.plan(of: Self.scenario, seed: 11)
        #expect(TankRun.plan(of: Self.scenario, seed: 11, variant: []) == own)
        var plans: Set<FaultPlan> = [own]
        for number in 1...20 {
            let varied = TankRun.plan(of: Self.scenario, seed: 11, variant: [number])
            #expect(TankRun.plan(of: Self.scenario, seed: 11, variant: [number]) == varied)
            let kept = varied.faults.count { own.faults.contains($0) }
            #expect(kept + 3 >= own.faults.count, "variant \(number) is far from its seed")
            plans.insert(varied)
        }
        #expect(plans.count > 15)
    }

    @Test("Stay solvable: of servers one at a time is in trouble", arguments: 1..<30)
    func solvable(number: Int) {
        let plan = TankRun.plan(of: Self.scenario, seed: 5, variant: [number, 2, 3])
        var free = Duration.zero
        for fault in plan.faults where fault.kind.nodes.contains(where: { $0.role == .server }) {
            #expect(fault.at >= free, "\(fault)")
            free = fault.end
        }
    }
}
