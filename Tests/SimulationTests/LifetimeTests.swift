import Platform
import Simulation
import Testing

@Suite("The end of a machine")
struct LifetimeTests {
    @Test("Every kind of wait ends with Terminated, in the order in which the waits began")
    func unwinding() {
        let world = world(1, "a", "b")
        defer { world.shutDown() }
        var ended: [String] = []
        world.start("b") { machine in
            _ = try await machine.network.listen(port: 1)
            try await machine.sleep(.seconds(1_000_000))
        }
        world.start("a") { machine in
            let (signal, gate) = (Signal(machine), Gate(machine))
            let channel = Channel<Int>(machine)
            let listener = try await machine.network.listen(port: 1)
            let connection = try await machine.network.connect(to: Address(host: "b", port: 1))
            let watch = try await machine.coordination.watch(prefix: "", after: .zero)
            let waits: [(String, () async throws -> Void)] = [
                ("sleep", { try await machine.sleep(.seconds(1_000_000)) }),
                ("signal", { _ = try await signal.wait() }),
                (
                    "signal with deadline",
                    { _ = try await signal.wait(until: machine.clock.now + .seconds(1_000_000)) }
                ),
                ("gate", { try await gate.run { _ = try await signal.wait() } }),
                ("queue of the gate", { try await gate.run {} }),
                ("channel", { _ = try await channel.receive() }),
                ("accept", { _ = try await listener.accept() }),
                ("receive", { _ = try await connection.receive() }),
                ("watch", { _ = try await watch.next() }),
            ]
            for (name, body) in waits {
                machine.spawn(name) {
                    do { try await body() } catch is Terminated { ended.append(name) }
                }
            }
            machine.spawn("names") {
                try await machine.sleep(.seconds(1))
                #expect(ended == [])
            }
        }
        world.run(for: .seconds(10))
        world.crash("a")
        world.run(for: .seconds(1))
        #expect(
            ended == [
                "sleep", "signal", "signal with deadline", "gate", "queue of the gate", "channel",
                "accept", "receive", "watch",
            ])
    }

    @Test("From its end on a machine has no effect")
    func noEffects() {
        let world = world()
        defer { world.shutDown() }
        var refusals = 0
        world.start("a") { machine in
            let file = try await machine.disk.open("f", .new)
            do {
                try await machine.sleep(.seconds(100))
            } catch {
                let effects: [() async throws -> Void] = [
                    { try await file.write([1], at: 0) },
                    { try await file.sync() },
                    { try await machine.disk.remove("f") },
                    { _ = try await machine.objectStore.put([1], at: "k", .always) },
                    { _ = try await machine.coordination.grantLease(.seconds(1)) },
                    { _ = try await machine.lakeCatalog.list() },
                    { _ = try await machine.network.listen(port: 1) },
                    { try await machine.sleep(.zero) },
                ]
                for effect in effects {
                    do { try await effect() } catch is Terminated { refusals += 1 }
                }
            }
        }
        world.run(for: .seconds(1))
        world.crash("a")
        world.run(for: .seconds(1))
        #expect(refusals == 8)
        #expect(world.objects.keys() == [])
    }

    @Test("A machine that halts itself is reported, and may be started again")
    func halt() {
        let world = world()
        defer { world.shutDown() }
        var halted: [String] = []
        world.onHalt = { halted.append($0) }
        world.start("a") { machine in
            machine.halt("the disk lies")
            try await machine.sleep(.seconds(1))
            Issue.record("a halted machine goes on")
        }
        world.run(for: .seconds(1))
        #expect(halted == ["a"])
        #expect(!world.isRunning("a"))
        #expect(world.journal.notes.map(\.message) == ["a halts: the disk lies"])
        world.start("a") { _ in }
        world.run(for: .seconds(1))
        #expect(world.isRunning("a"))
    }

    @Test("A task that was about to run when its machine ended does not go on")
    func endInBetween() {
        let world = world()
        defer { world.shutDown() }
        var goesOn: [String] = []
        world.start("a") { machine in
            let signal = Signal(machine)
            for name in ["first", "second"] {
                machine.spawn(name) {
                    _ = try await signal.wait()
                    goesOn.append(name)
                    machine.halt("one is enough")
                }
            }
            try await machine.sleep(.seconds(1))
            signal.notify()
        }
        world.run(for: .seconds(2))
        #expect(goesOn == ["first"])
    }

    private final class Canary {}

    @Test("Nothing of a world is left over, two hundred times")
    func leaks() {
        weak var machine: Machine?
        weak var past: SimulationWorld?
        weak var canary: Canary?
        for seed in 1...200 as ClosedRange<UInt64> {
            do {
                let world = world(seed, "a", "b")
                let held = Canary()
                (past, canary) = (world, held)
                busy(world, held)
                machine = world.start("c-\(seed)", adding: true) { machine in
                    try await machine.sleep(.seconds(1_000_000))
                    withExtendedLifetime(held) {}
                }
                world.run(for: .milliseconds(Int(seed)))
                if seed % 2 == 0 { world.losePower("a") }
                if seed % 3 == 0 { world.pause("b") }
                world.run(for: .milliseconds(20))
                world.shutDown()
            }
            #expect(machine == nil)
            #expect(past == nil)
            #expect(canary == nil)
            if past != nil || machine != nil || canary != nil { return }
        }
    }

    private func busy(_ world: SimulationWorld, _ held: Canary) {
        world.start("a") { machine in
            let listener = try await machine.network.listen(port: 1)
            let connection = try await listener.accept()
            let file = try await machine.disk.open("f", .new)
            while true {
                _ = try await connection.receive()
                try await file.write([1], at: 0)
                try await file.sync()
                withExtendedLifetime(held) {}
            }
        }
        world.start("b") { machine in
            machine.spawn("requests") {
                _ = try await machine.coordination.grantLease(.seconds(1000))
                _ = try await machine.coordination.watch(prefix: "", after: .zero)
                _ = try await machine.objectStore.put([1], at: "k", .always)
            }
            let connection = try await machine.network.connect(to: Address(host: "a", port: 1))
            while true {
                try await connection.send([1])
                _ = try await Signal(machine).wait(until: machine.clock.now + .milliseconds(1))
            }
        }
    }
}

extension SimulationWorld {
    /// Adds a machine and starts it.
    fileprivate func start(
        _ name: String, adding: Bool, _ body: @escaping (Machine) async throws -> Void
    ) -> Machine {
        addMachine(name)
        return start(name, body)
    }
}
