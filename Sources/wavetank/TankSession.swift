import ArgumentParser
import Foundation
import Glibc
import JSON
import Platform
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

        /// The tables of the lake, where they were asked for.
        var lake: ExportedLake?
        /// Whether the run was asked to end before it had come to its end.
        var isInterrupted = false

        /// The name that files of this run share: no other run has it.
        private var stem: String {
            let name = URL(fileURLWithPath: report.scenario).deletingPathExtension()
                .lastPathComponent
            return "\(name)-seed-\(report.seed)"
        }

        /// Writes the failure file, if there was a failure, and tells where.
        func saveFailure(in folder: String) throws -> String? {
            guard let failure else { return nil }
            try makeFolder(folder)
            let path = "\(folder)/\(stem)-\(failure.traceHash.prefix(8)).failure.json"
            try OutputFile(path, .failure).replace(failure.json.pretty)
            return path
        }

        /// Writes the report and its page; where the page is.
        func write(_ report: RunReport, to folder: String) throws -> String {
            try makeFolder(folder)
            var base = "\(folder)/run-\(stem)-\(report.traceHash.prefix(8))"
            if report.traceHash.isEmpty {
                // On the real machine no run is another one again.
                var number = 1
                repeat {
                    let kind = report.comparison == nil ? "serve" : "host"
                    base = "\(folder)/\(kind)-\(stem)-\(number)"
                    number += 1
                } while FileManager.default.fileExists(atPath: base + ".json")
            }
            try OutputFile(base + ".json", .report).replace(report.json.pretty)
            try OutputFile(base + ".html", .page).replace(htmlPage(for: report))
            return base + ".html"
        }
    }

    /// With the settings that its seed has drawn.
    let scenario: Scenario
    /// The scenario file as it was read.
    let text: String
    let seed: UInt64
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
    /// The file that has the cost model, where it is not the scenario that names it.
    var costs: String?
    /// A fault beside those of the plan.
    var strike: FaultKind?
    /// Prices for the costs among the figures; without them no figures are taken.
    var prices: BenchPrices?
    /// The failure file that the run is of, if it is of one.
    var failurePath: String?
    /// Draws everything anew from a moment on; nil to draw all as the seed says.
    var redraw: Redraw?

    init(
        _ scenario: Scenario, text: String, seed: UInt64, plan: FaultPlan? = nil, quiet: Bool
    ) throws {
        self.seed = seed
        self.plan = plan
        self.quiet = quiet
        guard scenario.drawsSettings else {
            self.scenario = scenario
            self.text = text
            return
        }
        let random = RandomStream(seed: seed, label: "settings")
        let draw = try SettingDraw(text: text, path: scenario.path) { random.next(in: 0..<$0) }
        var drawn = scenario
        drawn.cluster = draw.scenario.cluster
        drawn.workloads = draw.scenario.workloads
        drawn.drawsSettings = false
        self.scenario = drawn
        self.text = draw.text
        if !quiet { say("drawn: " + draw.settings.map(\.description).joined(separator: ", ")) }
    }

    /// The run, not yet begun.
    func makeRun() throws -> TankRun {
        let workloads = try loadWorkloads(scenario, seed: seed)
        if exportFolder != nil { LakeFolder.warn(ofColumnsIn: workloads.flatMap(\.tables)) }
        var faults = (plan ?? TankRun.plan(of: scenario, seed: seed, variant: variant)).faults
        if let redraw {
            // What began before the moment goes on, and what would begin later is drawn anew.
            let other = TankRun.plan(of: scenario, seed: seed ^ (redraw.number &* 0x9E37_79B9))
            faults = faults.filter { $0.at <= redraw.at }
            faults += other.faults.filter { $0.at > redraw.at }
        }
        if let strike {
            faults.insert(PlannedFault(at: .zero, duration: .zero, kind: strike), at: 0)
        }
        let run = TankRun(
            scenario, seed: seed, plan: FaultPlan(faults), workloads: workloads,
            keeping: keptEvents,
            isSketched: isSketched, measuredAt: prices)
        run.world.redraw = redraw
        return run
    }

    func run() throws -> Result {
        let before = processorSeconds()
        let run = try makeRun()
        run.exportFolder = exportFolder.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        let start = Date()
        if !quiet {
            let length = Double(scenario.length.components.seconds)
            run.onProgress = { phase in
                let simulated = Double(run.world.nanoseconds) / 1e9
                let speed = simulated / max(0.001, processorSeconds() - before)
                let share = length > 0 ? min(1, simulated / length) : 1
                let passed = Date().timeIntervalSince(start)
                ProgressLine.show(
                    "\(phase), \(Int(simulated)) simulated s at \(Int(min(speed, 1e9))) a second",
                    share: share, secondsLeft: share > 0 ? passed * (1 - share) / share : nil)
            }
        }
        // Of a run that is drawn anew only whether it fails is asked.
        let endsAtViolation = redraw != nil
        run.isInterrupted = {
            Interruption.isRequested || endsAtViolation && run.isViolated
        }
        let verdict = run.run()
        let report = run.report(
            verdict, build: buildDescription, cpuSeconds: processorSeconds() - before,
            peakMemoryBytes: peakMemory(),
            reproduceCommand: reproduceCommand)
        if !Interruption.isRequested { try checkStrike(in: run) }
        return Result(
            report: report, failure: savesFailure ? try failure(run, report) : nil,
            world: run.world,
            sketch: run.endTrace.sketch, figures: run.figures, lake: run.exportedLake,
            isInterrupted: Interruption.isRequested)
    }

    /// Refuses a strike at an operation that the run never came to: nothing was struck.
    private func checkStrike(in run: TankRun) throws {
        guard let (place, number, _) = strike?.struck,
            let counted = Strike.Place(rawValue: place.rawValue)
        else { return }
        let count = run.world.operationCount(counted)
        if number < count { return }
        throw refusal(
            "--strike: the run has \(count) operations at \(place.rawValue), numbered from 0; "
                + "there is no operation \(number)")
    }

    /// The line that does the run again, to be pasted into a shell.
    var reproduceCommand: String {
        if let failurePath { return "ci/wavetank replay \(failurePath.shellQuoted)" }
        let isShortened =
            (try? Scenario.load(text: text, path: scenario.path))
            .map { $0.length != scenario.length } ?? false
        let seconds = isShortened ? " --seconds \(scenario.length.components.seconds)" : ""
        let struck = strike.map { " --strike \(StrikeOption($0))" } ?? ""
        let order = changedSchedule.map { " --schedule \($0.rawValue)" } ?? ""
        let names = variant.map(String.init).joined(separator: ".")
        let varied = names.isEmpty ? "" : " --variant \(names)"
        let model = costs.map { " --costs \($0.shellQuoted)" } ?? ""
        return "ci/wavetank run \(scenario.path.shellQuoted) --seed \(seed)"
            + "\(seconds)\(struck)\(order)\(varied)\(model)"
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

/// As `peakMemory`, since it was asked for the last time, where the system can begin anew.
func peakMemorySinceLast() -> Int {
    let peak = peakMemory()
    try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    return peak
}
