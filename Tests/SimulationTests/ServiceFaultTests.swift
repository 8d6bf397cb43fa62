import Platform
import Simulation
import Testing

@Suite("Services that tear, tarry and tell twice")
struct ServiceFaultTests {
    @Test("A torn upload fails, and no object is ever seen of it")
    func torn() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            _ = try await machine.objectStore.put([1], at: "kept", .always)
            world.objects.faults.tornUploadsPerMillion = 1_000_000
            for key in ["kept", "new"] {
                let error = try await failure(ObjectStoreError.self) {
                    _ = try await machine.objectStore.put([2, 2], at: key, .always)
                }
                #expect(error == .outcomeUnknown(key: key))
            }
            // What sends nothing cannot be torn.
            #expect(try await machine.objectStore.get("kept") == [1])
            try await machine.sleep(.seconds(60))
            #expect(world.objects.keys() == ["kept"])
        }
    }

    @Test("Of a long tail a few requests take much longer, the others do not")
    func tail() throws {
        let world = world(2)
        defer { world.shutDown() }
        let times = try on(world) { machine in
            _ = try await machine.objectStore.put([1], at: "k", .always)
            world.objects.faults.tailPerMillion = 100_000
            world.objects.faults.tailFactor = 50
            var times: [Duration] = []
            for _ in 0..<200 {
                let before = machine.clock.now
                _ = try await machine.objectStore.get("k")
                times.append(machine.clock.now - before)
            }
            return times
        }
        let slow = times.filter { $0 >= .milliseconds(400) }
        #expect(slow.count > 5 && slow.count < 45)
        #expect(times.filter { $0 < .milliseconds(50) }.count == 200 - slow.count)
    }

    @Test("A stranger's write moves the revision on: the transaction conflicts, the value stays")
    func conflict() throws {
        let world = world()
        defer { world.shutDown() }
        try on(world) { machine in
            func put(_ value: UInt8, _ condition: CoordinationTransaction.Condition) async throws
                -> CoordinationResult
            {
                try await machine.coordination.commit(
                    CoordinationTransaction(
                        conditions: [condition],
                        operations: [.put(key: "k", value: [value], lease: nil)]))
            }
            guard case .committed(let first) = try await put(1, .absent(key: "k")) else {
                Issue.record("the first write conflicts")
                return
            }
            world.coordinator.faults.conflictsPerMillion = 1_000_000
            #expect(try await put(2, .revision(key: "k", first)) == .conflict)
            world.coordinator.faults.conflictsPerMillion = 0
            let entry = try await machine.coordination.get("k")
            #expect(entry?.value == [1] && entry!.revision > first)
            #expect(try await put(2, .revision(key: "k", entry!.revision)) != .conflict)
        }
    }

    @Test("Repeated notices come again in order, so that the last word stays the last")
    func repeats() throws {
        let world = world(4)
        defer { world.shutDown() }
        let events = try on(world) { machine in
            world.coordinator.faults.repeatsPerMillion = 300_000
            let watch = try await machine.coordination.watch(prefix: "k", after: .zero)
            var events: [WatchEvent] = []
            machine.spawn("watches") { while true { events += try await watch.next() } }
            for number in 0..<20 as Range<UInt8> {
                _ = try await machine.coordination.commit(
                    CoordinationTransaction(
                        conditions: [],
                        operations: [.put(key: "k\(number % 3)", value: [number], lease: nil)]))
            }
            try await machine.sleep(.seconds(30))
            return events
        }
        let revisions = events.map(\.revision.number)
        #expect(Set(revisions) == Set(1...20))
        #expect(revisions.count > 20)
        var last: [String: UInt8] = [:]
        for event in events { last[event.key] = event.entry!.value[0] }
        #expect(last == ["k0": 18, "k1": 19, "k2": 17])
    }
}
