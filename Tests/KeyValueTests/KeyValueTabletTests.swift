import Changelog
import Columnar
import Platform
import Simulation
import TestSupport
import Testing

@testable import KeyValue

@Suite("The rows of a bucket")
struct KeyValueTabletTests {
    private func tablet(
        _ machine: Machine, _ engine: MergeEngine = .lastRow, schemas: [Schema] = [accounts]
    ) async throws -> KeyValueTablet {
        let store = try await KeyValueStore.open(
            machine, directory: "kv", configuration: smallStore)
        return try KeyValueTablet(store: store, schemas: schemas, engine: engine)
    }

    /// Prepares, numbers and buffers a request, as a leader does.
    @discardableResult
    private func write(
        _ tablet: KeyValueTablet, _ operations: [RowOperation], columns: [Int]? = nil
    ) async throws -> LogBatch {
        let prepared = try await tablet.prepare(operations, columns: columns)
        let base = tablet.endOffset
        let end = base + Int64(max(1, prepared.batch.recordCount))
        tablet.buffer(prepared, baseOffset: base, endOffset: end)
        return prepared.batch
    }

    private func changes(_ batch: LogBatch) throws -> [String] {
        let (records, types) = try batch.decodeRecords(accounts)
        return zip(records.rows, types).map { row, type in
            let values = row.map { value in
                switch value {
                case .bigint(let number): "\(number)"
                case .string(let text): text
                default: "-"
                }
            }
            return type.symbol + " " + values.joined(separator: " ")
        }
    }

