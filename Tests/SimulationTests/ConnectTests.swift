import Platform
import Simulation
import Testing

@Suite("Connections that are not made")
struct ConnectTests {
    /// Dials `b` once and says what came of it and when.
    private func dial(_ world: SimulationWorld) throws -> (error: NetworkError?, seconds: Double) {
        let before = world.nanoseconds
        let error = try on(world, "a") { machine in
            try await failure(NetworkError.self) {
                _ = try await machine.network.connect(to: Address(host: "b", port: 1))
            }
        }
        return (error, Double(world.nanoseconds - before) / 1e9)
    }

    private let address = Address(host: "b", port: 1)

    private func listening(_ seed: UInt64 = 1) -> SimulationWorld {
        let world = world(seed, "a", "b")
        world.start("b") { machine in
            let listener = try await machine.network.listen(port: 1)
            try await machine.sleep(.seconds(1000))
            listener.close()
        }
        world.run(for: .seconds(1))
        return world
    }

    @Test("Nothing listens, the process is gone, or there is no such host: refused at once")
    func refused() throws {
        let world = listening()
        defer { world.shutDown() }
        world.crash("b")
        let (error, seconds) = try dial(world)
        #expect(error == .refused(address))
        #expect(seconds < 0.01)
        try on(world, "a") { machine in
            let nowhere = Address(host: "nowhere", port: 1)
            let error = try await failure(NetworkError.self) {
                _ = try await machine.network.connect(to: nowhere)
            }
            #expect(error == .refused(nowhere))
        }
    }

    @Test("A host without power, behind a partition, or paused: timed out")
    func timedOut() throws {
        for fault in 0..<4 {
            let world = listening()
            defer { world.shutDown() }
            switch fault {
            case 0: world.losePower("b")
            case 1: world.block(from: .machine("a"), to: .machine("b"))
            case 2: world.block(from: .machine("b"), to: .machine("a"))
            default: world.pause("b")
            }
            let (error, seconds) = try dial(world)
            #expect(error == .timedOut(address), "fault \(fault)")
            #expect(abs(seconds - 3) < 0.01)
        }
    }

    @Test("A machine that was paused does not accept whoever has given up")
    func lateGreeting() throws {
        let world = world(1, "a", "b")
        defer { world.shutDown() }
        var accepted = 0
        world.start("b") { machine in
            let listener = try await machine.network.listen(port: 1)
            while true {
                _ = try await listener.accept()
                accepted += 1
            }
        }
        world.run(for: .seconds(1))
        world.pause("b")
        #expect(try dial(world).error == .timedOut(address))
        world.resume("b")
        world.run(for: .seconds(5))
        #expect(accepted == 0)
        #expect(try dial(world).error == nil)
        #expect(accepted == 1)
    }

    @Test("A listener that nobody accepts from stops answering when its backlog is full")
    func backlog() throws {
        let world = listening()
        defer { world.shutDown() }
        try on(world, "a") { machine in
            var connections: [any Connection] = []
            for _ in 0..<4096 {
                connections.append(try await machine.network.connect(to: address))
            }
            let error = try await failure(NetworkError.self) {
                connections.append(try await machine.network.connect(to: address))
            }
            #expect(error == .timedOut(address))
        }
    }

    @Test("A closed listener resets who waits to be accepted, and frees its port")
    func closedListener() throws {
        let world = world(1, "a", "b")
        defer { world.shutDown() }
        var isFree = false
        world.start("b") { machine in
            let listener = try await machine.network.listen(port: 1)
            let taken = try await failure(NetworkError.self) {
                _ = try await machine.network.listen(port: 1)
            }
            #expect(taken == .addressInUse(address))
            try await machine.sleep(.seconds(2))
            listener.close()
            _ = try await machine.network.listen(port: 1)
            isFree = true
        }
        world.run(for: .seconds(1))
        try on(world, "a") { machine in
            let connection = try await machine.network.connect(to: address)
            let error = try await failure(NetworkError.self) { _ = try await connection.receive() }
            #expect(error == .reset(address))
        }
        #expect(isFree)
    }
}
