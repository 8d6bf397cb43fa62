import Platform
import Simulation
import TestSupport
import Testing

@Suite("Faults at the seam")
struct FaultTests {
    // MARK: Power and disks

    /// What a machine wrote before its power went, as its next life finds it.
    private func afterPowerLoss(
        seed: UInt64, _ before: @escaping (Machine) async throws -> Void,
        _ after: @escaping (Machine) async throws -> Void
    ) {
        let world = SimulationWorld(seed: seed)
        world.addMachine("server")
        var isDone = false
        world.start("server") { machine in
            try await before(machine)
            isDone = true
        }
        #expect(world.run(atMost: .seconds(10)) { isDone })
        world.losePower("server")
        isDone = false
        world.start("server") { machine in
            try await after(machine)
            isDone = true
        }
        #expect(world.run(atMost: .seconds(10)) { isDone })
        world.shutDown()
        #expect(world.journal.errorCount == 0)
    }

    @Test("Bytes that were not synced are lost, kept or torn by sectors; synced ones stay")
    func tornWrites() {
        var outcomes: Set<String> = []
        for seed in 0..<60 as Range<UInt64> {
            afterPowerLoss(seed: seed) { machine in
                let file = try await machine.disk.open("log", .new)
                try await file.write([UInt8](repeating: 1, count: 1024), at: 0)
                try await file.sync()
                try await machine.disk.syncDirectory("")
                try await file.write([UInt8](repeating: 2, count: 2048), at: 1024)
            } _: { machine in
                let file = try await machine.disk.open("log", .existing)
                let bytes = try await file.read(at: 0, count: 4096)
                #expect(bytes.count >= 1024 && bytes[..<1024].allSatisfy { $0 == 1 })
                let tail = bytes[1024...]
                for start in stride(from: 1024, to: bytes.count, by: 512) {
                    let sector = bytes[start..<min(start + 512, bytes.count)]
                    #expect(Set(sector).count == 1, "a sector is written whole or not at all")
                }
                let isWhole = tail.count == 2048 && tail.allSatisfy { $0 == 2 }
                outcomes.insert(isWhole ? "kept" : tail.contains(2) ? "torn" : "lost")
            }
        }
        #expect(outcomes == ["kept", "torn", "lost"])
    }

    @Test("A name is durable only after its folder was synced")
    func names() {
        var found: Set<Bool> = []
        for seed in 0..<40 as Range<UInt64> {
            afterPowerLoss(seed: seed) { machine in
                let file = try await machine.disk.open("sure", .new)
                try await file.sync()
                try await machine.disk.syncDirectory("")
                let other = try await machine.disk.open("unsure", .new)
                try await other.sync()
            } _: { machine in
                let names = try await machine.disk.list("")
                #expect(names.contains("sure"))
                found.insert(names.contains("unsure"))
            }
        }
        #expect(found == [true, false])
    }

    @Test("A rename leaves the old file or the new one, never neither", arguments: 0..<40)
    func renames(seed: UInt64) {
        afterPowerLoss(seed: seed) { machine in
            for (name, byte) in [("current", 1), ("draft", 2)] as [(String, UInt8)] {
                let file = try await machine.disk.open(name, .new)
                try await file.write([byte], at: 0)
                try await file.sync()
                try await machine.disk.syncDirectory("")
            }
            try await machine.disk.rename("draft", to: "current")
        } _: { machine in
            let file = try await machine.disk.open("current", .existing)
            let bytes = try await file.read(at: 0, count: 9)
            #expect(bytes == [1] || bytes == [2])
        }
    }

    @Test("A crash of the process keeps what was written, synced or not")
    func crash() {
        let world = SimulationWorld(seed: 1)
        world.addMachine("server")
        world.start("server") { machine in
            let file = try await machine.disk.open("log", .new)
            try await file.write([7, 8], at: 0)
        }
        world.run(for: .seconds(1))
        world.crash("server")
        var bytes: [UInt8] = []
        world.start("server") { machine in
            bytes = try await machine.disk.open("log", .existing).read(at: 0, count: 9)
        }
        world.run(for: .seconds(1))
        world.shutDown()
        #expect(bytes == [7, 8])
    }

