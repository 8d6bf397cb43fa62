import ArgumentParser
import Platform
import Simulation

/// `wavetank speed`.
struct Speed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how many steps a second the tank itself runs on this machine.",
        discussion: """
            The world is empty but for pairs of tasks that wake each other and wait for timers. A \
            step is a job that ran or an event that came due.
            """)

    @Option(help: "Machines in the world, each with one pair of tasks.")
    var machines = 10

    @Option(help: "Millions of steps.")
    var millions = 10

    func validate() throws {
        if machines < 1 || machines > 10_000 || millions < 1 || millions > 10_000 {
            throw ValidationError("--machines and --millions are from 1 to 10000")
        }
    }

    func run() throws {
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
        let before = processorSeconds()
        let wanted = millions * 1_000_000
        while world.stepCount < wanted { world.run(for: .milliseconds(10)) }
        let seconds = processorSeconds() - before
        let rate = Double(world.stepCount) / seconds / 1e6
        let hundredths = Int((rate * 100).rounded())
        try show(
            "\(world.stepCount) steps of \(machines) machines: \(hundredths / 100)."
                + "\(hundredths % 100 / 10)\(hundredths % 10) million a second of one core")
        world.shutDown()
    }
}
