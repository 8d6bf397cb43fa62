import ArgumentParser
import Foundation
import JSON
import RunReports
import ScenarioFiles
import Simulation
import Workbench

/// One run with what surrounds it on a real machine: progress, processor time, files.
struct TankSession {
    struct Result {
        var report: RunReport

        var exitCode: Int32 {
            switch report.verdict {
            case .pass: 0
            case .fail: 1
            case .inconclusive: 2
            }
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
    private let seed: UInt64
    private let quiet: Bool

    init(_ scenario: Scenario, seed: UInt64, quiet: Bool) {
        self.scenario = scenario
        self.seed = seed
        self.quiet = quiet
    }

    func run() throws -> Result {
        let workloads = try makeWorkloads(scenario, seed: seed) { path in
            guard let data = FileManager.default.contents(atPath: path) else {
                throw WorkbenchError.unreadable(path: path, reason: "no such file")
            }
            return [UInt8](data)
        }
        let before = processorSeconds()
        let run = TankRun(scenario, seed: seed, workloads: workloads)
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
            reproduceCommand: "wavetank run \(scenario.path) --seed \(seed)")
        return Result(report: report)
    }
}

/// Processor seconds of this process so far.
func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// The most memory this process has held, in bytes.
func peakMemory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
}

/// How this program was compiled.
var buildDescription: String {
    #if DEBUG
        "debug"
    #else
        "release"
    #endif
}
