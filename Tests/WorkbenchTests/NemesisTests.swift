import ScenarioFiles
import Server
import Testing

@testable import Workbench

@Suite("The nemesis")
struct NemesisTests {
    @Test("A seed draws one plan, and seeds differ", arguments: [1, 2, 3] as [UInt64])
    func isDeterministic(seed: UInt64) throws {
        let scenario = try TankRunTests.scenario("Scenarios/fast/ecommerce-cdc.yaml", seconds: 600)
        let plan = Nemesis.plan(scenario, seed: seed)
        #expect(plan == Nemesis.plan(scenario, seed: seed))
        #expect(plan != Nemesis.plan(scenario, seed: seed + 1))
        #expect(plan.faults.count > 5)
    }

    @Test("Solvable plans strike one server at a time, and rot only one", arguments: 0..<50)
    func isSolvable(seed: UInt64) throws {
        let scenario = try TankRunTests.scenario("Scenarios/fast/ecommerce-cdc.yaml", seconds: 600)
        let drawn = Nemesis.plan(scenario, seed: seed).faults
        let down = drawn.filter { fault in
            let ending: [FaultKindName] = [
                "crash", "powerLoss", "pause", "crashLoop", "configurationChange", "nodeLoss",
                "diskLoss",
            ]
            return fault.kind.name == "restartAll"
                || ending.contains(fault.kind.name)
                    && fault.kind.nodes.contains { $0.role == .server }
        }
        for (first, second) in zip(down, down.dropFirst()) { #expect(first.end < second.at) }
        let losing = drawn.filter(\.kind.name.losesData).flatMap(\.kind.nodes)
        #expect(Set(losing).count <= 1)
    }

    @Test("While damage may lie unnoticed, the other servers are not put out of step together")
    func latentDamage() throws {
        let scenario = try TankRunTests.scenario("Scenarios/fast/ecommerce-cdc.yaml", seconds: 600)
        var restarts = 0
        for seed in 0..<200 as Range<UInt64> {
            var isDamaged = false
            for fault in Nemesis.plan(scenario, seed: seed).faults {
                let description = fault.kind.name.description
                if description.damagesSilently { isDamaged = true }
                if description.separates(fault.kind) {
                    restarts += 1
                    #expect(!isDamaged, "seed \(seed): \(fault)")
                }
            }
        }
        #expect(restarts > 20)
    }

    @Test("A server is lost for good once at most, and only where enough others are left")
    func nodeLoss() throws {
        let path = "Scenarios/fast/ecommerce-cdc.yaml"
        var scenario = try TankRunTests.scenario(path, seconds: 600)
        func losses(_ seed: UInt64) -> Int {
            Nemesis.plan(scenario, seed: seed).faults.filter { $0.kind.name == "nodeLoss" }.count
        }
        let counts = (0..<100 as Range<UInt64>).map(losses)
        #expect(Set(counts) == [0, 1])
        scenario.cluster.minimumInSync = scenario.cluster.replication
        for seed in 0..<100 as Range<UInt64> { #expect(losses(seed) == 0) }
    }

    @Test("Over many seeds every kind of fault is drawn, and no seed draws all")
    func swarms() throws {
        let scenario = try TankRunTests.scenario("Scenarios/fast/ecommerce-cdc.yaml", seconds: 600)
        var seen: Set<FaultKindName> = []
        for seed in 0..<200 as Range<UInt64> {
            let kinds = Set(Nemesis.plan(scenario, seed: seed).faults.map(\.kind.name))
            #expect(kinds.count < FaultKindName.drawable.count)
            seen.formUnion(kinds)
        }
        #expect(seen == Set(FaultKindName.drawable))
    }

    @Test("Every kind that a file can name does something to a world, and nothing else does")
    func effects() {
        #expect(
            FaultEffect.all.map(\.name.rawValue).sorted()
                == FaultDescription.all.map(\.name).sorted())
    }
}
