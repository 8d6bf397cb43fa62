import Changelog
import Columnar
import Platform
import Simulation
import Testing

@testable import Cluster

@Suite("Rows of a whole table")
struct RowReadingStories {
    private static func table(isNumbered: Bool = false) -> TableDescription {
        TableDescription(
            name: "carts",
            schema: Schema(
                fields: [
                    Field(identifier: 1, name: "customer", type: .int, isNullable: false),
                    Field(identifier: 2, name: "item", type: .string, isNullable: false),
                    Field(identifier: 3, name: "amount", type: .bigint),
                ], primaryKey: [0, 1]),
            bucketCount: 3, replicationFactor: 3, bucketKey: [0], isInLake: false,
            autoIncrementColumn: isNumbered ? 2 : nil)
    }

    @Test(
        "A scan of many pages shows one moment from its first page to its last",
        arguments: 1...8 as ClosedRange<UInt64>)
    func snapshotScan(seed: UInt64) throws {
        let story = FaultyStory(seed: seed) {
            $0.rowMemoryByteCount = 2048
            $0.snapshotInterval = .seconds(5)
            $0.scanLease = .seconds(10)
        }
        story.fail(rounds: 5)
        var scanned = 0
        story.play { client in
            let table = try await client.createTable(Self.table())
            var isWriting = true
            client.machine.spawn("writer of the story") {
                let writer = TableWriter(client, table)
                var number: Int64 = 0
                while isWriting {
                    number += 1
                    let key: [Value] = [.int(Int32(number % 40)), .string("item \(number % 3)")]
                    let isDelete = story.random.chance(1, in: 6)
                    writer.write(
                        isDelete ? .delete(key: key) : .upsert(key + [.bigint(number)])
                    ) { _ in }
                    try await client.machine.sleep(.milliseconds(10))
                }
            }
            var moments: [(BucketIdentifier, Int64, [[UInt8]: [UInt8]])] = []
            while moments.count < 12 {
                try await client.machine.sleep(.milliseconds(1500))
                let bucket = table.buckets[moments.count % 3]
                let scan = SnapshotScan(client, bucket, pageLimit: 3)
                var rows: [[UInt8]: [UInt8]] = [:]
                do {
                    while let page = try await client.patiently({ try await scan.next() }) {
                        for row in page { rows[row.key] = row.row }
                        try await client.machine.sleep(.milliseconds(100))
                    }
                } catch ClusterError.scanExpired {
                    continue
                }
                moments.append((bucket, scan.offset!, rows))
            }
            isWriting = false
            story.heal()
            let codec = KeyCodec(primaryKeyOf: table.schema)
            for (bucket, offset, rows) in moments {
                var expected: [[UInt8]: Row] = [:]
                for batch in try await client.allBatches(of: bucket).flatMap(\.batches)
                where batch.endOffset <= offset {
                    let (records, changes) = try batch.decodeRecords(table.schemas)
                    for (row, change) in zip(records.rows, changes) where change != .updateBefore {
                        let key = try codec.encode(table.schema.key(of: row))
                        expected[key] = change == .delete ? nil : row
                    }
                }
                #expect(Set(rows.keys) == Set(expected.keys), "\(bucket) as of \(offset)")
                for key in rows.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                    #expect(try client.decodeRow(rows[key]!, of: table) == expected[key])
                }
                scanned += rows.count
            }
        }
        #expect(scanned > 100)
        story.end()
    }

    @Test("A scan that pauses beyond its lease is told so, and one that a leader forgot too")
    func lease() throws {
        let story = FaultyStory(seed: 3) { $0.scanLease = .seconds(5) }
        story.heal()
        story.play { client in
            let table = try await client.createTable(Self.table())
            let rows = (0..<30).map { number -> TableWriter.Change in
                .upsert([.int(1), .string("item \(number)"), .null])
            }
            _ = try await client.write(rows, to: table)
            let bucket = try client.bucket(ofKey: [.int(1), .string("")], in: table)!
            let scan = SnapshotScan(client, bucket, pageLimit: 10)
            #expect(try await scan.next()?.count == 10)
            try await client.machine.sleep(.seconds(3))
            #expect(try await scan.next()?.count == 10)
            try await client.machine.sleep(.seconds(6))
            await #expect(throws: ClusterError.scanExpired(bucket)) { _ = try await scan.next() }
            let other = SnapshotScan(client, bucket, pageLimit: 10)
            #expect(try await other.next()?.count == 10)
            story.world.crash(client.mirror.buckets[bucket]!.value.leader!.server)
            await #expect(throws: ClusterError.scanExpired(bucket)) {
                _ = try await client.patiently { try await other.next() }
            }
        }
        #expect(story.count("scan of rows expired") > 0)
        story.end()
    }

    @Test(
        "Keys over all buckets, and all rows of a bucket key, are found as they were acknowledged",
        arguments: 1...6 as ClosedRange<UInt64>)
    func lookups(seed: UInt64) throws {
        let story = FaultyStory(seed: seed)
        story.fail(rounds: 3)
        story.play { client in
            let table = try await client.createTable(Self.table())
            let keys = (0..<90).map { number -> [Value] in
                [.int(Int32(number % 15)), .string("item \(number)")]
            }
            let changes = keys.enumerated().map { position, key -> TableWriter.Change in
                .upsert(key + [.bigint(Int64(position))])
            }
            let (acknowledged, unknown) = try await client.write(changes, to: table)
            story.heal()
            let rows = try await client.patiently {
                try await client.lookup(keys + [[.int(99), .string("none")]], in: table)
            }
            for position in acknowledged {
                #expect(rows[position]?[2] == .bigint(Int64(position)))
            }
            #expect(rows[90] == nil)
            for customer in 0..<15 as Range<Int32> {
                let found = try await client.patiently {
                    try await client.lookup(prefix: [.int(customer)], in: table)
                }
                #expect(found.allSatisfy { $0[0] == .int(customer) })
                let expected = acknowledged.count { $0 % 15 == Int(customer) }
                #expect(found.count >= expected && found.count <= expected + unknown.count)
            }
            let some = try await client.patiently { try await client.limitScan(table, limit: 20) }
            #expect(some.count == 20)
            await #expect(throws: ClusterError.self, "no bucket can be told") {
                _ = try await client.lookup(prefix: [], in: table)
            }
        }
        story.end()
    }

    @Test(
        "A key that is looked up and inserted by many gets one row and one number, for ever",
        arguments: 1...8 as ClosedRange<UInt64>)
    func insertIfAbsent(seed: UInt64) throws {
        let story = FaultyStory(seed: seed) {
            $0.rowMemoryByteCount = 2048
            $0.snapshotInterval = .seconds(5)
        }
        story.fail(rounds: 6)
        var seen: [Int32: Int64] = [:]
        var askedCount = 0
        story.play { client in
            let table = try await client.createTable(Self.table(isNumbered: true))
            var running = 3
            for _ in 0..<3 {
                client.machine.spawn("one who looks up") {
                    for _ in 0..<60 {
                        let customer = Int32(story.random.next(in: 0..<50))
                        let key: [Value] = [.int(customer), .string("first")]
                        let rows = try await client.patiently {
                            try await client.lookup([key], in: table, insertingMissing: true)
                        }
                        guard let row = rows[0], case .bigint(let number) = row[2] else {
                            Issue.record("customer \(customer) has no number")
                            continue
                        }
                        askedCount += 1
                        #expect(seen[customer] == nil || seen[customer] == number)
                        seen[customer] = number
                        try await client.machine.sleep(.milliseconds(400))
                    }
                    running -= 1
                }
            }
            while running > 0 { try await client.machine.sleep(.seconds(1)) }
            story.heal()
            // A write does not change the number that a row got.
            let changes = seen.keys.sorted().map { customer -> TableWriter.Change in
                .upsert([.int(customer), .string("first"), .bigint(-1)])
            }
            _ = try await client.write(changes, to: table)
            for customer in seen.keys.sorted() {
                let rows = try await client.patiently {
                    try await client.lookup([[.int(customer), .string("first")]], in: table)
                }
                #expect(rows[0]?[2] == .bigint(seen[customer]!))
            }
        }
        #expect(askedCount == 180)
        #expect(Set(seen.values).count == seen.count, "a number was given twice")
        #expect(story.count("missing row inserted by a lookup") > 0)
        story.end()
    }
}
