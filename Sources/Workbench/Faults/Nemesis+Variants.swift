import Platform
import ScenarioFiles
import Server
import Simulation

extension Nemesis {
    /// A plan near that of a seed: each number of `variant` changes the plan before it a little.
    static func plan(_ scenario: Scenario, seed: UInt64, variant: [Int]) -> FaultPlan {
        var faults = plan(scenario, seed: seed).faults
        var path = ""
        for number in variant {
            path += ".\(number)"
            let random = RandomStream(seed: seed, label: "variant \(path)")
            let nemesis = Nemesis(scenario, seed: random.next())
            faults = nemesis.vary(faults, of: seed, random)
        }
        return FaultPlan(faults)
    }

    /// One to three changes: another date, another length, one fault less, one more.
    private func vary(
        _ faults: [PlannedFault], of seed: UInt64, _ random: RandomStream
    ) -> [PlannedFault] {
        guard let drawn = scenario.drawnFaults.first else { return faults }
        var varied = faults
        for _ in 0..<(1 + random.next(in: 0..<3)) {
            switch varied.isEmpty ? 4 : random.next(in: 0..<5) {
            case 0, 1:
                let position = random.next(in: 0..<varied.count)
                let shift = Duration.milliseconds(random.next(in: -3000..<3001))
                let at = varied[position].at + shift
                varied[position].at = min(max(at, .zero), drawn.until)
            case 2:
                let position = random.next(in: 0..<varied.count)
                let length = varied[position].duration
                if length > .zero {
                    varied[position].duration = length * (25 + random.next(in: 0..<150)) / 100
                }
            case 3: varied.remove(at: random.next(in: 0..<varied.count))
            default:
                let kinds = drawn.kinds
                let at = random.duration(in: drawn.from..<(drawn.until + .nanoseconds(1)))
                var fresh = Nemesis(scenario, seed: seed)
                fresh.random = random
                if let fault = fresh.fault(kinds[random.next(in: 0..<kinds.count)], at: at, drawn) {
                    varied.append(fault)
                }
            }
        }
        return drawn.isSolvable ? solvable(FaultPlan(varied).faults) : varied
    }

    /// Without the faults that would befall a node while another of its kind is not whole.
    private func solvable(_ faults: [PlannedFault]) -> [PlannedFault] {
        var guardian = Nemesis(scenario, seed: 0)
        let scripted = scenario.scriptedFaults.faults
        return faults.filter { scripted.contains($0) || guardian.admits($0) }
    }
}
