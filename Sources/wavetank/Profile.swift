import ArgumentParser
import JSON
import ScenarioFiles
import Workbench
import Workloads

/// `wavetank profile`.
struct Profile: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw what a scenario's workloads generate, beside what they state.",
        discussion: """
            No cluster is run. Exit code 1 if a figure is outside its stated bounds; few changes \
            make figures uneven.
            """)

    @Argument(help: "A scenario file.", completion: .file(extensions: ["yaml"]))
    var scenario: String

    @Option(help: "Changes to look at, of each workload.")
    var changes = 100_000

    @Option(help: "The seed, if not that of the scenario.")
    var seed: UInt64?

    @Flag(help: "Print JSON instead of text.")
    var json = false

    func validate() throws {
        if changes < 1 || changes > 100_000_000 {
            throw ValidationError("--changes is from 1 to 100000000")
        }
    }

    func run() throws {
        let loaded = try loadScenario(scenario).scenario
        let workloads = try loadWorkloads(loaded, seed: seed ?? loaded.seed)
        let profiles = zip(loaded.workloads, workloads).map { options, workload in
            (options.name, WorkloadProfile(workload, changeCount: changes))
        }
        try show(
            json
                ? JSONValue.array(profiles.map { $1.json(name: $0) }).pretty
                : profiles.map { $1.text(name: $0) }.joined(separator: "\n"))
        if !profiles.allSatisfy(\.1.isInside) { throw ExitCode(1) }
    }
}
