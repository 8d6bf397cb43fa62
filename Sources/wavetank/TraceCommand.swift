import ArgumentParser
import RunReports
import ScenarioFiles
import Simulation
import Workbench

/// `wavetank trace`.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Print the events of a run, to find where two builds or machines differ.",
        discussion: """
            Without --from it prints the hash after every 4,096 events; compare the output of two \
            builds with diff, then print the events of the first stretch that differs.
            """)

    @Argument(help: "A scenario file.", completion: .file(extensions: ["yaml"]))
    var scenario: String

    @Option(help: "The sea to run in; the scenario's own seed if not given.")
    var seed: UInt64?

    @Option(help: "Run so many simulated seconds instead of the scenario's length.")
    var seconds: Int?

    @Option(help: "The number of the first event to print, from 0.")
    var from: Int?

    @Option(help: "How many events to print.")
    var count = 4096

    func validate() throws {
        if let from, from < 0 || from > 1 << 40 {
            throw ValidationError("--from is not negative")
        }
        if count < 1 || count > 10_000_000 {
            throw ValidationError("--count is from 1 to 10000000")
        }
    }

    func run() throws {
        let (loaded, text) = try loadScenario(scenario)
        let chosen = seconds.map { loaded.shortened(to: .seconds($0)) } ?? loaded
        var session = TankSession(chosen, text: text, seed: seed ?? chosen.seed, quiet: true)
        session.keptEvents = from.map { $0..<$0 + count } ?? 0..<0
        guard let world = try session.run().world else { return }
        if let from {
            for (number, event) in world.keptEvents.enumerated() {
                print("\(from + number) \(event)")
            }
        } else {
            for (number, hash) in world.trace.checkpoints.enumerated() {
                print((number + 1) * Trace.checkpointInterval, String(hash, radix: 16))
            }
            print(world.trace.eventCount, String(world.trace.hash, radix: 16))
        }
    }
}
