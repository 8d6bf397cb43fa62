import Platform
import Simulation
import Testing

extension Coordination {
    /// Puts one key, whatever it holds.
    fileprivate func put(
        _ key: String, _ value: UInt8 = 0, _ lease: LeaseIdentifier? = nil
    ) async throws -> CoordinationResult {
        try await commit(
            CoordinationTransaction(
                conditions: [], operations: [.put(key: key, value: [value], lease: lease)]))
    }
}

@Suite("The coordination service")
struct CoordinationTests {
    private func failureOfPut(_ machine: Machine) async throws -> CoordinationError? {
        try await failure(CoordinationError.self) { _ = try await machine.coordination.put("k", 1) }
    }

    @Test("A transaction is applied whole if its conditions hold")
    func transactions() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            let service = machine.coordination
            let both = CoordinationTransaction(
                conditions: [.absent(key: "x"), .absent(key: "y")],
                operations: [
                    .put(key: "x", value: [1], lease: nil), .put(key: "y", value: [2], lease: nil),
                ])
            #expect(try await service.commit(both) == .committed(Revision(number: 1)))
            #expect(try await service.commit(both) == .conflict)
            let entry = try await service.get("x")
            let swap = CoordinationTransaction(
                conditions: [.revision(key: "x", entry!.revision)],
                operations: [.delete(key: "x")])
            #expect(try await service.commit(swap) == .committed(Revision(number: 2)))
            #expect(try await service.commit(swap) == .conflict)
            let range = try await service.range(prefix: "")
            #expect(range.entries.map(\.key) == ["y"])
            #expect(range.revision == Revision(number: 2))
        }
    }

    @Test("Unavailable means no effect, unknown means either")
    func outcomes() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            world.coordinator.faults.isUnavailable = true
            #expect(try await failureOfPut(machine) == .unavailable)
            world.coordinator.faults = ServiceFaults()
            #expect(world.coordinator.entry("k") == nil)
            world.block(from: .machine("a"), to: .coordination)
            #expect(try await failureOfPut(machine) == .outcomeUnknown)
            #expect(world.coordinator.entry("k") == nil)
            world.open(from: .machine("a"), to: .coordination)
            world.coordinator.faults.lostAfterPerMillion = 1_000_000
            #expect(try await failureOfPut(machine) == .outcomeUnknown)
            #expect(world.coordinator.entry("k")?.value == [1])
            // A read has nothing that could be in doubt.
            let read = try await failure(CoordinationError.self) {
                _ = try await machine.coordination.get("k")
            }
            #expect(read == .unavailable)
        }
    }

    @Test("A lease that ends takes its keys, but none that left it")
    func leases() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            let service = machine.coordination
            let lease = try await service.grantLease(.seconds(10))
            _ = try await service.put("kept", 1, lease)
            _ = try await service.put("gone", 1, lease)
            for number in 0..<20 as Range<UInt8> {
                _ = try await service.put("gone", number, lease)
            }
            _ = try await service.put("kept", 2, nil)
            try await machine.sleep(.seconds(6))
            try await service.renewLease(lease)
            try await machine.sleep(.seconds(9))
            #expect(world.coordinator.entry("gone") != nil)
            try await machine.sleep(.seconds(2))
            #expect(world.coordinator.entry("gone") == nil)
            #expect(world.coordinator.entry("kept") != nil)
            let renewal = try await failure(CoordinationError.self) {
                try await service.renewLease(lease)
            }
            #expect(renewal == .leaseExpired(lease))
            let write = try await failure(CoordinationError.self) {
                _ = try await service.put("late", 1, lease)
            }
            #expect(write == .leaseExpired(lease))
        }
    }

    @Test("A lease that is renewed lives on, however the world is run in slices")
    func renewedInSlices() throws {
        let world = world()
        defer { world.shutDown() }
        var isLost = false
        world.start("a") { machine in
            let lease = try await machine.coordination.grantLease(.seconds(3))
            _ = try await machine.coordination.put("k", 1, lease)
            while true {
                try await machine.sleep(.milliseconds(1400))
                do { try await machine.coordination.renewLease(lease) } catch is CoordinationError {
                    isLost = true
                }
            }
        }
        for _ in 0..<600 { world.run(for: .milliseconds(100)) }
        #expect(!isLost)
        #expect(world.coordinator.entry("k") != nil)
    }

    @Test(
        "A watch sees all changes in order, however late", arguments: 1...10 as ClosedRange<UInt64>)
    func watchOrder(seed: UInt64) throws {
        let world = world(seed)
        defer { world.shutDown() }
        world.coordinator.faults.watchDelay = .seconds(5)
        try on(world) { machine in
            let service = machine.coordination
            _ = try await service.put("p/old")
            let watch = try await service.watch(prefix: "p/", after: .zero)
            for number in 0..<20 as Range<UInt8> { _ = try await service.put("p/k", number) }
            _ = try await service.put("q/other")
            var seen: [WatchEvent] = []
            while seen.count < 21 { seen += try await watch.next() }
            #expect(seen.first?.key == "p/old")
            #expect(seen.dropFirst().map { $0.entry!.value[0] } == Array(0..<20))
            #expect(seen.map(\.revision.number) == Array(1...21))
        }
    }

    @Test("A watch cut off by a partition ends, and a new one continues where it was")
    func brokenWatch() throws {
        let world = world(1, "a", "b")
        defer { world.shutDown() }
        try on(world) { machine in
            let watch = try await machine.coordination.watch(prefix: "", after: .zero)
            world.block(from: .coordination, to: .machine("a"))
            world.start("b") { _ = try await $0.coordination.put("k", 7) }
            let end = try await failure(CoordinationError.self) { _ = try await watch.next() }
            #expect(end == .unavailable)
            world.open(from: .coordination, to: .machine("a"))
            let next = try await machine.coordination.watch(prefix: "", after: .zero)
            #expect(try await next.next().map { $0.entry!.value } == [[7]])
            world.coordinator.breakWatches()
            let broken = try await failure(CoordinationError.self) { _ = try await next.next() }
            #expect(broken == .unavailable)
        }
    }

    @Test("A watch from a past that is forgotten is refused rather than given gaps")
    func forgottenPast() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            let service = machine.coordination
            let pair = CoordinationTransaction(
                conditions: [],
                operations: [
                    .put(key: "x", value: [], lease: nil), .put(key: "y", value: [], lease: nil),
                    .put(key: "z", value: [], lease: nil),
                ])
            for _ in 0..<3400 { _ = try await service.commit(pair) }
            let last = try await service.range(prefix: "").revision
            var first: Int64 = 0
            for number in 0..<last.number {
                do {
                    let watch = try await service.watch(
                        prefix: "", after: Revision(number: number))
                    var seen = 0
                    while seen < 3 * Int(last.number - number) {
                        seen += try await watch.next().count
                    }
                    #expect(seen == 3 * Int(last.number - number))
                    first = number
                    break
                } catch CoordinationError.unavailable {}
            }
            #expect(first > 0 && first < last.number)
        }
    }
}