    @Test("Inserts, updates and deletions become changelog rows, each against the one before")
    func changelogRows() throws {
        try inWorld { machine, _ in
            let tablet = try await tablet(machine)
            let first = try await write(
                tablet, [upsert(1, "a", 5), upsert(2, "b", 6), upsert(1, "c", 7), delete(2)])
            #expect(
                try changes(first) == ["+I 1 a 5", "+I 2 b 6", "-U 1 a 5", "+U 1 c 7", "-D 2 b 6"])
            let second = try await write(tablet, [upsert(1, "d", 7), delete(9)])
            #expect(try changes(second) == ["-U 1 c 7", "+U 1 d 7"])
            // Nothing is committed yet, so nothing can be looked up.
            #expect(try await tablet.lookup(key(1)) == nil)
            tablet.commit(upTo: 5)
            #expect(tablet.committedOffset == 5 && tablet.rowCount == 1)
            #expect(
                try tablet.decodeStored(try #require(try await tablet.lookup(key(1))))
                    == account(1, "c", 7))
            tablet.commit(upTo: 6)
            #expect(tablet.committedOffset == 5)
            tablet.commit(upTo: 7)
            #expect(tablet.committedOffset == 7)
        }
    }

    @Test("A deletion of some columns leaves a row its number, whatever it names")
    func partialDeletionOfNumberedRow() throws {
        try inWorld { machine, _ in
            let store = try await KeyValueStore.open(
                machine, directory: "kv", configuration: smallStore)
            // The amount is the number.
            let tablet = try KeyValueTablet(store: store, schemas: [accounts], numberedColumn: 3)
            tablet.take(numbers: 70..<80)
            try await write(tablet, [upsert(1, "a", nil), upsert(2, "b", nil)])
            let batch = try await write(tablet, [delete(1), delete(2)], columns: [0, 1, 2])
            #expect(
                try changes(batch) == ["-U 1 a 70", "+U 1 - 70", "-U 2 b 71", "+U 2 - 71"])
        }
    }

    @Test("A request that changes nothing is an empty batch that takes one offset")
    func noChange() throws {
        try inWorld { machine, _ in
            let tablet = try await tablet(machine)
            try await write(tablet, [upsert(1, "a", 5)])
            let prepared = try await tablet.prepare([upsert(1, "a", 5), delete(2)])
            #expect(prepared.isEmpty && prepared.batch.recordCount == 0)
            tablet.buffer(prepared, baseOffset: 1, endOffset: 2)
            tablet.commit(upTo: 2)
            #expect(tablet.committedOffset == 2 && tablet.rowCount == 1)
        }
    }

    @Test("A request that was never appended leaves nothing behind")
    func abandoned() throws {
        try inWorld { machine, _ in
            let tablet = try await tablet(machine)
            try await write(tablet, [upsert(1, "a", 5)])
            _ = try await tablet.prepare([upsert(1, "b", 6), upsert(2, "x", 1)])
            await #expect(throws: KeyValueError.self) {
                _ = try await tablet.prepare([upsert(3, "y", 1), .upsert(row: [1, 0, 9])])
            }
            await #expect(throws: KeyValueError.self) {
                _ = try await tablet.prepare([.delete(key: [1, 2])])
            }
            let next = try await write(tablet, [upsert(1, "c", 7), upsert(2, "x", 2)])
            #expect(try changes(next) == ["-U 1 a 5", "+U 1 c 7", "+I 2 x 2"])
        }
    }

    @Test("Truncation takes buffered rows back to those before")
    func truncation() throws {
        try inWorld { machine, _ in
            let tablet = try await tablet(machine)
            try await write(tablet, [upsert(1, "a", 5)])
            try await write(tablet, [upsert(1, "b", 6), upsert(2, "x", 1)])
            try await write(tablet, [delete(1)])
            tablet.truncate(to: 1)
            #expect(tablet.endOffset == 1)
            let next = try await write(tablet, [upsert(1, "c", 7), upsert(2, "y", 1)])
            #expect(try changes(next) == ["-U 1 a 5", "+U 1 c 7", "+I 2 y 1"])
        }
    }

    @Test("Rows of an older schema are read and updated under the new one")
    func schemaEvolution() throws {
        try inWorld { machine, _ in
            let tablet = try await tablet(machine)
            var fold = ChangelogFold(schemas: [accounts])
            let insert = try await write(tablet, [upsert(1, "a", 5)])
            tablet.commit(upTo: 1)
            try fold.apply(insert)
            let wider = Schema(
                identifier: 2,
                fields: accounts.fields + [Field(identifier: 4, name: "note", type: .string)],
                primaryKey: [0])
            try tablet.adopt(wider)
            let row = account(1, "a", 6) + [.string("new")]
            let batch = try await write(
                tablet, [.upsert(row: try RowCodec(schema: wider).encode(row))])
            let (records, types) = try batch.decodeRecords(wider)
            #expect(records.rows == [account(1, "a", 5) + [.null], row])
            #expect(types == [.updateBefore, .updateAfter])
        }
    }

    @Test("A schema that was missed, whose columns are elsewhere, is passed over by merging")
    func missedSchemas() throws {
        try inWorld { machine, _ in
            let tablet = try await tablet(machine, .versioned(column: 2))
            try await write(tablet, [upsert(1, "a", 5)])
            tablet.commit(upTo: 1)
            var fields = accounts.fields
            fields.append(Field(identifier: 4, name: "note", type: .string))
            let missed = Schema(identifier: 2, fields: fields, primaryKey: [0])
            fields.swapAt(2, 3)
            let present = Schema(identifier: 3, fields: fields, primaryKey: [0])
            // Column 3 is the version now, and was a text.
            try tablet.adopt(present, after: [missed], engine: .versioned(column: 3))
            let codec = RowCodec(schema: missed)
            let older = account(1, "b", 4) + [.string("late")]
            let newer = account(1, "c", 6) + [.string("good")]
            let batch = try await write(
                tablet,
                [
                    .upsert(row: try codec.encode(older)), .upsert(row: try codec.encode(newer)),
                ])
            let (records, _) = try batch.decodeRecords(present)
            #expect(records.rows.last?[1] == newer[1] && records.rowCount == 2)
        }
    }

    @Test(
        "The changelog gives the rows back, whatever the engine, crash after crash",
        arguments: 1...24)
    func crashes(_ seed: Int) throws {
        let engines: [MergeEngine] = [
            .lastRow, .firstRow, .versioned(column: 2),
            .aggregate([1: .list(delimiter: ","), 2: .maximum]),
        ]
        let run = TabletRun(seed: seed, engine: engines[seed % engines.count])
        let world = SimulationWorld(seed: UInt64(seed))
        world.addMachine("a")
        let random = RandomStream(seed: UInt64(seed), label: "crashes")
        for _ in 0..<8 {
            world.start("a") { machine in try await run.live(machine) }
            world.run(for: .microseconds(random.next(in: 5000..<150_000)))
            if random.chance(1, in: 2) { world.losePower("a") } else { world.crash("a") }
            world.run(for: .milliseconds(1))
        }
        world.shutDown()
        #expect(world.journal.notes.filter { $0.severity == .error }.map(\.message) == [])
        #expect(run.comparisons > 3 && run.changes > 20)
    }
}

