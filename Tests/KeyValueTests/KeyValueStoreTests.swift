import Columnar
import Platform
import Simulation
import TestSupport
import Testing

@testable import KeyValue

@Suite("The store of rows")
struct KeyValueStoreTests {
    private func fill(
        _ store: KeyValueStore, _ rounds: Int, _ random: RandomStream,
        _ model: inout [[UInt8]: [UInt8]], compacting: Bool = true
    ) async throws {
        for _ in 0..<rounds {
            var changes: [KeyValueStore.Change] = []
            var growth: Int64 = 0
            for _ in 0..<random.next(in: 1..<30) {
                let key = try key(random.next(in: 0..<300))
                if random.chance(1, in: 3) {
                    if model.removeValue(forKey: key) != nil { growth -= 1 }
                    changes.append(.init(key: key, value: nil))
                } else {
                    let value = [UInt8](
                        repeating: UInt8(random.next() & 255), count: random.next(in: 0..<60))
                    if model.updateValue(value, forKey: key) == nil { growth += 1 }
                    changes.append(.init(key: key, value: value))
                }
            }
            store.apply(changes, upTo: store.appliedOffset + 5, rowCountChange: growth)
            if store.needsFlush { try await store.flush() }
            if compacting, store.needsCompaction { try await store.compact() }
        }
    }

    @Test("A scan that goes on reads many blocks at once, and gives each row once")
    func longScan() throws {
        try inWorld(seed: 1) { machine, world in
            let store = try await KeyValueStore.open(machine, directory: "kv")
            let rowCount = 20_000
            var value = [UInt8](repeating: 7, count: 100)
            for number in 0..<rowCount {
                value[0] = UInt8(number & 255)
                store.apply(
                    [.init(key: try key(number * 7919 % rowCount), value: value)],
                    upTo: store.appliedOffset + 1, rowCountChange: 1)
                if number % 4000 == 3999 { try await store.flush() }
            }
            // Deletions and newer rows above the files, so that sources have keys in common.
            for number in stride(from: 0, to: rowCount, by: 3) {
                store.apply(
                    [.init(key: try key(number), value: number % 2 == 0 ? nil : [9])],
                    upTo: store.appliedOffset + 1, rowCountChange: 0)
            }
            let expected = try (0..<rowCount).filter { $0 % 6 != 0 }.map(key)
            func scanned(by byteCount: Int) async throws -> (rows: StoredRows, reads: Int) {
                let before = world.diskCounters(of: "machine-1").reads
                var rows = try await store.scan(limit: .max, byteCount: byteCount)
                while let last = rows.last {
                    let more = try await store.scan(
                        from: last.key + [0], limit: .max, byteCount: byteCount)
                    if more.isEmpty { break }
                    for row in more { rows.append(row.key, row.value[...]) }
                }
                return (rows, world.diskCounters(of: "machine-1").reads - before)
            }
            let blockCount = store.version.levels.joined().reduce(0) { $0 + $1.blocks.count }
            #expect(blockCount > 300)
            for byteCount in [.max, 300_000, 20_000] {
                let (rows, reads) = try await scanned(by: byteCount)
                #expect(rows.keys.map(Array.init) == expected)
                #expect(rows.allSatisfy { $0.value == [9] || $0.value.count == 100 })
                if byteCount == .max { #expect(reads * 4 < blockCount) }
            }
        }
    }

    @Test("Some keys are looked up as of one moment, whatever is applied meanwhile")
    func manyKeys() throws {
        try inWorld(seed: 1) { machine, _ in
            let store = try await KeyValueStore.open(
                machine, directory: "kv", configuration: smallStore)
            let keys = try (0..<40).map(key)
            func apply(_ value: UInt8) {
                store.apply(
                    keys.map { .init(key: $0, value: [value]) }, upTo: store.appliedOffset + 1,
                    rowCountChange: 0)
            }
            apply(1)
            try await store.flush()
            var isDone = false
            machine.spawn("writer") {
                while !isDone {
                    apply(2)
                    try await machine.sleep(.nanoseconds(1))
                }
            }
            let values = try await store.get(keys)
            isDone = true
            #expect(store.appliedOffset > 1, "nothing was applied while files were read")
            #expect(values == keys.map { _ in [1] })
        }
    }

    @Test(
        "Gets and scans are those of a dictionary, through flushes and compactions",
        arguments: 1...8)
    func model(_ seed: Int) throws {
        try inWorld(seed: UInt64(seed)) { machine, _ in
            let random = RandomStream(seed: UInt64(seed), label: "store")
            let store = try await KeyValueStore.open(
                machine, directory: "kv", configuration: smallStore)
            var model: [[UInt8]: [UInt8]] = [:]
            for _ in 0..<12 {
                try await fill(store, 20, random, &model)
                #expect(try await store.allRows(page: 37) == model)
                #expect(store.rowCount == Int64(model.count))
                for number in 0..<300 where random.chance(1, in: 4) {
                    #expect(try await store.get(key(number)) == model[key(number)])
                }
                let low = try key(random.next(in: 0..<300))
                let high = try key(random.next(in: 0..<300))
                let range = try await store.scan(from: low, to: high, limit: 1000).map(\.key)
                #expect(
                    range
                        == model.keys.filter { !isBefore($0, low) && isBefore($0, high) }
                        .sorted(by: isBefore))
            }
            #expect(store.version.levels.dropFirst().contains { !$0.isEmpty })
            try await store.verify()
            try await store.flush()
            while try await store.compact() {}
            try await store.close()
            let again = try await KeyValueStore.open(
                machine, directory: "kv", configuration: smallStore)
            #expect(try await again.allRows() == model)
            #expect(again.rowCount == Int64(model.count))
            let names = try await machine.disk.list("kv")
            #expect(names.count == again.manifest.tables.count + 1)
        }
    }

