import Platform
import TestSupport
import Testing

private typealias Operation = CoordinationTransaction.Operation
private typealias Condition = CoordinationTransaction.Condition

extension Coordination {
    /// Commits and answers the revision, nil for a conflict.
    fileprivate func commit(
        _ operations: [Operation], if conditions: [Condition] = []
    ) async throws -> Revision? {
        let transaction = CoordinationTransaction(conditions: conditions, operations: operations)
        switch try await commit(transaction) {
        case .committed(let revision): return revision
        case .conflict: return nil
        }
    }

    fileprivate func put(
        _ key: String, _ value: String, lease: LeaseIdentifier? = nil
    ) async throws -> Revision {
        try #require(try await commit([.put(key: key, value: text(value), lease: lease)]))
    }
}

/// Takes events until there are `count` different ones.
private func events(_ watch: any Watch, count: Int) async throws -> [WatchEvent] {
    var seen: [WatchEvent] = []
    while seen.count < count {
        for event in try await watch.next() where !seen.contains(event) { seen.append(event) }
    }
    return seen
}

@Suite("A coordination service, simulated and real")
struct CoordinationContractTests {
    @Test("What was put is there, with its revision", arguments: WorldKind.coordinations)
    func entries(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let service = machine.coordination
            #expect(try await service.get("a") == nil)
            #expect(
                try await service.range(prefix: "")
                    == CoordinationRange(entries: [], revision: .zero))
            let first = try await service.put("a", "1")
            #expect(first == Revision(number: 1))
            #expect(
                try await service.get("a")
                    == CoordinationEntry(key: "a", value: text("1"), revision: first, lease: nil))
            let second = try await service.put("a", "")
            #expect(second == Revision(number: 2))
            #expect(try await service.get("a")?.value == [])
            #expect(try await service.get("a")?.revision == second)
            let third = try await service.commit([.delete(key: "a")])
            #expect(third == Revision(number: 3))
            #expect(try await service.get("a") == nil)
            #expect(try await service.commit([.delete(key: "a")]) == third)
            #expect(try await service.range(prefix: "").revision == third)
        }
    }

    @Test("A range is in key order by bytes, at one revision", arguments: WorldKind.coordinations)
    func ranges(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let service = machine.coordination
            let keys = [
                "a", "a/1", "a/10", "a/2", "a0", "b%", "b_", "\u{e9}", "\u{ffff}", "\u{10000}",
            ]
            for key in keys.reversed() { _ = try await service.put(key, key) }
            let all = try await service.range(prefix: "")
            #expect(all.entries.map(\.key) == keys)
            #expect(all.revision.number == Int64(keys.count))
            #expect(
                try await service.range(prefix: "a/").entries.map(\.key) == ["a/1", "a/10", "a/2"])
            #expect(try await service.range(prefix: "a/1").entries.map(\.key) == ["a/1", "a/10"])
            #expect(try await service.range(prefix: "b%").entries.map(\.key) == ["b%"])
            #expect(try await service.range(prefix: "c").entries == [])
        }
    }

    @Test("A transaction is applied whole, or not at all", arguments: WorldKind.coordinations)
    func transactions(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let service = machine.coordination
            let first = try await service.put("a", "1")
            let put: [Operation] = [
                .put(key: "b", value: [2], lease: nil), .delete(key: "a"),
                .put(key: "c", value: [3], lease: nil),
            ]
            for condition in [
                Condition.absent(key: "a"), .revision(key: "a", .zero), .revision(key: "x", first),
                .revision(key: "a", Revision(number: 7)),
            ] {
                #expect(try await service.commit(put, if: [.absent(key: "z"), condition]) == nil)
            }
            #expect(try await service.range(prefix: "").entries.map(\.key) == ["a"])
            #expect(try await service.range(prefix: "").revision == first)
            let second = try await service.commit(
                put, if: [.revision(key: "a", first), .absent(key: "b")])
            #expect(second == Revision(number: 2))
            let range = try await service.range(prefix: "")
            #expect(range.entries.map(\.key) == ["b", "c"])
            #expect(range.entries.allSatisfy { $0.revision == second })
        }
    }

    @Test("Of many that race for a key, one wins", arguments: WorldKind.coordinations)
    func races(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let others = (2...6).map { world.start("machine-\($0)") }
            let results = others.map { other in
                machine.result {
                    try await other.coordination.commit(
                        [.put(key: "leader", value: text(other.name), lease: nil)],
                        if: [.absent(key: "leader")])
                }
            }
            var winners = 0
            for result in results where try await result.receive()?.get() != nil { winners += 1 }
            #expect(winners == 1)
            #expect(try await machine.coordination.range(prefix: "").revision.number == 1)
        }
    }

    @Test("What makes no sense is refused", arguments: WorldKind.coordinations)
    func nonsense(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ async throws in
            let service = machine.coordination
            func refused(_ body: () async throws -> Void) async {
                let error = await expectError(CoordinationError.self) { try await body() }
                guard case .invalidRequest? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            await refused { _ = try await service.commit([]) }
            await refused { _ = try await service.commit([], if: [.absent(key: "a")]) }
            await refused {
                _ = try await service.commit([
                    .put(key: "a", value: [], lease: nil), .delete(key: "a"),
                ])
            }
            await refused { _ = try await service.commit([.put(key: "", value: [], lease: nil)]) }
            await refused { _ = try await service.grantLease(.zero) }
            await refused { _ = try await service.grantLease(.seconds(-1)) }
            #expect(try await service.range(prefix: "").revision == .zero)
        }
    }

    @Test("A lease takes its keys along, in one revision", arguments: WorldKind.coordinations)
    func expiry(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let service = machine.coordination
            let lease = try await service.grantLease(.milliseconds(600))
            let granted = machine.clock.now
            _ = try await service.put("a", "1", lease: lease)
            _ = try await service.put("b", "1", lease: lease)
            _ = try await service.put("freed", "1", lease: lease)
            _ = try await service.put("freed", "2")
            let before = try await service.range(prefix: "")
            #expect(before.entries.first?.lease == lease)
            while try await service.get("a") != nil {
                try await machine.sleep(.milliseconds(5))
            }
            // The lease began before the answer came.
            #expect(machine.clock.now - granted >= .milliseconds(580))
            let after = try await service.range(prefix: "")
            #expect(after.entries.map(\.key) == ["freed"])
            #expect(after.revision.number == before.revision.number + 1)
            let expired = CoordinationError.leaseExpired(lease)
            await expectError(expired) { try await service.renewLease(lease) }
            await expectError(expired) { try await service.revokeLease(lease) }
            await expectError(expired) { _ = try await service.put("c", "1", lease: lease) }
            #expect(try await service.range(prefix: "").revision == after.revision)
        }
    }

    @Test("Renewing keeps a lease alive, revoking ends it", arguments: WorldKind.coordinations)
    func renewal(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let service = machine.coordination
            let lease = try await service.grantLease(.seconds(1))
            let other = try await service.grantLease(.seconds(100))
            #expect(lease != other)
            _ = try await service.put("a", "1", lease: lease)
            _ = try await service.put("b", "1", lease: other)
            for _ in 0..<8 {
                try await machine.sleep(.milliseconds(200))
                try await service.renewLease(lease)
            }
            #expect(try await service.get("a") != nil)
            try await service.revokeLease(lease)
            #expect(try await service.range(prefix: "").entries.map(\.key) == ["b"])
            await expectError(CoordinationError.leaseExpired(lease)) {
                try await service.renewLease(lease)
            }
            let unknown = LeaseIdentifier(number: 999)
            await expectError(CoordinationError.leaseExpired(unknown)) {
                try await service.renewLease(unknown)
            }
        }
    }

    @Test(
        "A watch sees each change after its revision, in order", arguments: WorldKind.coordinations)
    func watches(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let service = machine.coordination
            _ = try await service.put("a/1", "old")
            let second = try await service.put("a/2", "past")
            let watch = try await service.watch(
                prefix: "a/", after: Revision(number: second.number - 1))
            let other = world.start("machine-2").coordination
            _ = try await other.put("b", "elsewhere")
            let both = try await other.commit([
                .put(key: "a/3", value: text("x"), lease: nil), .delete(key: "a/1"),
            ])
            let lease = try await other.grantLease(.milliseconds(500))
            let leased = try await other.put("a/4", "leased", lease: lease)
            let seen = try await events(watch, count: 5)
            let expected: [(String, [UInt8]?, Int64)] = [
                ("a/2", text("past"), second.number), ("a/3", text("x"), both!.number),
                ("a/1", nil, both!.number), ("a/4", text("leased"), leased.number),
                ("a/4", nil, leased.number + 1),
            ]
            #expect(seen.map(\.key) == expected.map(\.0))
            #expect(seen.map { $0.entry?.value } == expected.map(\.1))
            #expect(seen.map(\.revision.number) == expected.map(\.2))
            #expect(seen.allSatisfy { $0.entry == nil || $0.entry?.revision == $0.revision })
            #expect(seen[3].entry?.lease == lease)
        }
    }

    @Test(
        "A watch waits for changes, and ends when it is cancelled",
        arguments: WorldKind.coordinations)
    func cancelling(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let service = machine.coordination
            let watch = try await service.watch(prefix: "", after: .zero)
            let next = machine.result { try await watch.next() }
            try await machine.sleep(.milliseconds(20))
            #expect(next.count == 0)
            let revision = try await service.put("a", "1")
            #expect(try await next.receive()?.get().map(\.revision) == [revision])
            let last = machine.result { try await watch.next() }
            try await machine.sleep(.milliseconds(20))
            watch.cancel()
            watch.cancel()
            await expectError(CoordinationError.unavailable) {
                _ = try await last.receive()?.get()
            }
            await expectError(CoordinationError.unavailable) { _ = try await watch.next() }
        }
    }

    @Test("A watch from a later revision waits for it", arguments: WorldKind.coordinations)
    func future(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let service = machine.coordination
            let watch = try await service.watch(prefix: "", after: Revision(number: 2))
            for number in 1...3 { _ = try await service.put("a", "\(number)") }
            #expect(try await events(watch, count: 1).map(\.revision.number) == [3])
        }
    }

    @Test("The end of a machine ends its requests and watches", arguments: WorldKind.coordinations)
    func ending(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let other = world.start("machine-2")
            let watch = try await other.coordination.watch(prefix: "", after: .zero)
            var isEnded = false
            other.spawn("watch") {
                do { _ = try await watch.next() } catch is Terminated { isEnded = true }
            }
            try await machine.sleep(.milliseconds(1))
            world.crash("machine-2")
            _ = try await machine.coordination.put("a", "1")
            #expect(isEnded)
            await expectError(Terminated.self) { _ = try await watch.next() }
            await expectError(Terminated.self) { _ = try await other.coordination.get("a") }
            watch.cancel()
        }
    }

    @Test("Keys that look alike but differ in bytes are two", arguments: WorldKind.coordinations)
    func normalization(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let service = machine.coordination
            _ = try await service.commit([
                .put(key: "\u{e9}", value: [1], lease: nil),
                .put(key: "e\u{301}", value: [2], lease: nil),
            ])
            #expect(try await service.range(prefix: "").entries.map(\.value) == [[2], [1]])
            #expect(try await service.get("\u{e9}")?.value == [1])
        }
    }
}
