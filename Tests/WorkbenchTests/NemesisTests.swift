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
            switch fault.kind {
            case .crash(let node), .powerLoss(let node), .pause(let node), .crashLoop(let node, _),
                .configurationChange(let node, _), .nodeLoss(let node):
                node.role == .server
            case .restartAll: true
            default: false
            }
        }
        for (first, second) in zip(down, down.dropFirst()) { #expect(first.end < second.at) }
        let losing = drawn.compactMap { fault -> NodeName? in
            switch fault.kind {
            case .bitRot(let node, _), .syncFailure(let node, _), .lostWrite(let node, _),
                .misdirectedWrite(let node, _), .unreadableSector(let node, _), .nodeLoss(let node):
                node
            default: nil
            }
        }
        #expect(Set(losing).count <= 1)
    }

    @Test("While damage may lie unnoticed, the other servers are not put out of step together")
    func latentDamage() throws {
        let scenario = try TankRunTests.scenario("Scenarios/fast/ecommerce-cdc.yaml", seconds: 600)
        var restarts = 0
        for seed in 0..<200 as Range<UInt64> {
            var isDamaged = false
            for fault in Nemesis.plan(scenario, seed: seed).faults {
                switch fault.kind {
                case .bitRot, .lostWrite, .misdirectedWrite, .unreadableSector: isDamaged = true
                case .restartAll, .linkClogged(node: nil):
                    restarts += 1
                    #expect(!isDamaged, "seed \(seed): \(fault)")
                default: break
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
            Nemesis.plan(scenario, seed: seed).faults.filter { $0.kind.name == .nodeLoss }.count
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
}
