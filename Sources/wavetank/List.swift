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
        let files =
            FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        for file in files.sorted() where file.hasSuffix(".yaml") {
            let scenario = try loadScenario("\(folder)/\(file)").scenario
            print("\(folder)/\(file)\n    \(scenario.title)")
        }
    }
}
