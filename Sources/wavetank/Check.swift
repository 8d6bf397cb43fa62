import ArgumentParser
import ScenarioFiles

/// `wavetank check`.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a scenario file without running it.")

    @Argument(help: "A scenario file.", completion: .file(extensions: ["yaml"]))
    var scenario: String

    func run() throws {
        let loaded = try loadScenario(scenario).scenario
        try show("\(scenario) is fine: \(loaded.title)")
    }
}
