import Platform
import Simulation
import Testing

@Suite("A strike at one operation")
struct StrikeTests {
    /// A machine that writes, syncs and puts ten times; how far each life came.
    static func run(_ strike: Strike?) -> (world: SimulationWorld, steps: [String], lives: Int) {
        let world = SimulationWorld(seed: 5)
        world.addMachine("server")
        world.keepOperationOwners()
        var steps: [String] = []
        var lives = 0
        func start() {
            lives += 1
            world.start("server") { machine in
                let file = try await machine.disk.open("log", .any)
                try await file.sync()
                try await machine.disk.syncDirectory("")
                for number in 0..<10 as Range<UInt8> {
                    try await file.write([number], at: Int64(number))
                    steps.append("wrote \(number)")
                    try await file.sync()
                    steps.append("synced \(number)")
                    do {
                        _ = try await machine.objectStore.put([number], at: "\(number)", .always)
                        steps.append("put \(number)")
                    } catch ObjectStoreError.outcomeUnknown {
                        steps.append("unknown \(number)")
                    }
                }
            }
        }
        world.onStrike = { name, losingPower in
            if losingPower { world.losePower(name) } else { world.crash(name) }
            world.after(.seconds(1)) { start() }
        }
        if let strike { world.arm(strike) }
        start()
        world.run(for: .seconds(120))
        world.shutDown()
        return (world, steps, lives)
    }

    @Test("Operations are counted by place, and belong to their machine")
    func counts() {
        let (world, steps, lives) = Self.run(nil)
        #expect(lives == 1 && steps.count == 30)
        #expect(world.operationCount(.objectStore) == 10)
        #expect(world.operationOwners(.objectStore) == Array(repeating: "server", count: 10))
        // The name, its sync, a sync of the folder, ten writes and ten syncs.
        #expect(world.operationCount(.disk) >= 22)
        #expect(world.operationCount(.network) == 0)
    }

    @Test("A crash comes after the effect and before anybody hears of it", arguments: 0..<22)
    func crash(number: Int) {
        let plain = Self.run(nil)
        let struck = Self.run(Strike(.disk, number, .crash))
        #expect(struck.lives == 2)
        let first = struck.steps.prefix { plain.steps.contains($0) }
        #expect(first.count >= 30 || struck.steps.count < 60)
        #expect(struck.steps.suffix(30) == plain.steps[...], "the second life does it all")
    }

    @Test("A lost answer leaves the effect and tells that it is unknown", arguments: [0, 4, 9])
    func lostAnswer(number: Int) {
        let (world, steps, lives) = Self.run(Strike(.objectStore, number, .lostAnswer))
        #expect(lives == 1)
        #expect(steps.contains("unknown \(number)") && steps.count == 30)
        #expect(world.objects.bytes("\(number)") == [UInt8(number)])
    }

    @Test("After their end nothing is struck or counted")
    func ends() {
        let world = SimulationWorld(seed: 1)
        world.addMachine("a")
        var isStruck = false
        world.onStrike = { _, _ in isStruck = true }
        world.arm(Strike(.disk, 1, .crash))
        world.endStrikes()
        world.start("a") { machine in
            let file = try await machine.disk.open("f", .new)
            for number in 0..<5 as Range<UInt8> { try await file.write([number], at: 0) }
        }
        world.run(for: .seconds(1))
        world.shutDown()
        #expect(!isStruck && world.operationCount(.disk) == 0)
    }

    @Test("Up to the operation the run is the one without the strike")
    func isTheSame() {
        let plain = Self.run(nil).steps
        let struck = Self.run(Strike(.objectStore, 5, .crash)).steps
        let common = zip(plain, struck).prefix { $0 == $1 }.count
        #expect(plain[common] == "put 5", "the put was made, and nobody heard of it")
    }
}
