import Platform
import Simulation
import Testing

/// Three machines that exchange, write and sneak: enough to touch each part of the world.
private func chatter(_ world: SimulationWorld, _ disturb: @escaping (Machine) -> Void = { _ in }) {
    let names = ["a", "b", "c"]
    for name in names { world.addMachine(name) }
    for name in names {
        world.start(name) { machine in
            let listener = try await machine.network.listen(port: 9123)
            machine.spawn("accept") {
                while true {
                    let connection = try await listener.accept()
                    machine.spawn("serve") { try await serve(machine, connection, disturb) }
                }
            }
            for target in names where target != name {
                machine.spawn("call") { try await call(machine, target) }
            }
        }
    }
    world.run(for: .seconds(3))
    world.losePower("b")
    world.run(for: .seconds(3))
    world.start("b") { machine in try await machine.sleep(.seconds(1)) }
    world.run(for: .seconds(3))
}

private func serve(
    _ machine: Machine, _ connection: any Connection, _ disturb: (Machine) -> Void
) async throws {
    let file = try await machine.disk.open("log", .any)
    while true {
        let frame: [UInt8]
        do { frame = try await connection.receive() } catch is NetworkError { return }
        try await file.write(frame, at: try await file.size())
        try await file.sync()
        disturb(machine)
        do { try await connection.send([1] + frame) } catch is NetworkError { return }
    }
}

private func call(_ machine: Machine, _ target: String) async throws {
    while true {
        do {
            let connection = try await machine.network.connect(
                to: Address(host: target, port: 9123))
            while true {
                try await connection.send([UInt8(truncatingIfNeeded: machine.entropy.next())])
                _ = try await connection.receive()
                try await machine.sleep(.milliseconds(20))
            }
        } catch is NetworkError {
            try await machine.sleep(.milliseconds(100))
        }
    }
}

@Suite("Determinism")
struct DeterminismTests {
    @Test("The same seed gives the same trace", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func sameSeed(seed: UInt64) {
        #expect(firstDivergence(seed: seed) { chatter($0) } == nil)
    }

    @Test("Different seeds give different traces")
    func differentSeeds() {
        let hashes = (1...20).map { seed in
            let world = SimulationWorld(seed: UInt64(seed))
            chatter(world)
            world.shutDown()
            return world.trace.hash
        }
        #expect(Set(hashes).count == hashes.count)
    }

    @Test("A run that depends on something outside is caught, and its first such event named")
    func divergenceIsNamed() throws {
        nonisolated(unsafe) var runs = 0
        let divergence = firstDivergence(seed: 7) { world in
            runs += 1
            let isOdd = runs % 2 == 1
            var serves = 0
            chatter(world) { machine in
                serves += 1
                if serves == 100 && isOdd {
                    machine.spawn("sneak") { _ = try await machine.disk.open("sneaked", .any) }
                }
            }
        }
        let found = try #require(divergence)
        #expect(found.eventNumber > 100)
        let kinds = [found.first?.kind, found.second?.kind]
        #expect(found.first != found.second)
        #expect(kinds.contains { $0 != nil })
        #expect("\(found)".contains("event \(found.eventNumber)"))
    }

    @Test("A job that escapes to the global executor is reported")
    func escapes() async {
        let world = SimulationWorld(seed: 1)
        world.addMachine("a")
        world.start("a") { machine in
            Task.detached {}
            try await machine.sleep(.seconds(1))
        }
        world.run(for: .seconds(2))
        world.shutDown()
        #expect(world.journal.errorCount == 1)
        #expect(world.journal.notes[0].message.contains("escaped"))
    }

    @Test("Many worlds on many threads run as each does alone")
    func manyWorlds() async {
        @Sendable func hash(_ seed: UInt64) -> UInt64 {
            let world = SimulationWorld(seed: seed)
            chatter(world)
            world.shutDown()
            return world.trace.hash
        }
        let alone = (1...8).map { hash(UInt64($0)) }
        let together = await withTaskGroup(of: (Int, UInt64).self) { group in
            for seed in 1...8 { group.addTask { (seed, hash(UInt64(seed))) } }
            var hashes = [UInt64](repeating: 0, count: 8)
            for await (seed, hash) in group { hashes[seed - 1] = hash }
            return hashes
        }
        #expect(alone == together)
    }
}
