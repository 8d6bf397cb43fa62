import Platform
import Simulation
import Testing

@Suite("Links that clog, slow down and repeat")
struct LinkFaultTests {
    private struct Arrival: Equatable {
        var number: UInt8
        var milliseconds: Int64
    }

    /// Machine `a` sends frames to `b`, one each 100 ms from second one on; returns their arrivals
    /// and how the connection ended for `b`.
    private func arrivals(
        seed: UInt64 = 1, frameBytes: Int = 1, count: UInt8 = 20,
        _ disturb: (SimulationWorld) -> Void
    ) -> (arrivals: [Arrival], ending: NetworkError?) {
        let world = world(seed, "a", "b")
        var arrivals: [Arrival] = []
        var ending: NetworkError?
        world.start("b") { machine in
            let connection = try await machine.network.listen(port: 1).accept()
            do {
                while true {
                    let frame = try await connection.receive()
                    arrivals.append(
                        Arrival(number: frame[0], milliseconds: world.nanoseconds / 1_000_000))
                }
            } catch let error as NetworkError { ending = error }
        }
        world.start("a") { machine in
            let connection = try await machine.network.connect(to: Address(host: "b", port: 1))
            try await machine.sleep(.seconds(1))
            for number in 0..<count {
                try await connection.send([number] + [UInt8](repeating: 0, count: frameBytes - 1))
                try await machine.sleep(.milliseconds(100))
            }
        }
        disturb(world)
        world.run(for: .seconds(100))
        world.shutDown()
        return (arrivals, ending)
    }

    @Test("A clogged way holds frames however long, and lets them go in order")
    func clogged() {
        let run = arrivals { world in
            world.after(.milliseconds(1500)) { world.clog(from: .machine("a"), to: .machine("b")) }
            world.after(.seconds(60)) { world.unclog(from: .machine("a"), to: .machine("b")) }
        }
        #expect(run.arrivals.map(\.number) == Array(0..<20))
        let late = run.arrivals.filter { $0.milliseconds >= 60_000 }
        #expect(late.count == 15, "the connection outlives it")
        #expect(late.allSatisfy { $0.milliseconds < 60_010 })
    }

    @Test("A slow way carries its bytes a second, whatever number of connections")
    func slow() {
        let run = arrivals(frameBytes: 1000) { world in
            world.setBandwidth(from: .machine("a"), to: .machine("b"), bytesPerSecond: 2000)
        }
        // Twenty frames of half a second each; they are sent much faster.
        let last = run.arrivals.last!.milliseconds
        #expect(run.arrivals.count == 20 && last >= 11_000 && last < 11_100)
    }

    @Test(
        "A repeated frame comes twice, and none is lost", arguments: 1...10 as ClosedRange<UInt64>)
    func repeated(seed: UInt64) {
        let run = arrivals(seed: seed) { world in
            world.setRepeats(from: .machine("a"), to: .machine("b"), partsPerMillion: 500_000)
        }
        let numbers = run.arrivals.map(\.number)
        #expect(Set(numbers) == Set(0..<20))
        #expect(numbers.count > 20 && numbers.count < 40)
    }

    @Test("Jitter is drawn for each frame, and leaves a connection's order")
    func jitter() {
        let run = arrivals { world in
            world.setDelay(
                from: .machine("a"), to: .machine("b"), .milliseconds(10), jitter: .seconds(1))
        }
        #expect(run.arrivals.map(\.number) == Array(0..<20))
        let delays = run.arrivals.map { $0.milliseconds - 1000 - Int64($0.number) * 100 }
        #expect(delays.allSatisfy { $0 >= 10 } && Set(delays).count > 5)
    }

    @Test("Frames of different connections overtake each other under jitter")
    func overtaking() throws {
        let orders = outcomes(1...20) { seed in
            let world = world(seed, "a", "b")
            defer { world.shutDown() }
            world.setDelay(
                from: .machine("a"), to: .machine("b"), .zero, jitter: .milliseconds(100))
            var order: [UInt8] = []
            world.start("b") { machine in
                let listener = try await machine.network.listen(port: 1)
                while true {
                    let connection = try await listener.accept()
                    machine.spawn("reads") { order.append(try await connection.receive()[0]) }
                }
            }
            world.start("a") { machine in
                let address = Address(host: "b", port: 1)
                let first = try await machine.network.connect(to: address)
                let second = try await machine.network.connect(to: address)
                try await first.send([1])
                try await second.send([2])
                try await machine.sleep(.seconds(5))
            }
            world.run(for: .seconds(3))
            return "\(order)"
        }
        #expect(Set(orders.keys) == ["[1, 2]", "[2, 1]"], "\(orders)")
    }

    @Test("A forgotten connection is half-open: its other end learns of it when it sends")
    func forgotten() throws {
        let world = world(1, "a", "b")
        defer { world.shutDown() }
        var nearEnd: NetworkError?
        var farEnd: NetworkError?
        var farEndTime: Int64 = 0
        world.start("b") { machine in
            let connection = try await machine.network.listen(port: 1).accept()
            machine.spawn("waits for a word") {
                do { _ = try await connection.receive() } catch let error as NetworkError {
                    farEnd = error
                    farEndTime = world.nanoseconds / 1_000_000_000
                }
            }
            try await machine.sleep(.seconds(50))
            try await connection.send([1])
        }
        world.start("a") { machine in
            let connection = try await machine.network.connect(to: Address(host: "b", port: 1))
            do { _ = try await connection.receive() } catch let error as NetworkError {
                nearEnd = error
            }
        }
        world.after(.seconds(5)) { world.forgetConnections(of: "a") }
        world.run(for: .seconds(40))
        guard case .reset = nearEnd else {
            Issue.record("the near end saw \(String(describing: nearEnd))")
            return
        }
        #expect(farEnd == nil, "nobody told the far end")
        world.run(for: .seconds(20))
        #expect(farEnd != nil && farEndTime == 50)
    }
}
