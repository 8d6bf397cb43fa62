import Platform
import Simulation
import Testing

@Suite("A disk that loses its power")
struct PowerLossTests {
    /// Synced bytes, then unsynced ones over part of them and beyond; what is left after the loss.
    private func survivors(_ seed: UInt64) throws -> [UInt8] {
        let world = world(seed)
        defer { world.shutDown() }
        try on(world) { machine in
            let file = try await machine.disk.open("f", .new)
            try await file.write([UInt8](repeating: 1, count: 2048), at: 0)
            try await file.sync()
            try await machine.disk.syncDirectory("")
            try await file.write([UInt8](repeating: 2, count: 1024), at: 1024)
            try await file.write([UInt8](repeating: 3, count: 1024), at: 2048)
        }
        world.losePower("a")
        return try on(world) { machine in
            let file = try await machine.disk.open("f", .existing)
            return try await file.read(at: 0, count: 9999)
        }
    }

    @Test(
        "What was synced is there, and sectors are whole", arguments: 1...60 as ClosedRange<UInt64>)
    func sectors(seed: UInt64) throws {
        let bytes = try survivors(seed)
        #expect(bytes.prefix(1024).allSatisfy { $0 == 1 })
        #expect(bytes.count >= 2048 && bytes.count <= 3072)
        for start in stride(from: 0, to: bytes.count, by: 512) {
            let sector = bytes[start..<min(start + 512, bytes.count)]
            #expect(Set(sector).count == 1)
            let allowed: Set<UInt8> = start < 1024 ? [1] : start < 2048 ? [1, 2] : [0, 3]
            #expect(allowed.contains(sector.first!))
        }
    }

    @Test("Some seeds keep what was not synced, some lose it, some tear it")
    func fates() throws {
        let kept = [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3].flatMap {
            [UInt8](repeating: $0, count: 256)
        }
        let lost = [UInt8](repeating: 1, count: 2048)
        let counts = try outcomes(1...60) { seed in
            let bytes = try survivors(seed)
            return bytes == lost ? "lost" : bytes == kept ? "kept" : "torn"
        }
        for fate in ["lost", "kept", "torn"] { #expect(counts[fate, default: 0] >= 5) }
    }

    @Test("A sector holds a state that it once had, never a mixture of writes")
    func mixtures() throws {
        let counts = try outcomes(1...80) { seed in
            let world = world(seed)
            defer { world.shutDown() }
            try on(world) { machine in
                let file = try await machine.disk.open("f", .new)
                try await file.write([9, 9, 9], at: 0)
                try await file.sync()
                try await machine.disk.syncDirectory("")
                for value in 1...3 as ClosedRange<UInt8> {
                    try await file.write([value], at: Int64(value - 1))
                }
            }
            world.losePower("a")
            return "\(try on(world) { try await $0.disk.open("f", .any).read(at: 0, count: 9) })"
        }
        #expect(
            Set(counts.keys) == ["[9, 9, 9]", "[1, 9, 9]", "[1, 2, 9]", "[1, 2, 3]"], "\(counts)")
    }

    @Test("A crash of the process keeps the page cache", arguments: 1...10 as ClosedRange<UInt64>)
    func crash(seed: UInt64) throws {
        let world = world(seed)
        defer { world.shutDown() }
        try on(world) { try await $0.disk.open("f", .new).write([1, 2, 3], at: 0) }
        world.crash("a")
        let bytes = try on(world) { try await $0.disk.open("f", .existing).read(at: 0, count: 9) }
        #expect(bytes == [1, 2, 3])
    }

    @Test("A power loss after a crash takes what the crash had left in the page cache")
    func crashThenPowerLoss() throws {
        let counts = try outcomes(1...30) { seed in
            let world = world(seed)
            defer { world.shutDown() }
            try on(world) { machine in
                let file = try await machine.disk.open("f", .new)
                try await machine.disk.syncDirectory("")
                try await file.write([1], at: 0)
            }
            world.crash("a")
            world.losePower("a")
            return "\(try on(world) { try await $0.disk.open("f", .existing).size() })"
        }
        #expect(Set(counts.keys) == ["0", "1"], "\(counts)")
    }

    @Test("A file that is never synced costs a bounded memory of how to undo it")
    func writeBack() throws {
        let world = world(3)
        defer { world.shutDown() }
        try on(world) { machine in
            let file = try await machine.disk.open("f", .new)
            try await machine.disk.syncDirectory("")
            for number in 0..<10_000 {
                try await file.write([UInt8(truncatingIfNeeded: number)], at: Int64(number))
            }
        }
        world.losePower("a")
        let size = try on(world) { try await $0.disk.open("f", .existing).size() }
        #expect(size > 5000, "the kernel writes old pages back by itself")
    }
}

@Suite("Names on a disk that loses its power")
struct NameTests {
    private func after(
        _ seed: UInt64, _ body: @escaping (any Disk) async throws -> Void
    ) throws -> [String] {
        let world = world(seed)
        defer { world.shutDown() }
        try on(world) { try await body($0.disk) }
        world.losePower("a")
        return try on(world) { machine in
            var names: [String] = []
            for name in try await machine.disk.list("") {
                names.append(name)
                if name.hasSuffix("/") {
                    names += try await machine.disk.list(String(name.dropLast())).map { name + $0 }
                }
            }
            return names
        }
    }

