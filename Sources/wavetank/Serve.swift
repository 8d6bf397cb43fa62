import ArgumentParser
import Foundation
import RunReports
import ScenarioFiles
import Workbench
import Workloads

/// `wavetank serve`.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a scenario's cluster and workloads on this machine, and check them.",
        discussion: """
            The engine is the same that runs in the tank; here it has real files, sockets and \
            databases, all in one folder. Faults of the scenario are left out: kill the process \
            instead, as hard as you like, and serve the same folder again. It then goes on, and \
            holds what was acknowledged before against what is there.
            """)

    @Argument(
        help: "A scenario file; without one the cluster serves programs of others.",
        completion: .file(extensions: ["yaml"]))
    var scenario: String?

    @OptionGroup var cluster: ServedClusterOptions

    @Option(help: "The folder of all data; made if need be.", completion: .directory)
    var data: String?

    @Option(help: "For how many seconds the workloads run.")
    var seconds = 10

    @Option(help: "What the workloads are drawn from.", transform: parseSeed)
    var seed: UInt64 = 1

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if data == nil && (scenario != nil || cluster.config == nil) {
            throw ValidationError("name the folder of all data: --data DIR")
        }
        if scenario != nil && cluster.config != nil {
            throw ValidationError("--config is for serving programs of others, without a scenario")
        }
        if seconds < 1 || seconds > 86_400 {
            throw ValidationError("--seconds is from 1 to 86400")
        }
        if output.export != nil {
            throw ValidationError(
                "serve has no --export: its lake is in DIR/objects and its catalog in DIR already")
        }
    }

    func run() throws {
        guard let scenario, let data else {
            try cluster.serve(data)
            return
        }
        Interruption.handle()
        try output.prepare()
        let (read, text) = try loadScenario(scenario)
        var loaded = read
        loaded.length = .seconds(seconds)
        let before = processorSeconds()
        try makeFolder(data)
        let folder = URL(fileURLWithPath: data).standardizedFileURL.path
        let run: HostRun
        let workloads = try loadWorkloads(loaded, seed: seed)
        do {
            run = try HostRun(
                loaded, text: text, seed: seed, build: buildDescription, folder: folder,
                workloads: workloads)
        } catch {
            throw refusal("\(error)")
        }
        run.isInterrupted = { Interruption.isRequested }
        if !output.isQuiet {
            let start = Date()
            run.onProgress = { phase in
                let passed = Date().timeIntervalSince(start)
                ProgressLine.show(
                    phase, share: passed / Double(seconds),
                    secondsLeft: max(0, Double(seconds) - passed))
            }
        }
        var report = try run.run()
        report.build = buildDescription
        report.cpuSeconds = processorSeconds() - before
        report.peakMemoryBytes = peakMemory()
        report.reproduceCommand =
            "ci/wavetank serve \(scenario.shellQuoted) --data \(data.shellQuoted) "
            + "--seconds \(seconds) --seed \(seed)"
        let result = TankSession.Result(
            report: report, isInterrupted: Interruption.isRequested)
        if Interruption.isRequested { say("go on with: \(report.reproduceCommand)") }
        try output.show(result)
        throw ExitCode(result.exitCode)
    }
}
