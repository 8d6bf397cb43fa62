import Platform
import Simulation
import Testing

@Suite("The object store")
struct ObjectStoreTests {
    private func faulty(_ world: SimulationWorld, _ change: (inout ServiceFaults) -> Void) {
        var faults = ServiceFaults()
        change(&faults)
        world.objects.faults = faults
    }

    private func put(
        _ machine: Machine, _ bytes: [UInt8], fails expected: ObjectStoreError? = nil
    ) async throws {
        let error = try await failure(ObjectStoreError.self) {
            _ = try await machine.objectStore.put(bytes, at: "k", .always)
        }
        #expect(error == expected)
    }

    @Test("Reads see every completed write, conditions hold, ranges are cut")
    func semantics() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            let store = machine.objectStore
            func error(_ body: () async throws -> Void) async throws -> ObjectStoreError? {
                try await failure(ObjectStoreError.self, body)
            }
            let tag = try await store.put([1, 2, 3, 4], at: "p/a", .ifAbsent)
            #expect(try await store.get("p/a") == [1, 2, 3, 4])
            #expect(try await store.get("p/a", range: 1..<3) == [2, 3])
            #expect(try await store.get("p/a", range: 3..<99) == [4])
            #expect(try await error { _ = try await store.get("p/a", range: 4..<9) } != nil)
            #expect(try await error { _ = try await store.get("p/a", range: 2..<2) } != nil)
            let exists = try await error { _ = try await store.put([], at: "p/a", .ifAbsent) }
            #expect(exists == .preconditionFailed(key: "p/a"))
            let second = try await store.put([5], at: "p/a", .ifMatches(tag))
            #expect(second != tag)
            let stale = try await error { _ = try await store.put([6], at: "p/a", .ifMatches(tag)) }
            #expect(stale == .preconditionFailed(key: "p/a"))
            #expect(try await store.head("p/a")?.byteCount == 1)
            try await store.delete("p/a")
            try await store.delete("p/a")
            #expect(try await store.head("p/a") == nil)
            #expect(try await error { _ = try await store.get("p/a") } == .notFound(key: "p/a"))
        }
    }

    @Test("Lists are in byte order, by prefix, after a key, up to a limit")
    func lists() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            let store = machine.objectStore
            for key in ["b/2", "a", "b/10", "b/1", "c", "b/\u{e9}", "b"] {
                _ = try await store.put([1], at: key, .always)
            }
            func list(_ prefix: String, _ start: String?, _ limit: Int = 1000) async throws
                -> [String]
            {
                try await store.list(prefix: prefix, after: start, limit: limit).map(\.key)
            }
            #expect(try await list("", nil) == ["a", "b", "b/1", "b/10", "b/2", "b/\u{e9}", "c"])
            #expect(try await list("b/", nil) == ["b/1", "b/10", "b/2", "b/\u{e9}"])
            #expect(try await list("b/", "b/1", 2) == ["b/10", "b/2"])
            #expect(try await list("b/", "b/11") == ["b/2", "b/\u{e9}"])
            #expect(try await list("b/", "c") == [])
            #expect(try await list("b/", "a") == ["b/1", "b/10", "b/2", "b/\u{e9}"])
            // Swift takes the two names for one, a store does not.
            _ = try await store.put([1], at: "e\u{301}", .always)
            try await store.delete("\u{e9}")
            try await store.delete("b/10")
            #expect(try await list("b/1", nil) == ["b/1"])
            #expect(world.objects.keys() == ["a", "b", "b/1", "b/2", "b/\u{e9}", "c", "e\u{301}"])
        }
    }

    @Test("A refused request had no effect, and says so soon")
    func refused() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            for isUnavailable in [true, false] {
                faulty(world) {
                    $0.isUnavailable = isUnavailable
                    $0.refusalsPerMillion = 1_000_000
                }
                let start = machine.clock.now
                try await put(machine, [1], fails: .throttled(key: "k"))
                #expect(machine.clock.now - start < .milliseconds(50))
                #expect(world.objects.bytes("k") == nil)
            }
        }
    }

    @Test("An answer lost after the effect: unknown, and it is there")
    func lostAfter() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            faulty(world) { $0.lostAfterPerMillion = 1_000_000 }
            let start = machine.clock.now
            try await put(machine, [1], fails: .outcomeUnknown(key: "k"))
            #expect(machine.clock.now - start >= world.costs.requestTimeout)
            #expect(world.objects.bytes("k") == [1])
        }
    }

    @Test("A request lost before its effect may take it later, over what was written since")
    func lostBefore() throws {
        let counts = try outcomes(1...40) { seed in
            let world = world(seed)
            defer { world.shutDown() }
            return try on(world) { machine in
                faulty(world) { $0.lostBeforePerMillion = 1_000_000 }
                try await put(machine, [1], fails: .outcomeUnknown(key: "k"))
                faulty(world) { _ in }
                try await put(machine, [2])
                #expect(world.objects.bytes("k") == [2])
                try await machine.sleep(.seconds(30))
                return "\(world.objects.bytes("k")!)"
            }
        }
        #expect(counts["[1]", default: 0] > 5 && counts["[2]", default: 0] > 5, "\(counts)")
    }

    @Test("A conflict refuses a conditional write and leaves a plain one")
    func conflict() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            faulty(world) { $0.conflictsPerMillion = 1_000_000 }
            let error = try await failure(ObjectStoreError.self) {
                _ = try await machine.objectStore.put([1], at: "k", .ifAbsent)
            }
            #expect(error == .preconditionFailed(key: "k"))
            try await put(machine, [1])
        }
    }

    @Test("A store too slow for the time-out leaves the outcome unknown, though it comes")
    func tooSlow() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            faulty(world) { $0.slowFactor = 2000 }
            let start = machine.clock.now
            try await put(machine, [1], fails: .outcomeUnknown(key: "k"))
            #expect(machine.clock.now - start < .seconds(6))
            try await machine.sleep(.seconds(100))
            #expect(world.objects.bytes("k") == [1])
        }
    }

    @Test("Faults are those of the moment at which a request arrives")
    func faultsOfTheMoment() throws {
        let world = world()
        defer { world.shutDown() }
        faulty(world) { $0.slowFactor = 20 }
        world.after(.milliseconds(10)) { faulty(world) { $0.isUnavailable = true } }
        try on(world) { try await put($0, [1], fails: .throttled(key: "k")) }
    }

    @Test("A large object takes its transfer time and is not given up meanwhile")
    func largeObject() throws {
        var costs = CostModel()
        costs.objectBytesPerSecond = 100_000
        let world = world(1, "a", costs: costs)
        defer { world.shutDown() }
        try on(world) { machine in
            let start = machine.clock.now
            try await put(machine, [UInt8](repeating: 1, count: 1_000_000))
            #expect(machine.clock.now - start > .seconds(10))
            let later = machine.clock.now
            _ = try await machine.objectStore.get("k", range: 999_990..<9_999_999_999)
            #expect(machine.clock.now - later < .seconds(11))
        }
    }

    @Test("A machine cut off from the store has no effect on it, nor an answer")
    func cutOff() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            world.block(from: .machine("a"), to: .objectStore)
            try await put(machine, [1], fails: .outcomeUnknown(key: "k"))
            #expect(world.objects.bytes("k") == nil)
            world.open(from: .machine("a"), to: .objectStore)
            world.block(from: .objectStore, to: .machine("a"))
            try await put(machine, [2], fails: .outcomeUnknown(key: "k"))
            #expect(world.objects.bytes("k") == [2])
            world.open(from: .objectStore, to: .machine("a"))
            try await put(machine, [3])
        }
    }
}