    @Test("A scan of few rows during a flush shows none that is deleted", arguments: 1...40)
    func smallScansDuringFlush(_ seed: Int) throws {
        try inWorld(seed: UInt64(seed)) { machine, _ in
            let random = RandomStream(seed: UInt64(seed), label: "small scans")
            let store = try await KeyValueStore.open(
                machine, directory: "kv", configuration: smallStore)
            var model: [[UInt8]: [UInt8]] = [:]
            func change(_ count: Int) throws {
                var changes: [KeyValueStore.Change] = []
                var growth: Int64 = 0
                for _ in 0..<count {
                    let key = try key(random.next(in: 0..<12))
                    let value: [UInt8]? =
                        random.chance(1, in: 2) ? nil : [UInt8(random.next() & 255)]
                    growth += (value == nil ? 0 : 1) - (model[key] == nil ? 0 : 1)
                    model[key] = value
                    changes.append(.init(key: key, value: value))
                }
                store.apply(changes, upTo: store.appliedOffset + 1, rowCountChange: growth)
            }
            for _ in 0..<6 {
                try change(10)
                machine.spawn("flush") { try await store.flush() }
                try await machine.sleep(.microseconds(1))
                #expect(store.flushing != nil)
                try change(4)
                let start: [UInt8]? =
                    random.chance(1, in: 2) ? nil : try key(random.next(in: 0..<12))
                let rows = model.keys.sorted { $0.lexicographicallyPrecedes($1) }.filter {
                    start == nil || !$0.lexicographicallyPrecedes(start!)
                }
                for limit in [0, 1, 2, 3, 7, 1000] {
                    let found = try await store.scan(from: start, limit: limit)
                    #expect(found.map(\.key) == Array(rows.prefix(limit)))
                    #expect(found.allSatisfy { model[$0.key] == $0.value })
                }
                try await machine.sleep(.seconds(1))
            }
        }
    }

