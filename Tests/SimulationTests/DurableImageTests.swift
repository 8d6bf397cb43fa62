import Platform
import Simulation
import Testing

@Suite("What a loss of power would surely leave")
struct DurableImageTests {
    @Test("Bytes are there once they are synced, names once their folder is")
    func synced() throws {
        let world = world(1)
        defer { world.shutDown() }
        try on(world) { machine in
            try await machine.disk.createDirectory("logs")
            let file = try await machine.disk.open("logs/f", .new)
            try await file.write([1, 2, 3, 4], at: 0)
            try await file.sync()
            #expect(world.durableNames(of: "a", in: "logs").isEmpty)
            #expect(world.durableBytes(of: "a", at: "logs/f", from: 0) == nil)
            try await machine.disk.syncDirectory("logs")
            try await machine.disk.syncDirectory("")
            #expect(world.durableNames(of: "a", in: "logs") == ["f"])
            #expect(world.durableBytes(of: "a", at: "logs/f", from: 1) == [2, 3, 4])
            try await file.write([9, 9], at: 1)
            try await file.write([5, 6], at: 4)
            #expect(world.durableBytes(of: "a", at: "logs/f", from: 0) == [1, 2, 3, 4])
            try await file.truncate(to: 2)
            #expect(world.durableBytes(of: "a", at: "logs/f", from: 0) == [1, 2, 3, 4])
            try await file.sync()
            #expect(world.durableBytes(of: "a", at: "logs/f", from: 0) == [1, 9])
        }
    }

    @Test("What a failed sync dropped is not there, though the machine reads it")
    func dropped() throws {
        let world = world(1)
        defer { world.shutDown() }
        try on(world) { machine in
            let file = try await machine.disk.open("f", .new)
            try await file.write([UInt8](repeating: 1, count: 1024), at: 0)
            try await file.sync()
            try await machine.disk.syncDirectory("")
            try await file.write([UInt8](repeating: 2, count: 512), at: 0)
            var faults = DiskFaults()
            faults.failingSyncsPerMillion = 1_000_000
            world.setDiskFaults("a", faults)
            _ = try await failure(DiskError.self) { try await file.sync() }
            world.setDiskFaults("a", DiskFaults())
            try await file.sync()
            #expect(try await file.read(at: 0, count: 1) == [2])
            let durable = world.durableBytes(of: "a", at: "f", from: 0)
            #expect(durable == [UInt8](repeating: 1, count: 1024))
        }
    }

    @Test(
        "A power loss keeps at least what was synced last", arguments: 1...40 as ClosedRange<UInt64>
    )
    func kept(seed: UInt64) throws {
        let world = world(seed)
        defer { world.shutDown() }
        try on(world) { machine in
            let file = try await machine.disk.open("f", .new)
            try await machine.disk.syncDirectory("")
            for round in 0..<6 {
                let bytes = [UInt8](repeating: UInt8(round + 1), count: 700)
                try await file.write(bytes, at: Int64(round) * 700)
                if round < 4 { try await file.sync() }
            }
        }
        let durable = try #require(world.durableBytes(of: "a", at: "f", from: 0))
        #expect(durable.count == 2800)
        world.losePower("a")
        let left = try on(world) { try await $0.disk.open("f", .any).read(at: 0, count: 9999) }
        #expect(left.starts(with: durable))
    }
}
