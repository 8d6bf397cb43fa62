import Platform
import Simulation
import Testing

/// Bairavasundaram et al., "An Analysis of Data Corruption in the Storage Stack" (FAST 2008), found
/// both in the field; Krioukov et al., "Parity Lost and Parity Regained" (FAST 2008), named them.
@Suite("A disk that does not do as told")
struct LostWriteTests {
    private static let old = [UInt8](repeating: 1, count: 2048)
    private static let new = [UInt8](repeating: 2, count: 2048)

    /// Writes two files durably, then one of them anew under a fault; returns both.
    private func files(
        seed: UInt64, _ strike: (SimulationWorld) -> Void
    ) throws -> (one: [UInt8], two: [UInt8]) {
        let world = world(seed)
        defer { world.shutDown() }
        try on(world) { machine in
            for name in ["one", "two"] {
                let file = try await machine.disk.open(name, .new)
                try await file.write(Self.old, at: 0)
                try await file.sync()
            }
            try await machine.disk.syncDirectory("")
        }
        strike(world)
        try on(world) { machine in
            let two = try await machine.disk.open("two", .existing)
            try await two.write(Self.old, at: 0)
            try await two.sync()
            let one = try await machine.disk.open("one", .existing)
            try await one.write(Self.new, at: 0)
            try await one.sync()
        }
        world.losePower("a")
        return try on(world) { machine in
            var found: [[UInt8]] = []
            for name in ["one", "two"] {
                found.append(
                    try await machine.disk.open(name, .existing).read(at: 0, count: 9999))
            }
            return (found[0], found[1])
        }
    }

    @Test(
        "A lost write is acknowledged, and one sector keeps what it had",
        arguments: 1...20 as ClosedRange<UInt64>)
    func lost(seed: UInt64) throws {
        let (one, two) = try files(seed: seed) { $0.loseWrite("a", inPathContaining: "one") }
        #expect(two == Self.old)
        #expect(one.count == 2048 && one.filter { $0 == 1 }.count == 512)
        let first = one.firstIndex(of: 1)!
        #expect(first % 512 == 0 && one[first..<(first + 512)].allSatisfy { $0 == 1 })
    }

    @Test("A misdirected write is missing in its place, and stands in another")
    func misdirected() throws {
        let kinds = try outcomes(1...60) { seed in
            let (one, two) = try files(seed: seed) {
                $0.misdirectWrite("a", inPathContaining: "one")
            }
            #expect(one.filter { $0 == 1 }.count == 512, "it is missing in its place")
            #expect(one.count == 2048 && two.count == 2048, "no file grows")
            return two.contains(2) ? "in another file" : "in the same file"
        }
        #expect(kinds.count == 2, "\(kinds)")
    }

    @Test("A write in a grown file leaves zeros where it was lost")
    func grown() throws {
        let world = world(3)
        defer { world.shutDown() }
        let bytes = try on(world) { machine in
            let file = try await machine.disk.open("log", .new)
            try await file.sync()
            world.loseWrite("a", inPathContaining: "log")
            try await file.write([7, 7, 7], at: 0)
            try await file.sync()
            return try await file.read(at: 0, count: 9)
        }
        #expect(bytes == [0, 0, 0])
    }

    @Test("Reads and writes fail at their rates, for a time")
    func errors() throws {
        let world = world(5)
        defer { world.shutDown() }
        let failures = try on(world) { machine in
            let file = try await machine.disk.open("f", .new)
            var faults = DiskFaults()
            faults.failingReadsPerMillion = 200_000
            faults.failingWritesPerMillion = 300_000
            world.setDiskFaults("a", faults)
            var failures = ["read": 0, "write": 0]
            for _ in 0..<200 {
                do { try await file.write([1, 2, 3], at: 0) } catch DiskError.inputOutput(
                    _, let what)
                { failures[what]! += 1 }
                do { _ = try await file.read(at: 0, count: 3) } catch DiskError.inputOutput(
                    _, let what)
                { failures[what]! += 1 }
            }
            world.setDiskFaults("a", DiskFaults())
            try await file.write([1, 2, 3], at: 0)
            #expect(try await file.read(at: 0, count: 3) == [1, 2, 3])
            return failures
        }
        #expect(failures["read"]! > 20 && failures["read"]! < 60)
        #expect(failures["write"]! > 35 && failures["write"]! < 90)
    }
}