/// A leader without followers, its clients, and what they know.
private final class TabletRun {
    let engine: MergeEngine
    let random: RandomStream
    var acknowledged: Int64 = 0
    var comparisons = 0
    var changes = 0

    init(seed: Int, engine: MergeEngine) {
        self.engine = engine
        random = RandomStream(seed: UInt64(seed), label: "requests")
    }

    func live(_ machine: Machine) async throws {
        let log = try await ChangeLog.open(machine, directory: "data/log")
        #expect(log.endOffset >= acknowledged)
        let store = try await KeyValueStore.open(
            machine, directory: "data/kv", configuration: smallStore)
        // Only what is durable in the log is committed, and only what is committed is flushed.
        #expect(store.appliedOffset <= log.endOffset)
        let tablet = try KeyValueTablet(store: store, schemas: [accounts], engine: engine)
        var fold = ChangelogFold(schemas: [accounts])
        while fold.endOffset < log.endOffset {
            for batch in try await log.readBatches(
                from: fold.endOffset, maximumByteCount: 10_000)
            {
                try fold.apply(batch)
                try tablet.replay(batch)
            }
        }
        changes = max(changes, fold.changeCount)
        try await compare(tablet, fold)
        machine.spawn("upkeep") {
            while true {
                try await store.flush()
                while try await store.compact() {}
                try await machine.sleep(.milliseconds(5))
            }
        }
        while true {
            let batch = try await request(tablet, log)
            try fold.apply(batch)
            if random.chance(1, in: 3) {
                let target = log.endOffset
                try await log.sync()
                acknowledged = target
                tablet.commit(upTo: target)
            }
            if random.chance(1, in: 20), tablet.committedOffset == fold.endOffset {
                try await compare(tablet, fold)
            }
            try await machine.sleep(.microseconds(100))
        }
    }

    private func request(_ tablet: KeyValueTablet, _ log: ChangeLog) async throws -> LogBatch {
        var operations: [RowOperation] = []
        for _ in 0..<random.next(in: 1..<8) {
            let number = random.next(in: 0..<60)
            if random.chance(1, in: 4) {
                operations.append(try delete(number))
            } else {
                operations.append(
                    try upsert(
                        number, random.chance(1, in: 5) ? nil : "n\(random.next(in: 0..<4))",
                        random.chance(1, in: 5) ? nil : Int64(random.next(in: 0..<50))))
            }
        }
        let prepared = try await tablet.prepare(operations)
        let appended = try log.append(
            asLeader: prepared.batch, leaderEpoch: 0,
            commitTimestamp: Timestamp(millisecondsSinceEpoch: 0))
        tablet.buffer(
            prepared, baseOffset: appended.baseOffset, endOffset: appended.endOffset)
        return try await log.readBatches(from: appended.baseOffset, maximumByteCount: 1)[0]
    }

    private func compare(_ tablet: KeyValueTablet, _ fold: ChangelogFold) async throws {
        let rows = try await tablet.store.scan(limit: 1000)
        if tablet.committedOffset != fold.endOffset { return }
        #expect(rows.map(\.key) == fold.rows.map(\.key))
        for (stored, folded) in zip(rows, fold.rows) {
            #expect(try tablet.decodeStored(stored.value) == folded.row)
        }
        #expect(tablet.rowCount == Int64(fold.rowCount))
        comparisons += 1
    }
}
