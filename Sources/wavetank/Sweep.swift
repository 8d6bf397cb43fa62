public import ArgumentParser
import Foundation
import RunReports
public import ScenarioFiles
import Server
import Simulation
import Synchronization
import Workbench

/// `wavetank sweep`.
struct Sweep: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a scenario once for each operation in it, with a fault exactly there.",
        discussion: """
            A reference run counts every operation that has an effect: on disks, on the network, \
            at the object store, the coordination service and the lake catalog. Then each gets a \
            run of its own, the same up to the operation, in which its node crashes or loses \
            power once it has taken effect, or the service's answer to it is lost. Where there \
            are more than --runs, they are spread evenly, and it says how many were struck. Exit \
            codes as those of hunt.
            """)

    @Argument(help: "A scenario file.", completion: .file(extensions: ["yaml"]))
    var scenario: String

    @Option(help: "The sea to run in; the scenario's own seed if not given.")
    var seed: UInt64?

    @Option(help: "Run so many simulated seconds instead of the scenario's length.")
    var seconds: Int?

    @Option(
        parsing: .upToNextOption,
        help: "Places to strike: disk, network, objectStore, coordination, lakeCatalog.")
    var places: [OperationPlace] = OperationPlace.allCases

    @Option(
        parsing: .upToNextOption, help: "What strikes: crash, powerLoss, lostAnswer.")
    var effects: [StrikeEffect] = StrikeEffect.allCases

    @Option(help: "The most runs to make.")
    var runs = 1000

    @Option(help: "Worker processes at a time.")
    var jobs = max(1, ProcessInfo.processInfo.activeProcessorCount)

    @Option(help: "Stop a worker after as many seconds and count it as failed.")
    var patience = 300

    @OptionGroup var output: HuntOutput

    func validate() throws {
        if jobs < 1 || jobs > 256 { throw ValidationError("--jobs is from 1 to 256") }
        if runs < 1 { throw ValidationError("--runs is at least 1") }
        if let seconds, seconds < 1 { throw ValidationError("--seconds is at least 1") }
    }

    func run() throws {
        let (loaded, text) = try loadScenario(scenario)
        let chosen = seconds.map { loaded.shortened(to: .seconds($0)) } ?? loaded
        let seed = seed ?? chosen.seed
        let reference = try TankSession(chosen, text: text, seed: seed, quiet: true).makeRun()
        reference.world.keepOperationOwners()
        let verdict = reference.run()
        if verdict.verdict == .fail {
            throw refusal("the reference run fails already: \(verdict.reason)")
        }
        let strikes = choose(from: reference)
        let board = HuntBoard(
            HuntProgress(done: [], total: strikes.count, limit: nil, log: nil))
        DispatchQueue.concurrentPerform(iterations: jobs) { job in
            for number in stride(from: job, to: strikes.count, by: jobs) {
                let strike = "\(strikes[number])"
                var result = SeedWorker(patience: patience).run(
                    scenario, seed: seed, seconds: seconds, extra: ["--strike", strike])
                // Each strike is a case of its own, though scenario and seed are the same.
                result.scenario += " " + strike
                board.done(result)
            }
        }
        try output.show(HuntReport(board.results))
    }

    /// The strikes to make, evenly over all that there could be, by place and effect.
    private func choose(from reference: TankRun) -> [StrikeOption] {
        let all = places.flatMap { place -> [StrikeOption] in
            let owners = reference.world.operationOwners(Strike.Place(rawValue: place.rawValue)!)
            // What clients do is not what is tested here.
            let numbers = owners.indices.filter { owner in
                NodeName(owners[owner]).map { $0.role != .client } ?? false
            }
            return effects.filter(place.allows).flatMap { effect in
                numbers.map {
                    StrikeOption(.strike(place: place, operation: $0, effect: effect))
                }
            }
        }
        let count = min(runs, all.count)
        let chosen = (0..<count).map { all[$0 * all.count / count] }
        for place in places {
            for effect in effects where place.allows(effect) {
                let group = "\(place.rawValue):"
                func tally(_ strikes: [StrikeOption]) -> Int {
                    strikes.count {
                        let name = $0.description
                        return name.hasPrefix(group) && name.hasSuffix(":\(effect.rawValue)")
                    }
                }
                say("\(place) \(effect): \(tally(chosen)) of \(tally(all)) operations struck")
            }
        }
        return chosen
    }
}

extension OperationPlace: ExpressibleByArgument {}
extension StrikeEffect: ExpressibleByArgument {}
