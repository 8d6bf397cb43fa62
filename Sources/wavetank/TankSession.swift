import ArgumentParser
import Foundation
import Glibc
import JSON
import RunReports
import ScenarioFiles
import Simulation
import Workbench
import Workloads

/// One run with what surrounds it on a real machine: progress, processor time, files.
struct TankSession {
    struct Result {
        var report: RunReport
        var failure: FailureFile?
        var world: SimulationWorld?
        /// The trace in little room, where it was asked for.
        var sketch: TraceSketch?
        /// What was measured, where the run serves as a benchmark.
        var figures: [BenchTank.Figure] = []

        var exitCode: Int32 {
            switch report.verdict {
            case .pass: 0
            case .fail: 1
            case .inconclusive: 2
            }
        }

        /// Writes the failure file, if there was a failure, and tells where.
        func saveFailure(in folder: String) throws -> String? {
            guard let failure else { return nil }
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            let name = URL(fileURLWithPath: failure.scenarioPath).deletingPathExtension()
                .lastPathComponent
            let path = "\(folder)/\(name)-seed-\(failure.seed).failure.json"
            try Data(failure.json.pretty.utf8).write(to: URL(fileURLWithPath: path))
            return path
        }

        func write(to folder: String) throws {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            let base = "\(folder)/run-\(report.seed)"
            try Data(report.json.pretty.utf8).write(to: URL(fileURLWithPath: base + ".json"))
            try Data(htmlPage(for: report).utf8).write(to: URL(fileURLWithPath: base + ".html"))
        }
    }

    private let scenario: Scenario
    /// The scenario file as it was read.
    private let text: String
    private let seed: UInt64
    /// Faults in place of those that the seed would draw.
    private var plan: FaultPlan?
    private let quiet: Bool
    /// Where the lake's tables are written to.
    var exportFolder: String?
    /// Events to keep in full, by their numbers.
    var keptEvents = 0..<0
    var isSketched = false
    /// Whether a failure is to be saved, which costs a second run of it.
    var savesFailure = false
    /// Which plan near the seed's own to take.
    var variant: [Int] = []
    /// A fault beside those of the plan.
    var strike: FaultKind?
    /// Prices for the costs among the figures; without them no figures are taken.
    var prices: BenchPrices?

    init(
        _ scenario: Scenario, text: String, seed: UInt64, plan: FaultPlan? = nil, quiet: Bool
    ) {
        self.scenario = scenario
        self.text = text
        self.seed = seed
        self.plan = plan
        self.quiet = quiet
    }

    /// The run, not yet begun.
    func makeRun() throws -> TankRun {
        let workloads: [any Workload]
        do {
            workloads = try makeWorkloads(scenario, seed: seed) { path in
                guard let data = FileManager.default.contents(atPath: path) else {
                    throw WorkbenchError.unreadable(path: path, reason: "no such file")
                }
                return [UInt8](data)
            }
        } catch {
            throw refusal("\(scenario.path): \(error)")
        }
        var faults = (plan ?? TankRun.plan(of: scenario, seed: seed, variant: variant)).faults
        if let strike {
            faults.insert(PlannedFault(at: .zero, duration: .zero, kind: strike), at: 0)
        }
        return TankRun(
            scenario, seed: seed, plan: FaultPlan(faults), workloads: workloads,
            keeping: keptEvents,
            isSketched: isSketched, measuredAt: prices)
    }

    func run() throws -> Result {
        let before = processorSeconds()
        let run = try makeRun()
        run.exportFolder = exportFolder.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        var lastProgress = Date.distantPast
        if !quiet {
            run.onProgress = { phase in
                if Date().timeIntervalSince(lastProgress) < 1 { return }
                lastProgress = Date()
                let simulated = Double(run.world.nanoseconds) / 1e9
                let speed = simulated / max(0.001, processorSeconds() - before)
                let text = String(
                    format: "%8.1f simulated seconds, %.0f a CPU second, %@\n", simulated, speed,
                    phase)
                FileHandle.standardError.write(Data(text.utf8))
            }
        }
        let verdict = run.run()
        let report = run.report(
            verdict, build: buildDescription, cpuSeconds: processorSeconds() - before,
            peakMemoryBytes: peakMemory(),
            reproduceCommand: reproduceCommand)
        if let lake = run.exportedLake, let folder = run.exportFolder {
            try LakeFolder(path: folder).write(lake)
        }
        return Result(
            report: report, failure: savesFailure ? try failure(run, report) : nil,
            world: run.world,
            sketch: run.endTrace.sketch, figures: run.figures)
    }

    var reproduceCommand: String {
        let isShortened =
            (try? Scenario.load(text: text, path: scenario.path))
            .map { $0.length != scenario.length } ?? false
        let seconds = isShortened ? " --seconds \(scenario.length.components.seconds)" : ""
        let struck = strike.map { " --strike \(StrikeOption($0))" } ?? ""
        let order = changedSchedule.map { " --schedule \($0.rawValue)" } ?? ""
        let names = variant.map(String.init).joined(separator: ".")
        let varied = names.isEmpty ? "" : " --variant \(names)"
        return "ci/wavetank run \(scenario.path) --seed \(seed)\(seconds)\(struck)\(order)\(varied)"
    }

    /// The order of jobs, where it is not what the scenario file says.
    private var changedSchedule: Schedule? {
        let written = try? Scenario.load(text: text, path: scenario.path).schedule
        return written == scenario.schedule ? nil : scenario.schedule
    }

    private func failure(_ run: TankRun, _ report: RunReport) throws -> FailureFile? {
        if report.verdict != .fail { return nil }
        return FailureFile(
            scenarioPath: scenario.path, scenarioText: text, seed: seed, length: scenario.length,
            plan: run.plan, build: report.build, traceHash: report.traceHash,
            verdict: report.verdict.rawValue,
            violations: report.oracles.flatMap { oracle in
                oracle.violations.map {
                    FailureFile.Violation(
                        oracle: oracle.name, message: $0.message,
                        at: .nanoseconds(Int64($0.atSeconds * 1e9)))
                }
            }, sketch: try sketch(of: run), schedule: changedSchedule)
    }

    /// The trace in little room: a failure is worth a second run, which has to be the same.
    private func sketch(of failed: TankRun) throws -> String? {
        if let sketch = failed.endTrace.sketch { return sketch.text }
        var again = self
        again.isSketched = true
        again.plan = failed.plan
        again.strike = nil
        let run = try again.makeRun()
        _ = run.run()
        if run.endTrace.hash != failed.endTrace.hash {
            say(
                "run again, the failure has another trace hash: the engine or the tank is not "
                    + "deterministic, which wavetank hunt --twice will show")
        }
        return run.endTrace.sketch?.text
    }
}

/// Processor seconds of this process so far.
func processorSeconds() -> Double { Double(clock()) / 1_000_000 }

/// The most memory this process has held, in bytes.
///
/// Not what `getrusage` says where Linux knows better: that starts from what the process held that
/// this one was started from.
func peakMemory() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    if let kilobytes = line?.split(separator: " ").compactMap({ Int($0) }).first {
        return kilobytes * 1024
    }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
}

/// The commit and how it was compiled; `ci/wavetank` names the commit in the environment.
var buildDescription: String {
    #if DEBUG
        let configuration = "debug"
    #else
        let configuration = "release"
    #endif
    let commit = ProcessInfo.processInfo.environment["WAVETANK_COMMIT"] ?? ""
    return commit.isEmpty ? configuration : "\(commit) \(configuration)"
}
