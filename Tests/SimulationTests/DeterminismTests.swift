import Foundation
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

/// Ways to a wait: what `Lane` and the capture lists that Tidy refuses are about.
private enum Way: CaseIterable {
    case direct, calls, closure, gate, spawn

    /// Sleeps once, behind some calls or closures.
    func sleep(_ machine: Machine, _ gate: Gate) async throws {
        switch self {
        case .direct: try await machine.sleep(.seconds(1))
        case .calls: try await Self.outer { try await machine.sleep(.seconds(1)) }
        case .closure:
            let closures: [(Duration) async throws -> Void] = [{ try await machine.sleep($0) }]
            for closure in closures { try await closure(.seconds(1)) }
        case .gate: try await gate.run { try await machine.sleep(.seconds(1)) }
        case .spawn: machine.spawn("sleeper") { try await machine.sleep(.seconds(1)) }
        }
    }

    private static func outer<Value>(_ body: () async throws -> Value) async throws -> Value {
        let value = try await inner(body)
        return value
    }

    private static func inner<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        let value = try await body()
        return value
    }
}

@Suite("The cost of a wait")
struct WaitCostTests {
    private func steps(_ way: Way, count: Int) throws -> Int {
        let world = world()
        try on(world) { machine in
            let gate = Gate(machine)
            for _ in 0..<count { try await way.sleep(machine, gate) }
        }
        world.run(for: .seconds(2))
        world.shutDown()
        return world.stepCount
    }

    /// The event and the job it makes ready; for a task of its own also the job that begins it.
    @Test("Is one job, whatever lies between a task and its wait", arguments: Way.allCases)
    private func steps(way: Way) throws {
        let more = try steps(way, count: 20) - steps(way, count: 10)
        #expect(more == (way == .spawn ? 30 : 20))
    }
}

@Suite("The order of jobs")
struct JobOrderTests {
    /// In which order ten tasks that become ready at one instant run, three times.
    static func orders(_ order: JobOrder, seed: UInt64) -> [[Int]] {
        let world = SimulationWorld(seed: seed, order: order)
        world.addMachine("a")
        var rounds = Array(repeating: [Int](), count: 3)
        world.start("a") { machine in
            let signal = Signal(machine)
            for number in 0..<10 {
                machine.spawn("waiter") {
                    for round in rounds.indices {
                        _ = try await signal.wait()
                        rounds[round].append(number)
                    }
                }
            }
            for _ in rounds.indices {
                try await machine.sleep(.seconds(1))
                signal.notify()
            }
        }
        world.run(for: .seconds(10))
        world.shutDown()
        return rounds
    }

    @Test("Is that of becoming ready, unless another is asked for")
    func inOrder() {
        let rounds = Self.orders(.inOrder, seed: 1)
        #expect(rounds == Array(repeating: Array(0..<10), count: 3))
    }

    @Test(
        "When drawn, every job runs once, each seed has its own order, and one seed one",
        arguments: [JobOrder.random, .prioritized])
    func drawn(order: JobOrder) {
        var seen: Set<[[Int]]> = []
        for seed in 0..<20 as Range<UInt64> {
            let rounds = Self.orders(order, seed: seed)
            for round in rounds { #expect(round.sorted() == Array(0..<10)) }
            #expect(Self.orders(order, seed: seed) == rounds)
            seen.insert(rounds)
        }
        #expect(seen.count == 20)
    }
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
        #expect(found.first != found.second)
        #expect("\(found)".contains("event \(found.eventNumber)"))
        // Either the sneaked open itself, or a draw of the disk that it came before.
        #expect(
            "\(found)".contains(" a ") || "\(found)".contains(" b ") || "\(found)".contains(" c "))
    }

    /// What a process would write about its run, read back.
    private func dump(
        _ seed: UInt64, keeping window: Range<Int> = 0..<0, extra: Bool = false
    ) throws -> TraceSummary {
        let world = SimulationWorld(seed: seed, keeping: window)
        var serves = 0
        chatter(world) { machine in
            serves += 1
            if extra && serves == 700 {
                machine.spawn("sneak") { _ = try await machine.disk.open("sneaked", .any) }
            }
        }
        world.shutDown()
        let bytes = try JSONEncoder().encode(TraceSummary(of: world))
        return try JSONDecoder().decode(TraceSummary.self, from: bytes)
    }

    @Test("Two processes' summaries lead to the stretch, and the stretch to the event")
    func summaries() throws {
        #expect(try dump(3).compare(with: dump(3)) == .same)
        #expect(try dump(3).compare(with: dump(4)) == .differentSeeds(3, 4))
        let comparison = try dump(3).compare(with: dump(3, extra: true))
        guard case .stretch(let stretch) = comparison else {
            Issue.record("\(comparison)")
            return
        }
        #expect(stretch.lowerBound > 0)
        let named = try dump(3, keeping: stretch).compare(
            with: dump(3, keeping: stretch, extra: true))
        guard case .event(let divergence) = named else {
            Issue.record("\(named)")
            return
        }
        #expect(stretch.contains(divergence.eventNumber))
        #expect(divergence.first?.nanoseconds != nil && divergence.second != nil)
        #expect(divergence.first != divergence.second)
        #expect("\(divergence)".contains("diskOpen sneaked"), "\(divergence)")
    }

    @Test("A summary that is damaged or of another kind is refused")
    func badSummaries() throws {
        let good = String(decoding: try JSONEncoder().encode(dump(1)), as: UTF8.self)
        for (part, wrong) in [
            ("wavetank-trace-1", "wavetank-trace-0"), ("\"hash\":\"", "\"hash\":\"x"),
            ("\"eventCount\":", "\"eventCount\":9"), ("4096", "4095"),
        ] {
            let bad = good.replacingOccurrences(of: part, with: wrong)
            #expect(bad != good)
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(TraceSummary.self, from: Data(bad.utf8))
            }
        }
    }

    @Test("Kept events say what happened in words")
    func words() throws {
        let world = SimulationWorld(seed: 1, keeping: 0..<1_000_000)
        chatter(world)
        world.shutDown()
        let texts = Set(world.keptEvents.map { "\($0.nodeName) \($0.kind) \($0.detail)" })
        for text in [
            "a started time 1", "b stopped without power", "a connect to b:9123",
            "a send 1 bytes to b", "b receive 1 bytes from a", "c diskOpen log",
            "a diskWrite log, 1 bytes at 0",
        ] { #expect(texts.contains(text), "\(text)") }
    }

    @Test("The bare scheduler runs the same steps each time")
    func schedulerLoad() {
        let first = schedulerSteps(count: 20_000)
        #expect(first == schedulerSteps(count: 20_000))
        #expect(first.steps >= 20_000 && first.steps < 20_010)
        #expect(first.nanoseconds > 1_000_000)
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
