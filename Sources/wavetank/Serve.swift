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

    @Argument(help: "A scenario file.", completion: .file(extensions: ["yaml"]))
    var scenario: String

    @Option(help: "The folder of all data; made if need be.", completion: .directory)
    var data: String

    @Option(help: "For how many seconds the workloads run.")
    var seconds = 10

    @Option(help: "What the workloads are drawn from.")
    var seed: UInt64 = 1

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if seconds < 1 || seconds > 86_400 {
            throw ValidationError("--seconds is from 1 to 86400")
        }
    }

    func run() throws {
        var loaded = try loadScenario(scenario).scenario
        loaded.length = .seconds(seconds)
        let before = processorSeconds()
        let run: HostRun
        do {
            try FileManager.default.createDirectory(
                atPath: data, withIntermediateDirectories: true)
            let workloads = try makeWorkloads(loaded, seed: seed) { path in
                guard let bytes = FileManager.default.contents(atPath: path) else {
                    throw WorkbenchError.unreadable(path: path, reason: "no such file")
                }
                return [UInt8](bytes)
            }
            let folder = URL(fileURLWithPath: data).standardizedFileURL.path
            run = try HostRun(loaded, seed: seed, folder: folder, workloads: workloads)
        } catch {
            throw refusal("\(error)")
        }
        if !output.isQuiet { run.onProgress = { say("it is \($0)") } }
        var report = try run.run()
        report.build = buildDescription
        report.cpuSeconds = processorSeconds() - before
        report.peakMemoryBytes = peakMemory()
        report.reproduceCommand = "ci/wavetank serve \(scenario) --data \(data)"
        let result = TankSession.Result(report: report)
        try output.show(result)
        throw ExitCode(result.exitCode)
    }
}
