import Columnar
import Oracles
import Platform
public import RunReports
import ScenarioFiles
import Server
import Simulation
import Workloads

extension TankRun {
    // MARK: Verdict

    func verdict() -> Verdict {
        let errors = world.journal.notes.filter { $0.severity == .error }
        let firstDefect =
            errors.first.map { oracles.evidence.naming("\($0.node): \($0.message)") } ?? ""
        let checked = oracles.tallies.filter { scenario.checks.contains($0.name) }
        if scenario.expectedVerdict == .refusal {
            return Verdict.expectingRefusal(
                checked, named: scenario.namedChecks, unservedCount: refused + unknown,
                defectCount: errors.count, firstDefect: firstDefect)
        }
        return Verdict(
            checked, named: scenario.namedChecks,
            shortfall: work.shortfall(allowing: scenario.allowance), defectCount: errors.count,
            firstDefect: firstDefect)
    }

    /// The run's report; the caller adds what only it knows.
    public func report(
        _ verdict: Verdict, build: String, cpuSeconds: Double, peakMemoryBytes: Int,
        reproduceCommand: String
    ) -> RunReport {
        var report = RunReport(
            title: scenario.title, scenario: scenario.path, seed: world.seed, build: build,
            verdict: verdict.verdict, reason: verdict.reason,
            traceHash: hexadecimal(endTrace.hash, digits: 16), events: endTrace.eventCount,
            simulatedSeconds: Double(endNanoseconds) / 1e9, cpuSeconds: cpuSeconds,
            peakMemoryBytes: peakMemoryBytes, changesAcknowledged: acknowledged,
            changesRefused: refused, changesUnknown: unknown, reproduceCommand: reproduceCommand)
        report.oracles = oracles.tallies.filter { scenario.checks.contains($0.name) }.map(\.result)
        let reached = world.journal.probes
        report.probes = reached.map { ProbeResult(name: $0.name, count: $0.count) }
        let names = Set(reached.map(\.name))
        report.probes += EnginePart.allProbes.filter { !names.contains($0) }
            .map { ProbeResult(name: $0, count: 0) }
        report.notes = world.journal.notes.prefix(50).map {
            oracles.evidence.naming("\($0.node): \($0.message)")
        }
        report.notes += coverages.map(\.description)
        report.notes += drivers.flatMap { $0.workload.refusedLines.first }.prefix(20)
            .map(\.description)
        recorder.fill(&report)
        report.counters = counters()
        return report
    }

    /// What the run did of what it was asked for.
    private var work: WorkAccount {
        var work = WorkAccount(drivers)
        work.acknowledged = acknowledged
        work.refused = refused
        work.hasFaults = !faults.wholePlan.faults.isEmpty
        work.isShortened = scenario.isShortened
        return work
    }

    /// How much of its captures the run played.
    private var coverages: [CaptureCoverage] {
        drivers.compactMap { $0.workload.coverage(sentCount: $0.sentCount) }
    }

    func counters() -> [Counter] {
        let coverages = coverages
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
            Counter(
                name: "workload.refusedLines",
                value: drivers.reduce(0) { $0 + $1.workload.refusedLines.count }),
            Counter(
                name: "workload.capturedChangesPlayed",
                value: coverages.reduce(0) { $0 + $1.played.changeCount }),
            Counter(
                name: "workload.capturedChangesHeld",
                value: coverages.reduce(0) { $0 + $1.held.changeCount }),
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