@Suite("The lake catalog")
struct CatalogTests {
    private let table = LakeTableName(namespace: "shop", name: "orders")

    @Test("Of two swaps from one place one wins")
    func swaps() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { (machine) async throws in
            let catalog = machine.lakeCatalog
            #expect(try await catalog.load(table) == nil)
            #expect(try await catalog.create(table, LakeTableCreation(metadataLocation: "1")))
            #expect(try await !catalog.create(table, LakeTableCreation(metadataLocation: "2")))
            #expect(try await catalog.commit(table, .swap(from: "1", to: "2")))
            #expect(try await !catalog.commit(table, .swap(from: "1", to: "3")))
            #expect(try await catalog.load(table)?.metadataLocation == "2")
            #expect(try await catalog.list() == [table])
            #expect(try await catalog.drop(table))
            #expect(try await !catalog.drop(table))
        }
    }

    @Test("Refusals, conflicts and lost answers mean what they say")
    func faults() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            let catalog = machine.lakeCatalog
            _ = try await catalog.create(table, LakeTableCreation(metadataLocation: "1"))
            func swap(_ change: (inout ServiceFaults) -> Void) async throws -> LakeCatalogError? {
                var faults = ServiceFaults()
                change(&faults)
                world.catalog.faults = faults
                return try await failure(LakeCatalogError.self) {
                    let isMoved = try await catalog.commit(
                        table, .swap(from: world.catalog.location(table)!, to: "2"))
                    #expect(!isMoved)
                }
            }
            #expect(try await swap { $0.isUnavailable = true } == .unavailable(table))
            #expect(try await swap { $0.conflictsPerMillion = 1_000_000 } == nil)
            #expect(world.catalog.location(table) == "1")
            #expect(try await swap { $0.lostAfterPerMillion = 1_000_000 } == .outcomeUnknown(table))
            #expect(world.catalog.location(table) == "2")
            world.catalog.faults = ServiceFaults()
            world.block(from: .machine("a"), to: .lakeCatalog)
            let read = try await failure(LakeCatalogError.self) {
                _ = try await catalog.load(table)
            }
            #expect(read == .unavailable(table))
        }
    }
}
