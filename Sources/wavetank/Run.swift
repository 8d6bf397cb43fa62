import ArgumentParser
import Foundation
import JSON
import RunReports
import ScenarioFiles
import Simulation
import Workbench

/// `wavetank run`.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a scenario in the tank and say whether the engine held.")

    @Argument(help: "A scenario file.", completion: .file(extensions: ["yaml"]))
    var scenario: String

    @Option(help: "The sea to run in; the scenario's own seed if not given.")
    var seed: UInt64?

    @Option(help: "Run so many simulated seconds instead of the scenario's length.")
    var seconds: Int?

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @Flag(help: "Print no progress.")
    var quiet = false

    @Option(help: "Write the run's page and JSON to this folder.", completion: .directory)
    var report: String?

    func run() throws {
        let loaded = try loadScenario(scenario)
        let chosen = seconds.map { loaded.shortened(to: .seconds($0)) } ?? loaded
        let result = try TankSession(chosen, seed: seed ?? chosen.seed, quiet: quiet || json).run()
        if let report { try result.write(to: report) }
        print(json ? result.report.json.compact : textSummary(for: result.report))
        throw ExitCode(result.exitCode)
    }
}

/// Reads and checks a scenario file; its errors are printed one a line.
func loadScenario(_ path: String) throws -> Scenario {
    let text: String
    do {
        text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
        FileHandle.standardError.write(Data("\(path): cannot be read\n".utf8))
        throw ExitCode(3)
    }
    do {
        return try Scenario.load(text: text, path: path)
    } catch {
        FileHandle.standardError.write(Data("\(error)\n".utf8))
        throw ExitCode(3)
    }
}
