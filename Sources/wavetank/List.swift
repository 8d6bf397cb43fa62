import ArgumentParser
import Foundation
import ScenarioFiles

/// `wavetank list`.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the scenarios in a folder with their titles.")

    @Argument(help: "A folder.", completion: .directory)
    var folder = "Scenarios"

    func run() throws {
        let files = try scenarioFiles(in: shortPath(folder))
        if files.isEmpty { throw refusal("\(folder): has no scenario file") }
        var lines: [String] = []
        for file in files {
            let text = try readInputText(file)
            let title =
                EndpointScenario.isDescribed(by: text)
                ? try loadEndpoints(file).title : try loadScenario(file).scenario.title
            lines.append("\(file)\n    \(title)")
        }
        try show(lines.joined(separator: "\n"))
    }
}
