public import ArgumentParser
import Foundation
public import ScenarioFiles

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

    @Option(
        help: ArgumentHelp(
            "Strike one operation, as in disk:1234:crash; see sweep.",
            valueName: "place:number:effect"))
    var strike: StrikeOption?

    @Option(help: "A plan of faults near the seed's own, as a guided hunt names it: 3.1.")
    var variant: VariantOption?

    @Option(help: "Order jobs that could run at one instant otherwise than the scenario says.")
    var schedule: Schedule?

    @Option(help: .hidden) var path: String?
    @Flag(help: .hidden) var noSave = false

    @OptionGroup var output: OutputOptions

    func run() throws {
        let (loaded, text) = try loadScenario(scenario, as: path)
        var chosen = seconds.map { loaded.shortened(to: .seconds($0)) } ?? loaded
        chosen.schedule = schedule ?? chosen.schedule
        var session = TankSession(
            chosen, text: text, seed: seed ?? chosen.seed, quiet: output.isQuiet)
        session.exportFolder = output.export
        session.savesFailure = !noSave
        session.strike = strike?.fault
        session.variant = variant?.numbers ?? []
        let result = try session.run()
        try output.show(result)
        throw ExitCode(result.exitCode)
    }
}

/// Reads and checks a scenario file; its errors are printed one a line.
///
/// `name` replaces the path in messages, and as the place from which captures are seen.
func loadScenario(
    _ path: String, as name: String? = nil, settings: [ScenarioSetting] = []
) throws -> (scenario: Scenario, text: String) {
    let text: String
    do {
        text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
        throw refusal("\(path): cannot be read")
    }
    do {
        return (try Scenario.load(text: text, path: name ?? path, settings: settings), text)
    } catch {
        throw refusal("\(error)")
    }
}

extension Schedule: ExpressibleByArgument {}

/// Changes to a plan of faults on the command line: `3.1`.
struct VariantOption: ExpressibleByArgument {
    let numbers: [Int]

    init?(argument: String) {
        let parts = argument.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0) }
        if numbers.count != parts.count || numbers.contains(where: { $0 < 1 }) { return nil }
        self.numbers = numbers
    }
}
