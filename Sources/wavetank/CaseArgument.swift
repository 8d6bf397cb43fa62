import ArgumentParser
import ScenarioFiles
import Workbench

/// A run to look at: a saved failure, or a scenario with a seed.
struct CaseArgument: ParsableArguments {
    @Argument(
        help: "A failure file, or a scenario file.",
        completion: .file(extensions: ["json", "yaml"]))
    var file: String

    @Option(
        help: "The seed to run a scenario with; its own if not given.", transform: parseSeed)
    var seed: UInt64?

    @Option(
        help: "Run a scenario for fewer simulated seconds than its length.",
        transform: parseSeconds)
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
    }

    private var isFailure: Bool { file.hasSuffix(".json") }

    func session() throws -> TankSession {
        if isFailure { return try TankSession(loadFailure(file), from: file) }
        let (loaded, text) = try loadScenario(file)
        let chosen = seconds.map { loaded.shortened(to: .seconds($0)) } ?? loaded
        return try TankSession(chosen, text: text, seed: seed ?? chosen.seed, quiet: true)
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
        try self.init(
            scenario, text: saved.scenarioText, seed: saved.seed, plan: saved.plan, quiet: quiet)
        failurePath = file
    }
}
