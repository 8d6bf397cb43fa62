import Platform
import TestSupport
import Testing

@Suite("Time and waiting, simulated and real")
struct TimeContractTests {
    @Test("A sleep never ends early", arguments: WorldKind.allCases)
    func sleeping(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            for milliseconds in [0, 1, 3, 20] {
                let before = machine.clock.now
                try await machine.sleep(.milliseconds(milliseconds))
                #expect(machine.clock.now - before >= .milliseconds(milliseconds))
            }
            let deadline = machine.clock.now + .microseconds(1500)
            try await machine.sleep(until: deadline)
            #expect(machine.clock.now >= deadline)
            try await machine.sleep(until: Instant(nanoseconds: deadline.nanoseconds - 1_000_000))
        }
    }

    @Test("The wall clock goes along with the monotonic one", arguments: WorldKind.allCases)
    func wallClock(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let before = machine.clock.timestamp
            // 2020 to 2100.
            #expect((1_577_836_800_000...4_102_444_800_000).contains(before.millisecondsSinceEpoch))
            try await machine.sleep(.milliseconds(30))
            #expect(
                machine.clock.timestamp.millisecondsSinceEpoch - before.millisecondsSinceEpoch >= 29
            )
        }
    }

    @Test("An alarm rings once, at its time, unless it is cancelled", arguments: WorldKind.allCases)
    func alarms(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let clock = machine.clock
            var rung: [String] = []
            let start = clock.now
            _ = clock.schedule(at: start + .milliseconds(6)) { rung.append("late") }
            _ = clock.schedule(at: start + .milliseconds(2)) { rung.append("early") }
            _ = clock.schedule(at: start + .milliseconds(2)) { rung.append("second") }
            let never = clock.schedule(at: start + .milliseconds(3)) { rung.append("never") }
            let past = clock.schedule(at: start) { rung.append("past") }
            #expect(rung == [])
            clock.cancel(never)
            try await machine.sleep(.milliseconds(20))
            #expect(rung == ["past", "early", "second", "late"])
            clock.cancel(past)
            clock.cancel(never)
            try await machine.sleep(.milliseconds(5))
            #expect(rung.count == 4)
        }
    }

    @Test("Thousands of alarms ring in order, whatever is cancelled", arguments: WorldKind.allCases)
    func manyAlarms(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            var rung: [Int] = []
            let start = machine.clock.now
            var alarms: [Alarm] = []
            for number in 0..<3000 {
                let delay = number * 7919 % 3000
                alarms.append(
                    machine.clock.schedule(at: start + .microseconds(delay * 5)) {
                        rung.append(delay)
                    })
            }
            for number in 0..<3000 where number * 7919 % 3000 % 3 == 0 {
                machine.clock.cancel(alarms[number])
            }
            try await machine.sleep(.milliseconds(40))
            #expect(Set(rung).isSuperset(of: (0..<3000).filter { $0 % 3 != 0 && $0 > 2000 }))
            #expect(rung == rung.sorted())
        }
    }

    @Test(
        "A signal wakes those who wait, in order, and has no memory", arguments: WorldKind.allCases)
    func signals(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let signal = Signal(machine)
            signal.notify()
            #expect(try await !signal.wait(until: machine.clock.now + .milliseconds(2)))
            var woken: [Int] = []
            for number in 0..<3 {
                machine.spawn("waiter") {
                    _ = try await signal.wait()
                    woken.append(number)
                }
            }
            try await machine.sleep(.milliseconds(20))
            signal.notify()
            try await machine.sleep(.milliseconds(20))
            #expect(woken == [0, 1, 2])
        }
    }

    @Test("A gate lets one in at a time, in order of arrival", arguments: WorldKind.allCases)
    func gates(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let gate = Gate(machine)
            let done = Channel<Int>(machine)
            var inside = 0
            for number in 0..<5 {
                machine.spawn("visitor") {
                    try await gate.run {
                        inside += 1
                        #expect(inside == 1)
                        try await machine.sleep(.microseconds(300))
                        inside -= 1
                    }
                    done.send(number)
                }
            }
            var order: [Int] = []
            while order.count < 5 { order.append(try #require(try await done.receive())) }
            #expect(order == [0, 1, 2, 3, 4])
        }
    }

    @Test("A channel keeps what nobody has taken", arguments: WorldKind.allCases)
    func channels(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let channel = Channel<Int>(machine)
            for number in 0..<200 { channel.send(number) }
            #expect(channel.count == 200)
            for number in 0..<200 { #expect(try await channel.receive() == number) }
            #expect(try await channel.receive(until: machine.clock.now + .milliseconds(2)) == nil)
            let received = machine.result { try await channel.receive() }
            try await machine.sleep(.milliseconds(1))
            channel.send(7)
            #expect(try await received.receive()?.get() == 7)
        }
    }

    @Test("The end of a machine wakes all its waits", arguments: WorldKind.allCases)
    func ending(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            var ended: [String] = []
            let other = world.start("machine-2")
            func note(_ name: String, _ body: @escaping () async throws -> Void) {
                other.spawn(name) {
                    do { try await body() } catch is Terminated { ended.append(name) }
                }
            }
            let signal = Signal(other)
            let channel = Channel<Int>(other)
            note("sleep") { try await other.sleep(.seconds(1000)) }
            note("signal") { _ = try await signal.wait() }
            note("timed signal") {
                _ = try await signal.wait(until: other.clock.now + .seconds(1000))
            }
            note("channel") { _ = try await channel.receive() }
            var isRung = false
            _ = other.clock.schedule(at: other.clock.now + .milliseconds(500)) { isRung = true }
            try await machine.sleep(.milliseconds(20))
            world.crash("machine-2")
            #expect(!world.isRunning("machine-2"))
            try await machine.sleep(.milliseconds(600))
            #expect(ended == ["sleep", "signal", "timed signal", "channel"])
            #expect(!isRung)
            await expectError(Terminated.self) { try await other.sleep(.zero) }
            await expectError(Terminated.self) { _ = try await signal.wait() }
            world.start("machine-2")
            #expect(world.isRunning("machine-2"))
        }
    }

    @Test("A machine that halts is down, and its world is told", arguments: WorldKind.allCases)
    func halting(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            var halted: [String] = []
            world.onHalt { halted.append($0) }
            let other = world.start("machine-2") { machine in
                try await machine.sleep(.milliseconds(1))
                machine.halt("as a test")
                try await machine.sleep(.zero)
                Issue.record("nothing runs on after a halt")
            }
            try await machine.sleep(.milliseconds(10))
            #expect(halted == ["machine-2"])
            #expect(!world.isRunning("machine-2"))
            #expect(other.lifetime.isEnded)
            world.start("machine-2")
            world.crash("machine-2")
            #expect(halted.count == 1)
        }
    }

    @Test(
        "Randomness differs from draw to draw and machine to machine", arguments: WorldKind.allCases
    )
    func entropy(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let other = world.start("machine-2")
            var drawn: Set<UInt64> = []
            for _ in 0..<500 {
                drawn.insert(machine.entropy.next())
                drawn.insert(other.entropy.next())
            }
            #expect(drawn.count == 1000)
            #expect(machine.entropy.uuid() != machine.entropy.uuid())
        }
    }
}
