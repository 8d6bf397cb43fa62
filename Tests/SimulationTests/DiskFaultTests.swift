import Platform
import Simulation
import Testing

@Suite("A disk that fails")
struct DiskFaultTests {
    private func syncFails(_ world: SimulationWorld, _ isFailing: Bool) {
        var faults = DiskFaults()
        faults.failingSyncsPerMillion = isFailing ? 1_000_000 : 0
        world.setDiskFaults("a", faults)
    }

    @Test(
        "A failed sync drops dirty pages: read before a power loss, gone after it",
        arguments: 1...20 as ClosedRange<UInt64>)
    func failedSync(seed: UInt64) throws {
        let world = world(seed)
        defer { world.shutDown() }
        try on(world) { machine in
            let file = try await machine.disk.open("f", .new)
            try await file.write([UInt8](repeating: 1, count: 1024), at: 0)
            try await file.sync()
            try await machine.disk.syncDirectory("")
            try await file.write([UInt8](repeating: 2, count: 512), at: 0)
            syncFails(world, true)
            let error = try await failure(DiskError.self) { try await file.sync() }
            #expect(error == .inputOutput(path: "f", operation: "sync"))
            syncFails(world, false)
            // The next sync reports success and saves nothing of it.
            try await file.sync()
            #expect(try await file.read(at: 0, count: 1) == [2])
        }
        world.losePower("a")
        let bytes = try on(world) { try await $0.disk.open("f", .any).read(at: 0, count: 9999) }
        #expect(bytes == [UInt8](repeating: 1, count: 1024))
    }

    @Test(
        "What is written again after a failed sync is saved by the next",
        arguments: 1...20 as ClosedRange<UInt64>)
    func writtenAgain(seed: UInt64) throws {
        let world = world(seed)
        defer { world.shutDown() }
        try on(world) { machine in
            let file = try await machine.disk.open("f", .new)
            try await machine.disk.syncDirectory("")
            try await file.write([UInt8](repeating: 2, count: 1024), at: 0)
            syncFails(world, true)
            _ = try await failure(DiskError.self) { try await file.sync() }
            syncFails(world, false)
            try await file.write([UInt8](repeating: 3, count: 512), at: 0)
            try await file.sync()
        }
        world.losePower("a")
        let bytes = try on(world) { try await $0.disk.open("f", .any).read(at: 0, count: 9999) }
        #expect(bytes.prefix(512).allSatisfy { $0 == 3 })
        #expect(bytes.dropFirst(512).allSatisfy { $0 == 0 })
    }

    @Test("A failed read fails, a failed write may have been done in part")
    func inputOutput() throws {
        let lengths = try outcomes(1...30) { seed in
            let world = world(seed)
            defer { world.shutDown() }
            return try on(world) { machine in
                let file = try await machine.disk.open("f", .new)
                var faults = DiskFaults()
                faults.failingWritesPerMillion = 1_000_000
                faults.failingReadsPerMillion = 1_000_000
                world.setDiskFaults("a", faults)
                let write = try await failure(DiskError.self) {
                    try await file.write([1, 2, 3], at: 0)
                }
                #expect(write == .inputOutput(path: "f", operation: "write"))
                let read = try await failure(DiskError.self) {
                    _ = try await file.read(at: 0, count: 1)
                }
                #expect(read == .inputOutput(path: "f", operation: "read"))
                world.setDiskFaults("a", DiskFaults())
                return "\(try await file.read(at: 0, count: 9))"
            }
        }
        #expect(Set(lengths.keys) == ["[]", "[1]", "[1, 2]", "[1, 2, 3]"], "\(lengths)")
    }

