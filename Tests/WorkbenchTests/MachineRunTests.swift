import Foundation
import Host
import RunReports
import ScenarioFiles
import Server
import Testing

@testable import Workbench

@Suite("Runs on the machine")
struct MachineRunTests {
    @Test("Every kind of fault is either made real or refused with a reason")
    func kinds() {
        for kind in FaultKindName.allCases {
            let refusal = RealFault.refusal(kind)
            #expect((RealFault.of(kind) == nil) == (refusal != nil), "\(kind.rawValue)")
            #expect(refusal != "it has no counterpart", "\(kind.rawValue) needs a reason")
        }
        #expect(Set(RealFault.all.map(\.name)).count == RealFault.all.count)
    }

    private func plan(_ faults: [FaultKind], canMount: Bool = true) -> MachinePlan {
        MachinePlan(
            FaultPlan(faults.map { PlannedFault(at: .zero, duration: .seconds(1), kind: $0) }),
            canMount: canMount)
    }

    @Test("What cannot be real is left out by name, and the rest is kept")
    func leftOut() {
        let crash = FaultKind("crash", ["node": .node(NodeName(.server, 1))])
        let client = FaultKind("crash", ["node": .node(NodeName(.client, 1))])
        let drift = FaultKind(
            "clockDrift", ["node": .node(NodeName(.server, 1)), "partsPerMillion": .integer(5)])
        let full = FaultKind("diskFull", ["node": .node(NodeName(.server, 2))])
        let all = plan([crash, client, drift, full])
        #expect(all.real.faults.map(\.kind) == [crash, full])
        #expect(all.leftOut.map(\.reason).contains("all processes of a computer share its clock"))
        #expect(!all.needsProxy)
        #expect(all.smallDisks(among: [NodeName(.server, 1), NodeName(.server, 2)]).count == 1)
        #expect(plan([full], canMount: false).real.faults.isEmpty)
        #expect(plan([FaultKind("linkClogged", [:])]).needsProxy)
    }

    @Test("A partition's ways are those of the tank")
    func ways() {
        let nodes = (1...3).map { NodeName(.server, $0) }
        var rules = LinkRules(nodes)
        rules.block(rules.ways.between([[nodes[0]]], "outgoing"))
        let blocked = Set(rules.rules.filter(\.value.isBlocked).keys)
        #expect(
            blocked == [
                LinkProxy.Way("server-1", "server-2"), LinkProxy.Way("server-1", "server-3"),
            ])
    }

    @Test("Calibration writes a model that scenarios can have")
    func calibration() throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("wavetank-calibration-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let model = try Calibration(folder: path).run()
        let text = Scenario.settingCosts("title: x\nlength: 10s\n", to: "m.yaml")
        let whole = Scenario.inliningCosts(text) { _ in model }
        let costs = try Scenario.load(text: whole, path: "x.yaml").costs
        for (name, _) in CostOptions.times { #expect(costs.times[name] != nil, "\(name)") }
        for (name, _) in CostOptions.rates {
            #expect(costs.bytesPerSecond[name] ?? 0 > 1024, "\(name)")
        }
    }
}
