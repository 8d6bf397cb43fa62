import ScenarioFiles
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
            case .crash(let node), .powerLoss(let node), .pause(let node): node.role == .server
            default: false
            }
        }
        for (first, second) in zip(down, down.dropFirst()) { #expect(first.end < second.at) }
        let losing = drawn.compactMap { fault -> NodeName? in
            switch fault.kind {
            case .bitRot(let node, _), .syncFailure(let node, _): node
            default: nil
            }
        }
        #expect(Set(losing).count <= 1)
    }

    @Test("Over many seeds every kind of fault is drawn, and no seed draws all")
    func swarms() throws {
        let scenario = try TankRunTests.scenario("Scenarios/fast/ecommerce-cdc.yaml", seconds: 600)
        var seen: Set<FaultKindName> = []
        for seed in 0..<200 as Range<UInt64> {
            let kinds = Set(Nemesis.plan(scenario, seed: seed).faults.map(\.kind.name))
            #expect(kinds.count < FaultKindName.allCases.count)
            seen.formUnion(kinds)
        }
        #expect(seen == Set(FaultKindName.allCases))
    }
}