    @Test("Every operation on names may fail, and a change may have been made all the same")
    func failingNames() throws {
        let counts = try outcomes(1...60) { seed in
            let world = world(seed)
            defer { world.shutDown() }
            return try on(world) { machine in
                let disk = machine.disk
                _ = try await disk.open("old", .new)
                _ = try await disk.open("gone", .new)
                var faults = DiskFaults()
                faults.failingNamesPerMillion = 1_000_000
                world.setDiskFaults("a", faults)
                let errors = [
                    try await failure(DiskError.self) { _ = try await disk.open("new", .any) },
                    try await failure(DiskError.self) { _ = try await disk.open("old", .any) },
                    try await failure(DiskError.self) { try await disk.rename("old", to: "new") },
                    try await failure(DiskError.self) { try await disk.remove("gone") },
                    try await failure(DiskError.self) { _ = try await disk.list("") },
                    try await failure(DiskError.self) { try await disk.createDirectory("d") },
                    try await failure(DiskError.self) { try await disk.syncDirectory("") },
                ]
                #expect(
                    errors == [
                        .inputOutput(path: "new", operation: "open"),
                        .inputOutput(path: "old", operation: "open"),
                        .inputOutput(path: "new", operation: "rename"),
                        .inputOutput(path: "gone", operation: "removal"),
                        .inputOutput(path: "", operation: "list"),
                        .inputOutput(path: "d", operation: "mkdir"),
                        .inputOutput(path: "", operation: "sync of the folder"),
                    ])
                world.setDiskFaults("a", DiskFaults())
                return try await disk.list("").joined(separator: " ")
            }
        }
        #expect(counts["gone old"] != nil && counts["d/ new"] != nil, "\(counts)")
    }

    @Test("A process has so many files open at a time; its next life begins with none")
    func openFiles() throws {
        let world = world()
        defer { world.shutDown() }
        var faults = DiskFaults()
        faults.openFileLimit = 2
        try on(world) { machine in
            world.setDiskFaults("a", faults)
            let first = try await machine.disk.open("f", .new)
            _ = try await machine.disk.open("g", .new)
            let error = try await failure(DiskError.self) {
                _ = try await machine.disk.open("f", .existing)
            }
            #expect(error == .tooManyOpenFiles(path: "f"))
            await first.close()
            _ = try await machine.disk.open("f", .existing)
        }
        world.crash("a")
        try on(world) { machine in
            _ = try await machine.disk.open("f", .existing)
            _ = try await machine.disk.open("g", .existing)
        }
    }

    @Test("A full disk takes what fits, and has room again after a removal")
    func full() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            let old = try await machine.disk.open("old", .new)
            try await old.write([UInt8](repeating: 1, count: 100), at: 0)
            var faults = DiskFaults()
            faults.capacityBytes = 104
            world.setDiskFaults("a", faults)
            let file = try await machine.disk.open("new", .new)
            let error = try await failure(DiskError.self) {
                try await file.write([1, 2, 3, 4, 5, 6], at: 0)
            }
            #expect(error == .full(path: "new"))
            #expect(try await file.read(at: 0, count: 9) == [1, 2, 3, 4])
            try await file.write([9], at: 0)
            try await machine.disk.remove("old")
            // The file is open still, but no name accounts for its bytes.
            try await old.write([1], at: 100)
            try await file.write([1, 2, 3, 4, 5, 6], at: 0)
            #expect(world.diskBytes(of: "a") == 6)
        }
    }

    @Test("Rot flips one bit", arguments: 1...10 as ClosedRange<UInt64>)
    func rot(seed: UInt64) throws {
        let world = world(seed)
        defer { world.shutDown() }
        try on(world) { machine in
            try await machine.disk.createDirectory("d")
            let file = try await machine.disk.open("d/f", .new)
            try await file.write([UInt8](repeating: 0, count: 1000), at: 0)
            #expect(!world.rotBit("a", inPathContaining: "elsewhere"))
            #expect(world.rotBit("a", inPathContaining: "d/f"))
            let bytes = try await file.read(at: 0, count: 1000)
            #expect(bytes.reduce(0) { $0 + $1.nonzeroBitCount } == 1)
        }
    }

    @Test(
        "A lost sector fails each read that meets it, until it is written anew",
        arguments: 1...10 as ClosedRange<UInt64>)
    func lostSector(seed: UInt64) throws {
        let world = world(seed)
        defer { world.shutDown() }
        let written = (0..<2000).map { UInt8($0 / 512) }
        let lost = try on(world) { machine in
            try await machine.disk.createDirectory("d")
            let file = try await machine.disk.open("d/f", .new)
            try await file.write(written, at: 0)
            try await file.sync()
            try await machine.disk.syncDirectory("d")
            try await machine.disk.syncDirectory("")
            #expect(!world.loseSector("a", inPathContaining: "elsewhere"))
            #expect(world.loseSector("a", inPathContaining: "d/f"))
            var lost: [Int64] = []
            for sector in stride(from: 0, to: 2000, by: 512) as StrideTo<Int64> {
                let error = try await failure(DiskError.self) {
                    let bytes = try await file.read(at: sector, count: 10)
                    #expect(bytes == [UInt8](repeating: UInt8(sector / 512), count: 10))
                }
                if error != nil { lost.append(sector) }
            }
            #expect(lost.count == 1)
            return lost[0]
        }
        // It is the medium that forgot: neither time nor another life brings it back.
        world.losePower("a")
        world.run(for: .seconds(100))
        try on(world) { machine in
            let file = try await machine.disk.open("d/f", .existing)
            let whole = try await failure(DiskError.self) {
                _ = try await file.read(at: 0, count: 2000)
            }
            #expect(whole == .inputOutput(path: "d/f", operation: "read"))
            // What is written in part has to be read first.
            let part = try await failure(DiskError.self) { try await file.write([9], at: lost + 1) }
            #expect(part == .inputOutput(path: "d/f", operation: "write"))
            let image = [UInt8](repeating: 9, count: 512)
            try await file.write(image, at: lost)
            #expect(try await file.read(at: lost, count: 512) == image)
            #expect(
                try await file.read(at: 0, count: Int(lost)) == Array(written[..<Int(lost)]))
            #expect(try await file.size() == max(2000, lost + 512))
        }
    }

    @Test("A slow disk takes its factor in simulated time")
    func slow() throws {
        func duration(_ factor: Int) throws -> Duration {
            let world = world()
            defer { world.shutDown() }
            return try on(world) { machine in
                let file = try await machine.disk.open("f", .new)
                var faults = DiskFaults()
                faults.slowFactor = factor
                world.setDiskFaults("a", faults)
                let start = machine.clock.now
                for _ in 0..<20 {
                    try await file.write([1], at: 0)
                    try await file.sync()
                }
                return machine.clock.now - start
            }
        }
        #expect(try duration(50) == duration(1) * 50)
    }

    @Test("Names and modes are as the protocol says")
    func names() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            let disk = machine.disk
            func error(_ body: () async throws -> Void) async throws -> DiskError? {
                try await failure(DiskError.self, body)
            }
            #expect(
                try await error { _ = try await disk.open("f", .existing) } == .notFound(path: "f"))
            let file = try await disk.open("f", .new)
            #expect(try await error { _ = try await disk.open("f", .new) } == .exists(path: "f"))
            #expect(
                try await error { _ = try await disk.open("d/f", .any) } == .notFound(path: "d/f"))
            #expect(try await error { try await disk.remove("g") } == .notFound(path: "g"))
            #expect(
                try await error { _ = try await disk.open("../f", .any) } == .invalidPath("../f"))
            try await file.write([1], at: 3)
            #expect(try await file.read(at: 0, count: 9) == [0, 0, 0, 1])
            #expect(try await file.read(at: 9, count: 9) == [])
            await file.close()
            #expect(try await error { try await file.sync() } == .closed(path: "f"))
        }
    }
}
