public import ArgumentParser
import Foundation
import RunReports
public import ScenarioFiles
import Workbench
import Workloads

/// `wavetank run`.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a scenario in the tank and say whether the engine held.",
        discussion: """
            With --host it runs on this machine: every node is a process of its own, on real \
            files and loopback sockets, in real time. Faults of the scenario that can be real \
            befall it (kill -9, SIGSTOP, links through a proxy that cuts, delays and slows them, \
            a file system that fills, a database that somebody holds locked); what cannot be real \
            is listed, as are the oracles that cannot look from outside. At the end all processes \
            are killed, and the oracles look at what is on the disks. Then the same runs in the \
            tank, with the same faults, and the report puts both side by side. \
            \(TankComparison.formula) With a cost model of this machine (wavetank calibrate) the \
            tank's figures come closer.
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
        help: ArgumentHelp(
            "Strike one operation, as in disk:1234:crash; see sweep.",
            valueName: "place:number:effect"))
    var strike: StrikeOption?

    @Option(help: "A plan of faults near the seed's own, as a guided hunt names it: 3.1.")
    var variant: VariantOption?

    @Option(help: "Order jobs that could run at one instant otherwise than the scenario says.")
    var schedule: Schedule?

    @Flag(help: "Run on this machine, each node as a process, and compare it with the tank.")
    var host = false

    @Option(
        help: ArgumentHelp(
            "With --host, an empty folder for everything of the run, which stays; else one is "
                + "made, and removed after a pass.", valueName: "dir"),
        completion: .directory)
    var data: String?

    @Option(
        help: ArgumentHelp(
            "A cost model for the tank in place of the scenario's own; see calibrate.",
            valueName: "file"), completion: .file(extensions: ["yaml"]))
    var costs: String?

    @OptionGroup var redraw: RedrawOptions

    @Option(help: .hidden) var path: String?
    @Flag(help: .hidden) var noSave = false

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if data != nil && !host { throw ValidationError("--data is for --host") }
        if !host { return }
        let odd: [(String, Bool)] = [
            ("--strike", strike != nil), ("--variant", variant != nil),
            ("--schedule", schedule != nil), ("--redraw", redraw.redraw != nil),
            ("--export", output.export != nil),
        ]
        for (name, isGiven) in odd where isGiven {
            throw ValidationError("\(name) is for runs in the tank, not with --host")
        }
    }

    func run() throws {
        Interruption.handle()
        try output.prepare()
        let (loaded, text) = try loadScenario(scenario, as: path, costs: costs)
        var chosen = seconds.map { loaded.shortened(to: .seconds($0)) } ?? loaded
        chosen.schedule = schedule ?? chosen.schedule
        var session = try TankSession(
            chosen, text: text, seed: seed ?? chosen.seed, quiet: output.isQuiet)
        if host {
            let result = try hostSession(session).run()
            try output.show(result)
            throw ExitCode(result.exitCode)
        }
        session.exportFolder = output.export
        session.savesFailure = !noSave && redraw.redraw == nil
        session.strike = strike?.fault
        session.redraw = redraw.redraw
        session.variant = variant?.numbers ?? []
        session.costs = costs
        let result = try session.run()
        try output.show(result)
        throw ExitCode(result.exitCode)
    }
}

extension Run {
    private func hostSession(_ tank: TankSession) -> HostSession {
        var command = "ci/wavetank run --host \(scenario.shellQuoted)"
        if let seed { command += " --seed \(seed)" }
        if let seconds { command += " --seconds \(seconds)" }
        if let costs { command += " --costs \(costs.shellQuoted)" }
        return HostSession(
            scenario: tank.scenario, text: tank.text, seed: tank.seed, data: data,
            isQuiet: output.isQuiet, reproduceCommand: command)
    }
}

/// Reads and checks a scenario file; its errors are printed one a line.
///
/// `name` replaces the path in messages, and as the place from which captures are seen; `costs` is
/// a file whose cost model takes the place of the scenario's own.
func loadScenario(
    _ path: String, as name: String? = nil, settings: [ScenarioSetting] = [],
    costs: String? = nil
) throws -> (scenario: Scenario, text: String) {
    let written = try readInputText(path)
    let chosen = costs.map { Scenario.settingCosts(written, to: $0) } ?? written
    let text = try Scenario.inliningCosts(chosen) { model in
        let folder = URL(fileURLWithPath: name ?? path).deletingLastPathComponent()
        let place =
            costs != nil || model.hasPrefix("/")
            ? model : folder.appendingPathComponent(model).path
        return try readInputText(place)
    }
    do {
        return (try Scenario.load(text: text, path: name ?? path, settings: settings), text)
    } catch {
        throw refusal("\(error)")
    }
}

/// The workloads of a scenario with their captures; what is wrong is said with its line.
func loadWorkloads(
    _ scenario: Scenario, seed: UInt64,
    read: (_ path: String) throws -> [UInt8] = { [UInt8](try readInput($0)) }
) throws -> [any Workload] {
    do { return try makeWorkloads(scenario, seed: seed, read: read) } catch {
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

/// A seed on the command line.
func parseSeed(_ text: String) throws -> UInt64 {
    guard let seed = UInt64(text) else {
        throw ValidationError("a seed is a whole number from 0 to \(UInt64.max), not '\(text)'")
    }
    return seed
}

/// A number of simulated seconds on the command line.
func parseSeconds(_ text: String) throws -> Int {
    guard let seconds = Int(text), (1...31_536_000).contains(seconds) else {
        throw ValidationError("seconds are a whole number from 1 to 31536000, not '\(text)'")
    }
    return seconds
}

/// Seconds of real time after which something is stopped.
func parsePatience(_ text: String) throws -> Int {
    guard let seconds = Int(text), (1...604_800).contains(seconds) else {
        throw ValidationError("--patience is from 1 to 604800 seconds, not '\(text)'")
    }
    return seconds
}
