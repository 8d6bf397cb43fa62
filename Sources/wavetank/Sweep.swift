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

    @Option(help: "The seed; the scenario's own if not given.", transform: parseSeed)
    var seed: UInt64?

    @Option(
        help: "Run for fewer simulated seconds than the scenario's length.",
        transform: parseSeconds)
    var seconds: Int?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Places to strike: disk, network, objectStore, coordination, lakeCatalog, "
                + "vectorService."))
    var places: [OperationPlace] = OperationPlace.allCases

    @Option(
        parsing: .upToNextOption, help: "What strikes: crash, powerLoss, lostAnswer.")
    var effects: [StrikeEffect] = StrikeEffect.allCases

    @Option(help: "The most runs to make.")
    var runs = 1000

    @Option(help: "Worker processes at a time.")
    var jobs = max(1, ProcessInfo.processInfo.activeProcessorCount)

    @Option(
        help: "Stop a worker after as many seconds and count its run as inconclusive.",
        transform: parsePatience)
    var patience = 300

    @OptionGroup var output: HuntOutput

    func validate() throws {
        if jobs < 1 || jobs > 256 { throw ValidationError("--jobs is from 1 to 256") }
        if runs < 1 || runs > 10_000_000 { throw ValidationError("--runs is from 1 to 10000000") }
    }

    private var settings: String { seconds.map { "--seconds \($0)" } ?? "" }

    func run() throws {
        Interruption.handle()
        try output.prepare()
        let origin = try HuntSelection([scenario], filter: nil, options: settings)
        let (loaded, text) = try loadScenario(scenario)
        let chosen = seconds.map { loaded.shortened(to: .seconds($0)) } ?? loaded
        let seed = seed ?? chosen.seed
        let reference = try TankSession(chosen, text: text, seed: seed, quiet: true).makeRun()
        reference.world.keepOperationOwners()
        reference.isInterrupted = { Interruption.isRequested }
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
                if Interruption.isRequested { return }
                result.origin = origin.origins[shortPath(scenario)]
                // Each strike is a case of its own, though scenario and seed are the same.
                result.scenario += " " + strike
                board.done(result)
            }
        }
        try output.show(HuntReport(board.results))
    }

    /// One kind of strike at one kind of place, and the operations that could be struck so.
    private struct Group {
        var place: OperationPlace
        var effect: StrikeEffect
        var operations: [Int]
        var share = 0
    }

    /// The strikes to make: each kind gets its share of the runs, and at least one.
    private func choose(from reference: TankRun) -> [StrikeOption] {
        var groups: [Group] = []
        for place in places {
            let owners = reference.world.operationOwners(Strike.Place(rawValue: place.rawValue)!)
            // What clients do is not what is tested here.
            let operations = owners.indices.filter { owner in
                NodeName(owners[owner]).map { $0.role != .client } ?? false
            }
            for effect in effects where place.allows(effect) {
                groups.append(Group(place: place, effect: effect, operations: operations))
            }
        }
        Self.divide(runs, among: &groups)
        var chosen: [StrikeOption] = []
        for group in groups {
            let count = group.operations.count
            chosen += (0..<group.share).map {
                StrikeOption(
                    .strike(
                        place: group.place, operation: group.operations[$0 * count / group.share],
                        effect: group.effect))
            }
            say("\(group.place) \(group.effect): \(group.share) of \(count) operations struck")
        }
        return chosen
    }

    /// Deals runs out one after the other to the kind that has the smallest part of its own.
    private static func divide(_ runs: Int, among groups: inout [Group]) {
        let all = groups.reduce(0) { $0 + $1.operations.count }
        if runs >= all {
            for position in groups.indices {
                groups[position].share = groups[position].operations.count
            }
            return
        }
        var left = runs
        for position in groups.indices where left > 0 && !groups[position].operations.isEmpty {
            groups[position].share = 1
            left -= 1
        }
        while left > 0 {
            let open = groups.indices.filter {
                groups[$0].share < groups[$0].operations.count
            }
            guard
                let next = open.min(by: {
                    groups[$0].share * groups[$1].operations.count
                        < groups[$1].share * groups[$0].operations.count
                })
            else { return }
            groups[next].share += 1
            left -= 1
        }
    }
}

extension OperationPlace: ExpressibleByArgument {}
extension StrikeEffect: ExpressibleByArgument {}