    @Test("What was flushed survives crashes and power loss, as of its offset", arguments: 1...20)
    func crashes(_ seed: Int) throws {
        let world = SimulationWorld(seed: UInt64(seed))
        world.addMachine("a")
        let random = RandomStream(seed: UInt64(seed), label: "crashes")
        // The changelog: each offset's changes, and the rows after it.
        var history: [(changes: [KeyValueStore.Change], growth: Int64, rows: [[UInt8]: [UInt8]])]
        history = [([], 0, [:])]
        var durable: Int64 = 0
        var lives = 0
        for _ in 0..<10 {
            world.start("a") { machine in
                let store = try await KeyValueStore.open(
                    machine, directory: "data/kv", configuration: smallStore)
                #expect(store.appliedOffset >= durable)
                let rows = try await store.allRows()
                #expect(rows == history[Int(store.appliedOffset)].rows)
                #expect(store.rowCount == Int64(rows.count))
                durable = store.appliedOffset
                lives += 1
                machine.spawn("compaction") {
                    while true {
                        if try await !store.compact() {
                            try await machine.sleep(.microseconds(300))
                        }
                    }
                }
                while true {
                    let next = Int(store.appliedOffset) + 1
                    if next == history.count {
                        history.append(makeChanges(history[next - 1].rows, random))
                    }
                    let entry = history[next]
                    store.apply(entry.changes, upTo: Int64(next), rowCountChange: entry.growth)
                    if random.chance(1, in: 6) {
                        try await store.flush()
                        durable = max(durable, store.durableOffset)
                    } else {
                        try await machine.sleep(.microseconds(50))
                    }
                }
            }
            world.run(for: .microseconds(random.next(in: 1000..<100_000)))
            if random.chance(2, in: 3) { world.losePower("a") } else { world.crash("a") }
            world.run(for: .milliseconds(1))
        }
        world.shutDown()
        #expect(world.journal.notes.filter { $0.severity == .error }.map(\.message) == [])
        #expect(lives >= 8 && durable > 0)
    }

    private func makeChanges(
        _ before: [[UInt8]: [UInt8]], _ random: RandomStream
    ) -> (changes: [KeyValueStore.Change], growth: Int64, rows: [[UInt8]: [UInt8]]) {
        var rows = before
        var changes: [KeyValueStore.Change] = []
        for _ in 0..<random.next(in: 0..<12) {
            let key = Array("k\(random.next(in: 0..<150))".utf8)
            let value: [UInt8]? =
                random.chance(1, in: 3)
                ? nil : [UInt8](repeating: UInt8(random.next() & 255), count: 20)
            rows[key] = value
            changes.append(.init(key: key, value: value))
        }
        return (changes, Int64(rows.count - before.count), rows)
    }

    @Test("Damage is noticed, and the file named", arguments: 1...40, RestDamage.allCases)
    func damage(_ seed: Int, _ kind: RestDamage) throws {
        try inWorld(seed: UInt64(seed)) { machine, world in
            let random = RandomStream(seed: UInt64(seed), label: "store")
            let store = try await KeyValueStore.open(
                machine, directory: "kv", configuration: smallStore)
            var model: [[UInt8]: [UInt8]] = [:]
            try await fill(store, 30, random, &model)
            try await store.flush()
            try await store.close()
            let part = seed % 4 == 0 ? "manifest" : ".table"
            #expect(kind.strike(world, machine.name, inPathContaining: part))
            do {
                let again = try await KeyValueStore.open(
                    machine, directory: "kv", configuration: smallStore)
                try await again.verify()
                Issue.record("it went unnoticed")
            } catch KeyValueError.damaged(let path, _) {
                #expect(path.contains(part))
            }
        }
    }

