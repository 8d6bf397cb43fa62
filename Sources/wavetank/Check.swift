import ArgumentParser
import ScenarioFiles
import Workbench

/// `wavetank check`.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a scenario file without running it.")

    @Argument(help: "A scenario file.", completion: .file(extensions: ["yaml"]))
    var scenario: String

    func run() throws {
        let text = try readInputText(scenario)
        if EndpointScenario.isDescribed(by: text) {
            try show("\(scenario) is fine: \(try loadEndpoints(scenario).title)")
            return
        }
        let loaded = try loadScenario(scenario).scenario
        // What captures hold shows only when they are read.
        _ = try loadWorkloads(loaded, seed: loaded.seed)
        try show("\(scenario) is fine: \(loaded.title)")
    }
}
