import Platform
import Simulation
import Testing

/// A machine `a` that dials `b`, which listens; both ends are told what came of it.
private final class Line {
    let world: SimulationWorld
    var near: (any Connection)?
    var far: (any Connection)?
    private(set) var received: [UInt8] = []
    private(set) var farEnd: NetworkError?
    private(set) var farEndTime = Duration.zero
    private(set) var nearEnd: NetworkError?
    private(set) var nearEndTime = Duration.zero

    var now: Duration { .nanoseconds(world.nanoseconds) }

    init(_ seed: UInt64 = 1, costs: CostModel = CostModel(), isReading: Bool = true) {
        world = SimulationWorld(seed: seed, costs: costs)
        world.addMachine("a")
        world.addMachine("b")
        // The world is the pair's own: its tasks must not keep the pair.
        unowned let pair = self
        world.start("b") { machine in
            let listener = try await machine.network.listen(port: 1)
            let connection = try await listener.accept()
            pair.far = connection
            if isReading { try await pair.read(connection) }
        }
        world.start("a") { machine in
            let connection = try await machine.network.connect(to: Address(host: "b", port: 1))
            pair.near = connection
            do {
                _ = try await connection.receive()
            } catch let error as NetworkError {
                (pair.nearEnd, pair.nearEndTime) = (error, pair.now)
            }
        }
        world.run(for: .seconds(1))
        precondition(near != nil && far != nil, "the connection was not made")
    }

    func read(_ connection: any Connection) async throws {
        do {
            while true { received.append(try await connection.receive()[0]) }
        } catch let error as NetworkError {
            (farEnd, farEndTime) = (error, now)
        }
    }

    /// Calls `body` at a time of the world.
    func at(_ time: Duration, _ body: @escaping () -> Void) {
        world.after(time - .seconds(1), body)
    }

    func send(_ numbers: ClosedRange<UInt8>, at time: Duration = .seconds(1)) {
        at(time) {
            let connection = self.near!
            self.sender { for number in numbers { try await connection.send([number]) } }
        }
    }

    private var senderCount = 0

    /// Runs code on a third machine of the same world, which uses the near end.
    private func sender(_ body: @escaping () async throws -> Void) {
        senderCount += 1
        let name = "sender-\(senderCount)"
        world.addMachine(name)
        world.start(name) { _ in
            do { try await body() } catch is NetworkError {}
        }
    }
}

@Suite("A network that carries")
struct NetworkTests {
    @Test(
        "Frames of a connection keep their order, whatever the delays",
        arguments: 1...20 as ClosedRange<UInt64>)
    func order(seed: UInt64) {
        let line = Line(seed)
        line.at(.seconds(2)) {
            line.world.setDelay(from: .machine("a"), to: .machine("b"), .seconds(2))
        }
        line.at(.seconds(3)) {
            line.world.setDelay(from: .machine("a"), to: .machine("b"), .zero)
        }
        line.send(1...50, at: .seconds(2.5))
        line.send(51...100, at: .seconds(3.5))
        line.world.run(for: .seconds(30))
        #expect(line.received == Array(1...100))
        line.world.shutDown()
    }

    @Test("A delay on a way takes that long")
    func delay() {
        let line = Line()
        line.world.setDelay(from: .machine("a"), to: .machine("b"), .seconds(2))
        line.send(1...1)
        line.world.run(for: .seconds(1.9))
        #expect(line.received == [])
        line.world.run(for: .seconds(0.2))
        #expect(line.received == [1])
        line.world.shutDown()
    }

    @Test(
        "Frames held by a partition arrive in order once it heals, those under way among them",
        arguments: 1...20 as ClosedRange<UInt64>)
    func partition(seed: UInt64) {
        let line = Line(seed)
        line.world.setDelay(from: .machine("a"), to: .machine("b"), .milliseconds(50))
        line.send(1...20, at: .seconds(1))
        line.at(.seconds(1.05)) {
            line.world.block(from: .machine("a"), to: .machine("b"))
            line.world.block(from: .machine("b"), to: .machine("a"))
        }
        line.send(21...40, at: .seconds(2))
        line.at(.seconds(10)) { line.world.open(from: .machine("b"), to: .machine("a")) }
        line.world.run(for: .seconds(8))
        #expect(line.received.count < 20)
        line.at(.seconds(2)) { line.world.open(from: .machine("a"), to: .machine("b")) }
        line.world.run(for: .seconds(10))
        #expect(line.received == Array(1...40))
        #expect(line.nearEnd == nil)
        line.world.shutDown()
    }

    @Test("A way that opens and closes while frames are on it keeps their order")
    func flapping() {
        for seed in 1...20 as ClosedRange<UInt64> {
            let line = Line(seed)
            for step in 0..<40 {
                let time = Duration.seconds(1) + .microseconds(100 * step)
                line.at(time) {
                    if step % 2 == 0 {
                        line.world.block(from: .machine("a"), to: .machine("b"))
                    } else {
                        line.world.open(from: .machine("a"), to: .machine("b"))
                    }
                }
                line.send(UInt8(step * 2)...UInt8(step * 2 + 1), at: time)
            }
            line.world.run(for: .seconds(20))
            #expect(line.received == Array(0...79))
            line.world.shutDown()
        }
    }