    @Test("A lost manifest or table is damage, not an empty store")
    func lostFiles() throws {
        try inWorld { machine, _ in
            for name in ["manifest", "table"] {
                let store = try await KeyValueStore.open(machine, directory: name)
                store.apply(
                    [.init(key: [1], value: [2])], upTo: 1, rowCountChange: 1)
                try await store.flush()
                try await store.close()
                let names = try await machine.disk.list(name)
                let lost = try #require(names.first { $0.hasSuffix(name) })
                try await machine.disk.remove(name + "/" + lost)
                await #expect(throws: KeyValueError.self) {
                    _ = try await KeyValueStore.open(machine, directory: name)
                }
            }
        }
    }

    @Test("A snapshot makes the same store elsewhere, while its source goes on")
    func snapshots() throws {
        try inWorld(seed: 5) { machine, _ in
            let random = RandomStream(seed: 5, label: "store")
            let store = try await KeyValueStore.open(
                machine, directory: "a", configuration: smallStore)
            var model: [[UInt8]: [UInt8]] = [:]
            try await fill(store, 40, random, &model)
            let first = try await store.snapshot()
            let firstRows = model
            try await fill(store, 40, random, &model)
            while try await store.compact() {}
            let second = try await store.snapshot()
            #expect(first.appliedOffset < second.appliedOffset)

            // What the first has, the second need not upload again; both can still be read.
            for (snapshot, rows) in [(first, firstRows), (second, model)] {
                let described = try KeyValueSnapshot.describe(manifest: snapshot.manifest)
                #expect(described.files == snapshot.files)
                let restored = try await KeyValueStore.restore(
                    machine, directory: "b", configuration: smallStore,
                    manifest: snapshot.manifest
                ) { try await store.read($0, of: snapshot) }
                #expect(try await restored.allRows() == rows)
                #expect(restored.appliedOffset == snapshot.appliedOffset)
                #expect(restored.rowCount == snapshot.rowCount)
                try await restored.close()
                store.release(snapshot)
            }
            try await store.flush()
            try await store.compact()
            #expect(store.garbage.isEmpty)
            #expect(try await machine.disk.list("a").count == store.manifest.tables.count + 1)

            await #expect(throws: KeyValueError.self) {
                _ = try await KeyValueStore.restore(
                    machine, directory: "c", manifest: second.manifest
                ) { file in [UInt8](repeating: 0, count: Int(file.byteCount)) }
            }
        }
    }

    @Test("A full disk loses nothing, and compaction leaves no litter")
    func fullDisk() throws {
        try inWorld(seed: 9) { machine, world in
            let random = RandomStream(seed: 9, label: "store")
            let store = try await KeyValueStore.open(
                machine, directory: "kv", configuration: smallStore)
            var model: [[UInt8]: [UInt8]] = [:]
            try await fill(store, 20, random, &model, compacting: false)
            var faults = DiskFaults()
            faults.isFull = true
            world.setDiskFaults(machine.name, faults)
            for _ in 0..<3 {
                var changed = model
                do {
                    try await fill(store, 10, random, &changed, compacting: false)
                } catch KeyValueError.storageFull {}
                model = changed
                do { _ = try await store.compact() } catch KeyValueError.storageFull {}
            }
            #expect(try await store.allRows() == model)
            world.setDiskFaults(machine.name, DiskFaults())
            try await store.flush()
            while try await store.compact() {}
            #expect(try await store.allRows() == model)
            #expect(try await machine.disk.list("kv").count == store.manifest.tables.count + 1)
        }
    }

    @Test("Keys of one prefix are one range")
    func prefixes() throws {
        try inWorld { machine, _ in
            let codec = KeyCodec(types: [.string, .int])
            let store = try await KeyValueStore.open(machine, directory: "kv")
            var offset: Int64 = 0
            for name in ["a", "ab", "b"] {
                for number in Int32(-2)...2 {
                    offset += 1
                    let key = try codec.encode([.string(name), .int(number)])
                    store.apply([.init(key: key, value: [7])], upTo: offset, rowCountChange: 1)
                }
                try await store.flush()
            }
            let prefix = try codec.encode([.string("a")])
            let found = try await store.scan(prefix: prefix, limit: 100)
            #expect(
                try found.map { try codec.decode($0.key)[1] }
                    == (Int32(-2)...2).map { Value.int($0) })
            let rest = try await store.scan(prefix: prefix, after: found[2].key, limit: 100)
            #expect(rest.map(\.key) == found[3...].map(\.key))
        }
    }
}