    // MARK: Network

    /// A machine that answers each frame, and one that asks it a number every 100 ms.
    private func asking(
        seed: UInt64, _ disturb: (SimulationWorld) -> Void
    ) -> (answers: [UInt8], breaks: Int) {
        let world = SimulationWorld(seed: seed)
        for name in ["near", "far"] { world.addMachine(name) }
        world.start("far") { machine in
            let listener = try await machine.network.listen(port: 1)
            while true {
                let connection = try await listener.accept()
                machine.spawn("echo") {
                    do {
                        while true { try await connection.send(try await connection.receive()) }
                    } catch is NetworkError {}
                }
            }
        }
        var answers: [UInt8] = []
        var breaks = 0
        world.start("near") { machine in
            try await machine.sleep(.milliseconds(10))
            var connection = try await machine.network.connect(
                to: Address(host: "far", port: 1))
            for number in 0..<200 as Range<UInt8> {
                do {
                    try await connection.send([number])
                    answers += try await connection.receive()
                    try await machine.sleep(.milliseconds(100))
                } catch is NetworkError {
                    breaks += 1
                    let address = Address(host: "far", port: 1)
                    while true {
                        do {
                            connection = try await machine.network.connect(to: address)
                            break
                        } catch is NetworkError { try await machine.sleep(.milliseconds(50)) }
                    }
                }
            }
        }
        disturb(world)
        world.run(for: .seconds(120))
        world.shutDown()
        return (answers, breaks)
    }

    @Test("Frames over a way that opens in time arrive in order; else the connection breaks")
    func partition() {
        let short = asking(seed: 1) { world in
            world.after(.seconds(3)) { world.block(from: .machine("far"), to: .machine("near")) }
            world.after(.seconds(9)) { world.open(from: .machine("far"), to: .machine("near")) }
        }
        #expect(short.answers == Array(0..<200) && short.breaks == 0)
        let long = asking(seed: 1) { world in
            world.after(.seconds(3)) { world.block(from: .machine("near"), to: .machine("far")) }
            world.after(.seconds(40)) { world.open(from: .machine("near"), to: .machine("far")) }
        }
        #expect(long.breaks > 0)
        #expect(long.answers == long.answers.sorted() && long.answers.count < 200)
    }

    @Test("An end that gave up over a blocked way answers what comes later with a reset")
    func halfOpen() {
        let run = asking(seed: 1) { world in
            // What the near end sends arrives, but is never acknowledged: it gives up as well.
            world.after(.seconds(3)) { world.block(from: .machine("far"), to: .machine("near")) }
            world.after(.seconds(30)) { world.open(from: .machine("far"), to: .machine("near")) }
        }
        #expect(run.breaks == 1)
        // An end that sends nothing meanwhile knows nothing.
        var ending: NetworkError?
        let world = SimulationWorld(seed: 1)
        for name in ["near", "far"] { world.addMachine(name) }
        world.start("far") { machine in
            let connection = try await machine.network.listen(port: 1).accept()
            while true {
                do { try await connection.send([1]) } catch is NetworkError { break }
                try await machine.sleep(.seconds(1))
            }
        }
        world.start("near") { machine in
            try await machine.sleep(.milliseconds(10))
            let connection = try await machine.network.connect(to: Address(host: "far", port: 1))
            do {
                while true {
                    _ = try await connection.receive()
                    if machine.clock.now.nanoseconds > 2_000_000_000 { break }
                }
                world.block(from: .machine("far"), to: .machine("near"))
                try await machine.sleep(.seconds(30))
                world.open(from: .machine("far"), to: .machine("near"))
                try await connection.send([2])
                _ = try await connection.receive()
            } catch let error as NetworkError {
                ending = error
            }
        }
        world.run(for: .seconds(60))
        world.shutDown()
        guard case .reset = ending else {
            Issue.record("the near end saw \(String(describing: ending))")
            return
        }
    }