    @Test("A connection over a way that stays blocked breaks after its time-out")
    func longPartition() {
        let line = Line()
        line.at(.seconds(2)) {
            line.world.block(from: .machine("a"), to: .machine("b"))
            line.world.block(from: .machine("b"), to: .machine("a"))
        }
        line.send(1...1, at: .seconds(3))
        line.world.run(for: .seconds(60))
        #expect(line.nearEnd == .reset(Address(host: "b", port: 1)))
        #expect(line.nearEndTime - .seconds(3) >= line.world.costs.connectionTimeout)
        #expect(line.nearEndTime - .seconds(3.1) <= line.world.costs.connectionTimeout)
        #expect(line.received == [])
        // The other end is half open: it learns nothing until it speaks itself.
        #expect(line.farEnd == nil)
        line.world.open(from: .machine("a"), to: .machine("b"))
        line.world.open(from: .machine("b"), to: .machine("a"))
        let far = line.far!
        line.world.addMachine("speaker")
        line.world.start("speaker") { _ in try await far.send([1]) }
        line.world.run(for: .seconds(1))
        #expect(line.farEnd != nil)
        line.world.shutDown()
    }

    @Test("Where only the way back is blocked, frames arrive but their sender gives up")
    func oneWay() {
        let line = Line()
        line.world.block(from: .machine("b"), to: .machine("a"))
        line.send(1...3)
        line.world.run(for: .seconds(5))
        #expect(line.received == [1, 2, 3])
        #expect(line.nearEnd == nil)
        line.world.run(for: .seconds(30))
        #expect(line.nearEnd == .reset(Address(host: "b", port: 1)))
        line.world.shutDown()
    }

    @Test("Two partitions that share a way must both heal")
    func nested() {
        let line = Line()
        for _ in 0..<2 { line.world.block(from: .machine("a"), to: .machine("b")) }
        line.send(1...1)
        line.world.open(from: .machine("a"), to: .machine("b"))
        line.world.run(for: .seconds(1))
        #expect(line.received == [])
        line.world.open(from: .machine("a"), to: .machine("b"))
        line.world.run(for: .seconds(1))
        #expect(line.received == [1])
        line.world.shutDown()
    }

    @Test("A close during a partition still delivers what was sent, once it heals")
    func closeBehindPartition() {
        let line = Line()
        line.world.block(from: .machine("a"), to: .machine("b"))
        line.send(1...3)
        line.at(.seconds(2)) { line.near!.close() }
        line.at(.seconds(4)) { line.world.open(from: .machine("a"), to: .machine("b")) }
        line.world.run(for: .seconds(30))
        #expect(line.received == [1, 2, 3])
        #expect(line.farEnd == .closed(line.far!.peer))
        line.world.shutDown()
    }

    @Test("A reset breaks both ends now")
    func reset() {
        let line = Line()
        line.at(.seconds(2)) { line.world.resetConnections(between: "a", and: "b") }
        line.world.run(for: .seconds(2))
        #expect(line.nearEnd == .reset(Address(host: "b", port: 1)))
        #expect(line.farEnd == .reset(line.far!.peer))
        #expect(line.nearEndTime == .seconds(2))
        line.world.shutDown()
    }

    @Test("A crashed process resets its connections at once, a silent host after the time-out")
    func endings() {
        let crashed = Line()
        crashed.at(.seconds(2)) { crashed.world.crash("b") }
        crashed.world.run(for: .seconds(60))
        #expect(crashed.nearEnd == .reset(Address(host: "b", port: 1)))
        #expect(crashed.nearEndTime < .seconds(2.1))
        crashed.world.shutDown()

        let silent = Line()
        silent.at(.seconds(2)) { silent.world.losePower("b") }
        silent.world.run(for: .seconds(60))
        #expect(silent.nearEnd == .reset(Address(host: "b", port: 1)))
        #expect(silent.nearEndTime >= .seconds(2) + silent.world.costs.connectionTimeout)
        silent.world.shutDown()
    }

    @Test("A host that fell silent and came back resets whoever speaks of the past")
    func back() {
        let line = Line()
        line.at(.seconds(2)) { line.world.losePower("b") }
        line.at(.seconds(3)) { line.world.start("b") { try await $0.sleep(.seconds(100)) } }
        line.send(1...1, at: .seconds(4))
        line.world.run(for: .seconds(5))
        #expect(line.nearEnd == .reset(Address(host: "b", port: 1)))
        #expect(line.nearEndTime < .seconds(5))
        line.world.shutDown()
    }

    @Test("Frames on the wire arrive though their sender crashed; frames held do not")
    func crashOfSender() {
        let line = Line()
        line.world.setDelay(from: .machine("a"), to: .machine("b"), .milliseconds(500))
        line.send(1...3, at: .seconds(1))
        line.at(.seconds(1.2)) { line.world.crash("a") }
        line.world.run(for: .seconds(5))
        #expect(line.received == [1, 2, 3])
        #expect(line.farEnd == .reset(line.far!.peer))
        line.world.shutDown()

        let held = Line()
        held.world.block(from: .machine("a"), to: .machine("b"))
        held.send(1...3, at: .seconds(1))
        held.at(.seconds(2)) { held.world.crash("a") }
        held.at(.seconds(3)) { held.world.open(from: .machine("a"), to: .machine("b")) }
        held.world.run(for: .seconds(60))
        #expect(held.received == [])
        #expect(held.farEnd == .reset(held.far!.peer))
        held.world.shutDown()
    }

    @Test("A sender waits while its peer does not read")
    func backPressure() {
        let line = Line(isReading: false)
        var sent = 0
        let near = line.near!
        line.world.addMachine("sender")
        line.world.start("sender") { _ in
            while true {
                try await near.send([UInt8](repeating: 1, count: 1 << 20))
                sent += 1
            }
        }
        line.world.run(for: .seconds(60))
        #expect(sent > 4 && sent < 20)
        let before = sent
        let far = line.far!
        line.world.addMachine("reader")
        line.world.start("reader") { _ in
            for _ in 0..<5 { _ = try await far.receive() }
        }
        line.world.run(for: .seconds(60))
        #expect(sent == before + 5)
        line.world.shutDown()
    }
}