    private func make(_ disk: any Disk, _ path: String) async throws {
        let file = try await disk.open(path, .new)
        try await file.write(Array(path.utf8), at: 0)
        try await file.sync()
    }

    @Test("A file whose bytes were synced may vanish while its name was not")
    func created() throws {
        let counts = try outcomes(1...40) { seed in
            try after(seed) { try await make($0, "f") }.description
        }
        #expect(Set(counts.keys) == ["[]", "[\"f\"]"])
    }

    @Test("After the folder's sync names stay", arguments: 1...20 as ClosedRange<UInt64>)
    func durable(seed: UInt64) throws {
        let names = try after(seed) { disk in
            try await make(disk, "a")
            try await make(disk, "b")
            try await make(disk, "c")
            try await disk.rename("a", to: "d")
            try await disk.remove("b")
            try await disk.syncDirectory("")
        }
        #expect(names == ["c", "d"])
    }

    @Test("A removed name may come back, with its bytes")
    func removed() throws {
        let counts = try outcomes(1...40) { seed in
            try after(seed) { disk in
                try await make(disk, "f")
                try await disk.syncDirectory("")
                try await disk.remove("f")
            }.description
        }
        #expect(Set(counts.keys) == ["[]", "[\"f\"]"])
    }

    @Test("A rename is done or not, and replaces a file at once")
    func renamed() throws {
        let counts = try outcomes(1...60) { seed in
            let world = world(seed)
            defer { world.shutDown() }
            try on(world) { machine in
                try await make(machine.disk, "new")
                try await make(machine.disk, "current")
                try await machine.disk.syncDirectory("")
                try await machine.disk.rename("new", to: "current")
            }
            world.losePower("a")
            return try on(world) { machine in
                let file = try await machine.disk.open("current", .existing)
                let text = String(decoding: try await file.read(at: 0, count: 99), as: UTF8.self)
                return "\(text) \(try await machine.disk.list(""))"
            }
        }
        #expect(
            Set(counts.keys) == [
                "new [\"current\"]", "current [\"current\", \"new\"]",
            ], "\(counts)")
    }

    @Test("A rename over two folders never shows both names, nor neither")
    func moved() throws {
        let counts = try outcomes(1...120) { seed in
            try after(seed) { disk in
                try await disk.createDirectory("x")
                try await make(disk, "x/f")
                try await disk.syncDirectory("")
                try await disk.syncDirectory("x")
                try await disk.createDirectory("y")
                try await disk.rename("x/f", to: "y/f")
                if seed % 3 == 0 { try await disk.syncDirectory("x") }
            }.filter { $0.hasSuffix("f") }.description
        }
        #expect(Set(counts.keys) == ["[\"x/f\"]", "[\"y/f\"]"], "\(counts)")
    }

    @Test("A moved name is durable after the sync of either folder", arguments: ["x", "y"])
    func movedDurably(folder: String) throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            let names = try after(seed) { disk in
                try await disk.createDirectory("x")
                try await disk.createDirectory("y")
                try await make(disk, "x/f")
                try await disk.syncDirectory("x")
                try await disk.syncDirectory("")
                try await disk.rename("x/f", to: "y/f")
                try await disk.syncDirectory(folder)
            }
            #expect(names == ["x/", "y/", "y/f"])
        }
    }

    @Test("A power loss may keep a later name and lose an earlier one")
    func reordered() throws {
        let counts = try outcomes(1...200) { seed in
            try after(seed) { disk in
                for name in ["a", "b", "c"] { try await make(disk, name) }
            }.joined()
        }
        #expect(Set(counts.keys) == ["", "a", "b", "c", "ab", "ac", "bc", "abc"], "\(counts)")
    }

    @Test("Changes of one name stay in order: a file never has two names")
    func chained() throws {
        let counts = try outcomes(1...200) { seed in
            try after(seed) { disk in
                try await make(disk, "a")
                try await disk.rename("a", to: "b")
                try await disk.rename("b", to: "c")
                try await make(disk, "a")
            }.joined()
        }
        #expect(Set(counts.keys) == ["", "a", "b", "c", "ab", "ac"], "\(counts)")
    }

    @Test("A name changed while its folder was being synced is not covered")
    func concurrentSync() throws {
        let counts = try outcomes(1...40) { seed in
            let world = world(seed)
            defer { world.shutDown() }
            try on(world) { machine in
                try await make(machine.disk, "first")
                let done = Channel<Void>(machine)
                machine.spawn("sync") {
                    try await machine.disk.syncDirectory("")
                    done.send(())
                }
                machine.spawn("make") {
                    try await machine.sleep(.microseconds(1))
                    try await make(machine.disk, "second")
                }
                _ = try await done.receive()
                try await machine.sleep(.seconds(1))
            }
            world.losePower("a")
            return "\(try on(world) { try await $0.disk.list("") })"
        }
        #expect(counts["[\"first\"]", default: 0] > 0, "\(counts)")
        #expect(counts["[]"] == nil)
    }
}
