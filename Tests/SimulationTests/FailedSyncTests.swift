import Platform
import Simulation
import TestSupport
import Testing

@Suite("A sync that fails")
struct FailedSyncTests {
    /// Writes, fails to sync, perhaps writes the same once more, syncs well, and loses power.
    private func survivors(seed: UInt64, rewriting range: Range<Int>) throws -> [UInt8] {
        let world = SimulationWorld(seed: seed)
        world.addMachine("server")
        let bytes = [UInt8](repeating: 7, count: 2048)
        var isDone = false
        world.start("server") { machine in
            let file = try await machine.disk.open("log", .new)
            try await file.sync()
            try await machine.disk.syncDirectory("")
            try await file.write(bytes, at: 0)
            var faults = DiskFaults()
            faults.failingSyncsPerMillion = 1_000_000
            world.setDiskFaults("server", faults)
            await #expect(throws: DiskError.self) { try await file.sync() }
            world.setDiskFaults("server", DiskFaults())
            if !range.isEmpty {
                try await file.write(Array(bytes[range]), at: Int64(range.lowerBound))
            }
            try await file.sync()
            #expect(try await file.read(at: 0, count: 2048) == bytes)
            isDone = true
        }
        #expect(world.run(atMost: .seconds(10)) { isDone })
        world.losePower("server")
        var found: [UInt8] = []
        world.start("server") { machine in
            found = try await machine.disk.open("log", .existing).read(at: 0, count: 2048)
        }
        world.run(for: .seconds(1))
        world.shutDown()
        return found
    }

    @Test("A later sync does not save what it dropped, though it can be read", arguments: 0..<10)
    func isLost(seed: UInt64) throws {
        #expect(try !survivors(seed: seed, rewriting: 0..<0).contains(7))
    }

    @Test("What is written again is durable with the next sync, and only that", arguments: 0..<10)
    func isRewritten(seed: UInt64) throws {
        #expect(try survivors(seed: seed, rewriting: 0..<2048).allSatisfy { $0 == 7 })
        let part = try survivors(seed: seed, rewriting: 512..<1024)
        #expect(part[512..<1024].allSatisfy { $0 == 7 })
        #expect(!part[..<512].contains(7) && !part[1024...].contains(7))
    }
}
