import Columnar
import Oracles
import Platform
public import RunReports
import ScenarioFiles
import Server
import Simulation
public import Workloads

extension MachineRun {
    /// Runs the same scenario, seed and faults in the tank, and puts both side by side.
    ///
    /// - Parameter workloads: Those of the scenario and seed, made anew.
    public func comparison(_ workloads: [any Workload]) -> TankComparison {
        let run = TankRun(scenario, seed: seed, plan: plan.real, workloads: workloads)
        var tank = RunFigures()
        run.onLatency = { [unowned run] latency in
            if run.phase == "running" && run.world.nanoseconds > RunFigures.warmUp.nanoseconds {
                tank.latency.record(latency.nanoseconds)
            }
        }
        run.onWritersStopped = { [unowned run] in
            tank.acknowledged = run.acknowledged
            tank.seconds = Double(run.world.nanoseconds) / 1e9
            tank.counts = run.machineCounts
        }
        run.isInterrupted = isInterrupted
        let verdict = run.run()
        var comparison = TankComparison(
            tankVerdict: verdict.verdict, tankReason: verdict.reason,
            tankTraceHash: hexadecimal(run.endTrace.hash, digits: 16),
            figures: tank.figures(beside: figures))
        comparison.faultsLeftOut = plan.leftOut
        comparison.faultsMade = plan.means
        comparison.oraclesLeftOut = scenario.checks.compactMap { name in
            let missing = name.oracle.needs.subtracting(Self.sights)
            if missing.isEmpty { return nil }
            let sights = missing.map(\.meaning).sorted().joined(separator: ", and ")
            return TankComparison.LeftOut(name: name.rawValue, reason: "it needs to see \(sights)")
        }
        return comparison
    }
}
