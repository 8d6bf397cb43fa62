import Platform
import RunReports
public import Simulation

/// What one seed came to: the world that it ran in, and what was wrong in the end.
public struct Trial {
    public var world: SimulationWorld
    /// A sentence for each thing that did not hold; of seeds that fail alike, only values differ.
    public var problems: [String]

    public init(_ world: SimulationWorld, problems: [String] = []) {
        self.world = world
        self.problems = problems
    }

    /// As pages and summaries have it; a job that left the world is a failure too.
    func report(title: String, seed: UInt64, cpuSeconds: Double, command: String) -> RunReport {
        let defects = world.journal.notes.filter { $0.severity == .error }
            .map { "defect: \($0.node): \($0.message)" }
        let wrong = defects + problems
        var hash = String(world.trace.hash, radix: 16)
        hash = String(repeating: "0", count: 16 - hash.count) + hash
        var report = RunReport(
            title: title, scenario: title, seed: seed, build: "",
            verdict: wrong.isEmpty ? .pass : .fail,
            reason: wrong.first ?? "", traceHash: hash, events: world.stepCount,
            simulatedSeconds: Double(world.nanoseconds) / 1e9, cpuSeconds: cpuSeconds,
            peakMemoryBytes: 0, changesAcknowledged: 0, changesRefused: 0, changesUnknown: 0,
            reproduceCommand: command)
        report.notes = Array(wrong.dropFirst())
        report.probes = world.journal.probes.map { ProbeResult(name: $0.name, count: $0.count) }
        return report
    }
}