    @Test("Resets break connections, and a frame comes once or not at all", arguments: 0..<5)
    func resets(seed: UInt64) {
        let run = asking(seed: seed) { world in
            world.setResets(
                from: .machine("near"), to: .machine("far"), partsPerMillion: 50_000)
        }
        #expect(run.breaks > 0)
        #expect(Set(run.answers).count == run.answers.count)
    }

    // MARK: Services

    @Test("A lost answer leaves either outcome, and a refusal none", arguments: 0..<5)
    func objects(seed: UInt64) throws {
        try inWorld(seed: seed) { machine, world in
            var kept = 0
            world.objects.faults.lostBeforePerMillion = 300_000
            world.objects.faults.lostAfterPerMillion = 300_000
            world.objects.faults.refusalsPerMillion = 200_000
            var unknown: [String] = []
            for number in 0..<60 {
                let key = "object-\(number)"
                do {
                    _ = try await machine.objectStore.put([1], at: key, .ifAbsent)
                    #expect(world.objects.bytes(key) == [1])
                } catch ObjectStoreError.outcomeUnknown {
                    unknown.append(key)
                } catch ObjectStoreError.throttled {
                    try await machine.sleep(.seconds(30))
                    #expect(world.objects.bytes(key) == nil)
                }
            }
            try await machine.sleep(.seconds(60))
            for key in unknown where world.objects.bytes(key) != nil { kept += 1 }
            #expect(kept > 0 && kept < unknown.count)
        }
    }

    @Test("An expired lease takes its keys, and its owner is told")
    func leases() throws {
        try inWorld { machine, world in
            let lease = try await machine.coordination.grantLease(.seconds(5))
            _ = try await machine.coordination.commit(
                CoordinationTransaction(
                    conditions: [.absent(key: "office")],
                    operations: [.put(key: "office", value: [1], lease: lease)]))
            #expect(world.coordinator.expireLease(lease))
            #expect(try await machine.coordination.get("office") == nil)
            await expectError(CoordinationError.leaseExpired(lease)) {
                try await machine.coordination.renewLease(lease)
            }
        }
    }

    // MARK: Clocks

    @Test(
        "A drifting clock rings by its own time, never early",
        arguments: [-200_000, -500, 500, 200_000])
    func drift(partsPerMillion: Int) {
        let world = SimulationWorld(seed: 1)
        world.addMachine("server")
        world.setClockDrift("server", partsPerMillion: partsPerMillion)
        var trueSpan: Int64 = 0
        world.start("server") { machine in
            let before = machine.clock.now
            try await machine.sleep(.seconds(10))
            #expect(machine.clock.now - before >= .seconds(10))
            trueSpan = world.nanoseconds
        }
        world.run(for: .seconds(60))
        world.shutDown()
        let expected = 10_000_000_000 * 1_000_000 / Int64(1_000_000 + partsPerMillion)
        #expect(abs(trueSpan - expected) < 1_000_000)
    }

    @Test("A paused machine goes on where it was, late")
    func pause() {
        let world = SimulationWorld(seed: 1)
        world.addMachine("server")
        var times: [Int64] = []
        world.start("server") { machine in
            for _ in 0..<5 {
                try await machine.sleep(.seconds(1))
                times.append(world.nanoseconds / 1_000_000_000)
            }
        }
        world.after(.milliseconds(1500)) { world.pause("server") }
        world.after(.seconds(10)) { world.resume("server") }
        world.run(for: .seconds(60))
        world.shutDown()
        #expect(times == [1, 10, 11, 12, 13])
    }
}
