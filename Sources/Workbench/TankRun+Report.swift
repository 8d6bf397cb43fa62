import Platform
public import RunReports
import ScenarioFiles
import Simulation

extension TankRun {
    // MARK: Verdict

    /// How a run ended.
    public struct Verdict {
        public var verdict: RunReport.Verdict
        public var reason: String
    }

    func verdict() -> Verdict {
        let errors = world.journal.notes.filter { $0.severity == .error }
        if let first = errors.first {
            return Verdict(
                verdict: .fail,
                reason:
                    "\(errors.count) defects were noted, the first on \(first.node): \(first.message)"
            )
        }
        let checked = tallies.all.filter { scenario.checks.contains($0.name) }
        if let broken = checked.first(where: { $0.violationCount > 0 }) {
            return Verdict(
                verdict: .fail,
                reason: "\(broken.name.rawValue): \(broken.violations[0].message)")
        }
        let idle = checked.filter { $0.compared == 0 && $0.hadWork }.map(\.name.rawValue)
        if !idle.isEmpty {
            return Verdict(
                verdict: .inconclusive,
                reason: "these oracles compared nothing: \(idle.joined(separator: ", "))")
        }
        return Verdict(verdict: .pass, reason: "")
    }

    /// The run's report; the caller adds what only it knows.
    public func report(
        _ verdict: Verdict, build: String, cpuSeconds: Double, peakMemoryBytes: Int,
        reproduceCommand: String
    ) -> RunReport {
        var report = RunReport(
            title: scenario.title, scenario: scenario.path, seed: world.seed, build: build,
            verdict: verdict.verdict, reason: verdict.reason,
            traceHash: hexadecimal(world.trace.hash), events: world.trace.eventCount,
            simulatedSeconds: Double(world.nanoseconds) / 1e9, cpuSeconds: cpuSeconds,
            peakMemoryBytes: peakMemoryBytes, changesAcknowledged: acknowledged,
            changesRefused: refused, changesUnknown: unknown, reproduceCommand: reproduceCommand)
        report.oracles = tallies.all.filter { scenario.checks.contains($0.name) }.map { tally in
            OracleResult(
                name: tally.name.rawValue, meaning: tally.name.meaning, compared: tally.compared,
                violations: tally.violations.map {
                    OracleResult.Violation(
                        message: $0.message, atSeconds: Double($0.nanoseconds) / 1e9)
                }, hadWork: tally.hadWork)
        }
        report.probes = world.journal.probes.map { ProbeResult(name: $0.name, count: $0.count) }
        report.notes = world.journal.notes.prefix(50).map { "\($0.node): \($0.message)" }
        recorder.fill(&report)
        report.counters = counters()
        return report
    }

    private func counters() -> [Counter] {
        var disk = DiskCounters()
        for node in deployment.nodes {
            let counters = world.diskCounters(of: node.description)
            disk.writes += counters.writes
            disk.writtenBytes += counters.writtenBytes
            disk.reads += counters.reads
            disk.readBytes += counters.readBytes
            disk.syncs += counters.syncs
        }
        let objects = world.objects.counters
        return [
            Counter(name: "disk.writes", value: disk.writes),
            Counter(name: "disk.writtenBytes", value: disk.writtenBytes),
            Counter(name: "disk.reads", value: disk.reads),
            Counter(name: "disk.readBytes", value: disk.readBytes),
            Counter(name: "disk.syncs", value: disk.syncs),
            Counter(name: "objects.puts", value: objects.puts),
            Counter(name: "objects.putBytes", value: objects.putBytes),
            Counter(name: "objects.gets", value: objects.gets),
            Counter(name: "objects.getBytes", value: objects.getBytes),
            Counter(name: "objects.heads", value: objects.heads),
            Counter(name: "objects.lists", value: objects.lists),
            Counter(name: "objects.deletes", value: objects.deletes),
            Counter(name: "coordination.requests", value: world.coordinator.requestCount),
            Counter(name: "scheduler.steps", value: world.stepCount),
        ]
    }
}
