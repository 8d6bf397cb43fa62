import ArgumentParser
import Host
import JSON
import Platform
import RunReports
import ScenarioFiles
import Simulation

/// `wavetank speed`.
struct Speed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how fast runs are on this machine, and where their time goes.",
        discussion: """
            Without a scenario the world is empty but for pairs of tasks that wake each other and \
            wait for timers, and what counts is the tank itself. A step is a job that ran or an \
            event that came due.

            --profile looks 997 times a processor second which function runs, and sums up by \
            module: a module's share is that of its functions and of what they called of the \
            Swift runtime, the allocator and C libraries. In release, small functions count for \
            those that they are compiled into.
            """)

    @Argument(
        help: "A scenario to run with its own seed; an empty world if not given.",
        completion: .file(extensions: ["yaml"]))
    var scenario: String?

    @Option(help: "Run the scenario for fewer simulated seconds.", transform: parseSeconds)
    var seconds: Int?

    @Flag(help: "Show where the processor time goes, by module and function.")
    var profile = false

    @Option(help: "Functions that a profile lists.")
    var functions = 25

    @Flag(help: "Print JSON instead of text.")
    var json = false

    @Option(help: "Machines in the world, each with one pair of tasks.")
    var machines = 10

    @Option(help: "Millions of steps.")
    var millions = 10

    func validate() throws {
        if machines < 1 || machines > 10_000 || millions < 1 || millions > 10_000 {
            throw ValidationError("--machines and --millions are from 1 to 10000")
        }
        if functions < 1 || functions > 10_000 {
            throw ValidationError("--functions is from 1 to 10000")
        }
        if scenario == nil && seconds != nil {
            throw ValidationError("--seconds is for a scenario")
        }
    }

    func run() throws {
        let session = try scenario.map { path in
            let (loaded, text) = try loadScenario(path)
            let chosen = seconds.map { loaded.shortened(to: .seconds($0)) } ?? loaded
            return try TankSession(chosen, text: text, seed: chosen.seed, quiet: true)
        }
        let sampler = profile ? ProcessorSampler(seconds: 600) : nil
        let before = processorSeconds()
        try sampler?.start()
        let stepCount: Int
        let what: String
        if let session {
            let result = try session.run()
            stepCount = result.world?.stepCount ?? result.report.events
            what = "\(scenario!): \(result.report.verdict.rawValue)"
        } else {
            stepCount = runEmptyWorld()
            what = "\(machines) machines"
        }
        let spent = processorSeconds() - before
        let samples = sampler?.stop() ?? []
        try tell(what, stepCount, spent, samples)
    }

    private func tell(
        _ what: String, _ stepCount: Int, _ seconds: Double,
        _ samples: [[ProcessorSampler.Frame]]
    ) throws {
        let rate = Int((Double(stepCount) / seconds / 1e4).rounded())
        let found = ProcessorProfile(
            samples.map { frames in
                frames.map { (SampledFunction(demangled: $0.function), $0.library) }
            })
        if json {
            let value: JSONValue = [
                "what": .string(what), "steps": .integer(Int64(stepCount)),
                "processorSeconds": .number(seconds),
                "profile": profile ? found.json : .null,
            ]
            return try show(value.compact)
        }
        try show(
            "\(stepCount) steps of \(what): \(rate / 100).\(rate % 100 / 10)\(rate % 10) million a "
                + "second of one core")
        if profile { try show("\n" + found.text(functions: functions)) }
    }

    /// Runs pairs of tasks; answers how many steps they took.
    private func runEmptyWorld() -> Int {
        let world = SimulationWorld(seed: 1)
        for number in 1...machines {
            let name = "machine-\(number)"
            world.addMachine(name)
            world.start(name) { machine in
                let ping = Signal(machine)
                let pong = Signal(machine)
                machine.spawn("partner") {
                    while true {
                        _ = try await ping.wait()
                        pong.notify()
                    }
                }
                while true {
                    try await machine.sleep(.microseconds(100))
                    ping.notify()
                    _ = try await pong.wait()
                }
            }
        }
        let wanted = millions * 1_000_000
        while world.stepCount < wanted { world.run(for: .milliseconds(10)) }
        world.shutDown()
        return world.stepCount
    }
}
