import Platform
import Simulation
import Testing

@Suite("Clocks of the tank")
struct ClockTests {
    @Test(
        "An alarm is never early by the local clock, and late by no more than a tick",
        arguments: [-400_000, -123, -1, 0, 1, 77, 200_000, 400_000])
    func alarms(partsPerMillion: Int) throws {
        let world = world()
        defer { world.shutDown() }
        world.setClockDrift("a", partsPerMillion: partsPerMillion)
        try on(world, limit: .seconds(1_000_000)) { machine in
            for span in [1, 999, 1_000_003, 86_400_000_000_007] as [Int64] {
                let due = machine.clock.now + .nanoseconds(span)
                try await machine.sleep(until: due)
                let late = (machine.clock.now - due).nanoseconds
                #expect(late >= 0 && late <= 1, "\(late) ns after \(span)")
            }
        }
    }

    @Test("A drifting clock gains or loses what its rate says", arguments: [-200_000, 200_000])
    func drift(partsPerMillion: Int) throws {
        let world = world()
        defer { world.shutDown() }
        world.setClockDrift("a", partsPerMillion: partsPerMillion)
        try on(world) { machine in
            let (local, before) = (machine.clock.now, world.nanoseconds)
            try await machine.sleep(.seconds(12))
            let elapsed = world.nanoseconds - before
            #expect(machine.clock.now - local >= .seconds(12))
            #expect(
                abs(elapsed * Int64(1_000_000 + partsPerMillion) / 1_000_000 - 12_000_000_000) < 5)
        }
    }

    @Test("A clock slowed while an alarm waits does not let it ring early, and it can be cancelled")
    func slowedMeanwhile() throws {
        let world = world()
        defer { world.shutDown() }
        var (rung, cancelledRung) = (0, 0)
        world.after(.seconds(1)) { world.setClockDrift("a", partsPerMillion: -300_000) }
        try on(world) { machine in
            let due = machine.clock.now + .seconds(10)
            _ = machine.clock.schedule(at: due) {
                #expect(machine.clock.now >= due)
                rung += 1
            }
            let other = machine.clock.schedule(at: due) { cancelledRung += 1 }
            // After the true time at which it would have rung, when it is set again.
            try await machine.sleep(.seconds(8.5))
            #expect(rung == 0)
            machine.clock.cancel(other)
            try await machine.sleep(.seconds(60))
        }
        #expect(rung == 1)
        #expect(cancelledRung == 0)
    }

    @Test("A step moves the wall clock only")
    func step() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            let (now, wall) = (machine.clock.now, machine.clock.timestamp.millisecondsSinceEpoch)
            world.stepClock("a", by: .seconds(-3600))
            #expect(machine.clock.now == now)
            #expect(machine.clock.timestamp.millisecondsSinceEpoch == wall - 3_600_000)
            #expect(world.timestamp(of: "a") == machine.clock.timestamp)
        }
    }

    @Test("A pause holds timers and messages, and then delivers them in order")
    func pause() throws {
        let world = world(1, "a", "b")
        defer { world.shutDown() }
        var events: [String] = []
        world.start("a") { machine in
            let listener = try await machine.network.listen(port: 1)
            let connection = try await listener.accept()
            machine.spawn("timer") {
                try await machine.sleep(.seconds(5))
                events.append("timer at \(world.nanoseconds / 1_000_000_000)")
            }
            while true {
                let frame = try await connection.receive()
                events.append("frame \(frame[0]) at \(world.nanoseconds / 1_000_000_000)")
            }
        }
        world.start("b") { machine in
            let connection = try await machine.network.connect(to: Address(host: "a", port: 1))
            try await machine.sleep(.seconds(3))
            for number in 1...2 as ClosedRange<UInt8> { try await connection.send([number]) }
            try await machine.sleep(.seconds(3600))
        }
        world.after(.seconds(2)) { world.pause("a") }
        world.after(.seconds(60)) { world.resume("a") }
        world.run(for: .seconds(59))
        #expect(events == [])
        #expect(world.isPaused("a"))
        world.run(for: .seconds(10))
        #expect(events == ["frame 1 at 60", "frame 2 at 60", "timer at 60"])
    }

    @Test("An alarm that a paused machine takes back does not ring")
    func cancelledWhilePaused() throws {
        let world = world(1, "a", "b")
        defer { world.shutDown() }
        var rung = 0
        world.start("a") { machine in
            let alarm = machine.clock.schedule(at: machine.clock.now + .seconds(3)) { rung += 1 }
            try await machine.sleep(.seconds(2))
            machine.clock.cancel(alarm)
        }
        world.after(.seconds(1)) { world.pause("a") }
        world.after(.seconds(60)) { world.resume("a") }
        world.run(for: .seconds(100))
        #expect(rung == 0)
    }

    @Test("A paused machine is not woken by a reset or the end of a watch")
    func pausedSleepsOn() throws {
        let world = world(1, "a", "b")
        defer { world.shutDown() }
        var awake: [String] = []
        world.start("a") { machine in
            let listener = try await machine.network.listen(port: 1)
            machine.spawn("watch") {
                let watch = try await machine.coordination.watch(prefix: "", after: .zero)
                _ = try? await watch.next()
                awake.append("watch")
            }
            let connection = try await listener.accept()
            _ = try? await connection.receive()
            awake.append("connection")
        }
        world.start("b") { machine in
            _ = try await machine.network.connect(to: Address(host: "a", port: 1))
            try await machine.sleep(.seconds(3600))
        }
        world.run(for: .seconds(1))
        world.pause("a")
        world.resetConnections(between: "b", and: "a")
        world.coordinator.breakWatches()
        world.run(for: .seconds(30))
        #expect(awake == [])
        world.resume("a")
        world.run(for: .seconds(1))
        #expect(awake == ["connection", "watch"])
    }

    @Test("An event taken back in front of a later one leaves that one its name")
    func slices() {
        let world = world()
        defer { world.shutDown() }
        var rung: [String] = []
        let early = world.after(.seconds(1)) { rung.append("early") }
        let late = world.after(.seconds(3)) { rung.append("late") }
        world.after(.seconds(3)) { rung.append("next") }
        world.cancel(early)
        for _ in 0..<4 { world.run(for: .milliseconds(500)) }
        world.cancel(late)
        world.run(for: .seconds(10))
        #expect(rung == ["next"])
    }

    @Test("Time-outs that never come do not slow the world down, nor change its order")
    func cancelledTimeouts() {
        let world = world()
        defer { world.shutDown() }
        var order: [Int] = []
        for number in 0..<5000 {
            let alarm = world.after(.seconds(30)) { order.append(-1) }
            if number % 1000 == 0 { world.after(.seconds(30)) { order.append(number) } }
            world.cancel(alarm)
        }
        world.run(for: .seconds(60))
        #expect(order == [0, 1000, 2000, 3000, 4000])
    }
}
