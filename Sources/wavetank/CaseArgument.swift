import ArgumentParser
import ScenarioFiles
import Workbench

/// A run to look at: a saved failure, or a scenario with a seed.
struct CaseArgument: ParsableArguments {
    @Argument(
        help: "A failure file, or a scenario file.",
        completion: .file(extensions: ["json", "yaml"]))
    var file: String

    @Option(help: "The sea to run a scenario in; its own seed if not given.")
    var seed: UInt64?

    @Option(help: "Run a scenario for so many simulated seconds instead of its length.")
    var seconds: Int?

    init() {}

    /// As if the file were given alone.
    init(_ file: String) {
        self.file = file
        seed = nil
        seconds = nil
    }

    func validate() throws {
        if isFailure && (seed != nil || seconds != nil) {
            throw ValidationError("a failure file has its seed and its length")
        }
        if let seconds, seconds < 1 { throw ValidationError("--seconds is at least 1") }
    }

    private var isFailure: Bool { file.hasSuffix(".json") }

    func session() throws -> TankSession {
        if isFailure { return try TankSession(loadFailure(file), from: file) }
        let (loaded, text) = try loadScenario(file)
        let chosen = seconds.map { loaded.shortened(to: .seconds($0)) } ?? loaded
        return TankSession(chosen, text: text, seed: seed ?? chosen.seed, quiet: true)
    }
}

extension TankSession {
    /// The run that a failure file saved.
    init(_ saved: FailureFile, from file: String, quiet: Bool = true) throws {
        var scenario: Scenario
        do {
            scenario = try Scenario.load(text: saved.scenarioText, path: saved.scenarioPath)
        } catch {
            throw refusal("\(file): the scenario in it: \(error)")
        }
        scenario.length = saved.length
        scenario.schedule = saved.schedule ?? scenario.schedule
        self.init(
            scenario, text: saved.scenarioText, seed: saved.seed, plan: saved.plan, quiet: quiet)
    }
}
