import Changelog
@testable import Cluster
import Columnar
import Platform
import Simulation
import Testing

@Suite("Tables with partitions")
struct PartitionStories {
    private static func table(
        _ isKeyed: Bool, _ properties: [(String, String)] = []
    ) throws -> TableDescription {
        TableDescription(
            name: "visits",
            schema: Schema(
                fields: [
                    Field(identifier: 1, name: "number", type: .bigint, isNullable: false),
                    Field(identifier: 2, name: "place", type: .string, isNullable: false),
                    Field(identifier: 3, name: "text", type: .string),
                ], primaryKey: isKeyed ? [0, 1] : []),
            bucketCount: 2, replicationFactor: 3, bucketKey: [0], isInLake: false,
            properties: try TableProperties(properties), partitionKey: [1])
    }

    @Test(
        "Rows go to the partition of their values, and go with it when it is dropped",
        arguments: 1...8 as ClosedRange<UInt64>)
    func byValue(seed: UInt64) throws {
        let story = FaultyStory(seed: seed) { $0.droppedTableWatch = .seconds(30) }
        story.fail(rounds: 4)
        story.play { client in
            let isKeyed = seed % 2 == 0
            let table = try await client.createTable(try Self.table(isKeyed))
            let places = ["kiel", "rome", "oslo"]
            let changes = (0..<240).map { number -> TableWriter.Change in
                let row: Row = [
                    .bigint(Int64(number)), .string(places[number % 3]), .string("text"),
                ]
                return isKeyed ? .upsert(row) : .append(row)
            }
            let (acknowledged, _) = try await client.write(changes, to: table)
            #expect(acknowledged.count > 80)
            #expect(
                client.mirror.partitions(of: table.identifier).map(\.name).sorted() == [
                    "kiel", "oslo", "rome",
                ])
            var found: Set<Value> = []
            for partition in try client.partitions(of: table) {
                for bucket in partition.buckets(table.bucketCount) {
                    for fetched in try await client.allBatches(of: bucket) {
                        for row in try fetched.batches.flatMap({
                            try $0.decodeRecords(table.schemas).records.rows
                        }) {
                            #expect(row[1] == .string(partition.values[0]), "in another partition")
                            found.insert(row[0])
                        }
                    }
                }
            }
            #expect(acknowledged.allSatisfy { found.contains(.bigint(Int64($0))) })
            let pruned = try client.partitions(of: table, where: ["place": "rome"])
            #expect(pruned.map(\.name) == ["rome"])
            if isKeyed {
                let keys = acknowledged.map { [Value.bigint(Int64($0)), .string(places[$0 % 3])] }
                let rows = try await client.patiently { try await client.lookup(keys, in: table) }
                #expect(rows.allSatisfy { $0 != nil }, "an acknowledged row is not found")
            }
            let rome = pruned[0]
            try await client.dropPartition("rome", of: table)
            story.heal()
            try await client.waitForCollection()
            for bucket in rome.buckets(table.bucketCount) {
                #expect(client.mirror.buckets[bucket] == nil)
            }
            let again = try await client.createPartition(of: table, ["rome"])
            #expect(again.identifier > rome.identifier)
            for bucket in again.buckets(table.bucketCount) {
                let end = try await client.patiently { try await client.offsets(of: bucket) }
                #expect(end.highWatermark == 0, "rows of a dropped partition came back")
            }
        }
        story.end()
    }

    @Test(
        "A server that was away while a partition was dropped keeps nothing of it",
        arguments: [true, false], 1...6 as ClosedRange<UInt64>)
    func droppedMeanwhile(isKeyed: Bool, seed: UInt64) throws {
        let story = FaultyStory(seed: seed) { $0.droppedTableWatch = .seconds(30) }
        var dropped: [BucketIdentifier] = []
        story.play { client in
            let table = try await client.createTable(try Self.table(isKeyed))
            let changes = (0..<120).map { number -> TableWriter.Change in
                let row: Row = [.bigint(Int64(number)), .string("rome"), .string("text")]
                return isKeyed ? .upsert(row) : .append(row)
            }
            _ = try await client.write(changes, to: table)
            dropped = try client.partitions(of: table)[0].buckets(table.bucketCount)
            story.world.crash("server-3")
            try await client.machine.sleep(.milliseconds(500))
            try await client.dropPartition("rome", of: table)
            story.cluster.startServer("server-3")
            story.heal()
            try await client.waitForCollection()
            try await client.machine.sleep(.seconds(10))
        }
        #expect(dropped.count == 2)
        story.expectNoFiles(of: dropped)
        story.end()
    }

    @Test(
        "A partition that was dropped does not come back by a creation that gets there late",
        arguments: 1...6 as ClosedRange<UInt64>)
    func lateCreation(seed: UInt64) throws {
        let story = FaultyStory(seed: seed)
        story.play(atMost: .seconds(4000)) { client in
            let table = try await client.createTable(try Self.table(false))
            story.world.coordinator.faults.lostBeforePerMillion = 100_000
            for number in 0..<40 {
                let made = try await client.patiently {
                    try await client.createPartition(of: table, ["place-\(number)"])
                }
                try await client.patiently {
                    try await client.dropPartition(made.name, of: table)
                }
            }
            story.heal()
            // Longer than a request is under way.
            try await client.machine.sleep(.seconds(30))
            #expect(client.mirror.partitions(of: table.identifier).map(\.name) == [])
        }
        story.end()
    }

    @Test(
        "Partitions by time come ahead of time and go when they are too old",
        arguments: 1...4 as ClosedRange<UInt64>)
    func byTime(seed: UInt64) throws {
        let story = FaultyStory(seed: seed)
        story.fail(rounds: 3)
        let unit = PartitionTime.hour
        story.play(atMost: .seconds(5 * 3600)) { client in
            let table = try await client.createTable(
                try Self.table(
                    false,
                    [
                        ("table.auto-partition.enabled", "true"),
                        ("table.auto-partition.time-unit", "hour"),
                        ("table.auto-partition.num-precreate", "3"),
                        ("table.auto-partition.num-retention", "1"),
                    ]))
            try await client.machine.sleep(.seconds(60))
            story.heal()
            var first: String?
            for _ in 0..<4 {
                try await client.machine.sleep(.seconds(120))
                let now = client.machine.clock.timestamp.millisecondsSinceEpoch
                if now / 3_600_000 != (now + 240_000) / 3_600_000 {
                    try await client.machine.sleep(.seconds(240))
                }
                let moment = client.machine.clock.timestamp.millisecondsSinceEpoch
                let names = client.mirror.partitions(of: table.identifier).map(\.name)
                let wanted = (0..<3).map { unit.name(at: moment, plus: $0) }
                #expect(wanted.allSatisfy(names.contains), "\(wanted) are not in \(names)")
                let oldest = unit.name(at: moment, plus: -1)
                #expect(names.allSatisfy { $0 >= oldest }, "\(names) at \(moment)")
                first = first ?? wanted[0]
                try await client.machine.sleep(.seconds(3600 - 120))
            }
            #expect(client.mirror.partition(first!, of: table.identifier) == nil)
            await #expect(throws: ClusterError.self, "older than what is kept") {
                _ = try await client.createPartition(of: table, [first!])
            }
            await #expect(throws: ClusterError.self, "no hour") {
                _ = try await client.createPartition(of: table, ["rome"])
            }
        }
        #expect(story.count("partition dropped by time") > 0)
        story.end()
    }

    @Test("The names of partitions by time are those of the calendar")
    func names() {
        let moment: Int64 = 1_795_910_399_999
        #expect(PartitionTime.year.name(at: moment, plus: 0) == "2026")
        #expect(PartitionTime.quarter.name(at: moment, plus: 1) == "20271")
        #expect(PartitionTime.month.name(at: moment, plus: -11) == "202512")
        #expect(PartitionTime.day.name(at: moment, plus: 0) == "20261128")
        #expect(PartitionTime.day.name(at: moment, plus: 3) == "20261201")
        #expect(PartitionTime.hour.name(at: moment, plus: 1) == "2026112900")
        #expect(PartitionTime.day.name(at: -1, plus: 0) == "19691231")
        #expect(PartitionTime.day.name(at: 951_782_400_000, plus: 0) == "20000229")
    }

    @Test("What cannot be partitioned is refused at creation")
    func refusals() throws {
        var inLake = try Self.table(true)
        inLake.properties.isInLake = true
        try inLake.check()
        // Its name is that of a field of the lake's partition spec.
        #expect(throws: ClusterError.self) {
            try inLake.applying([.renameColumn(name: "place", to: "town")])
        }
        var byKey = try Self.table(true)
        byKey.bucketKeyFields = [2]
        #expect(throws: ClusterError.self) { try byKey.check() }
        var byText = try Self.table(true)
        byText.partitionFields = [3]
        #expect(throws: ClusterError.self) { try byText.check() }
        var none = try Self.table(false, [("table.auto-partition.enabled", "true")])
        try none.check()
        none.partitionFields = []
        #expect(throws: ClusterError.self) { try none.check() }
        #expect(throws: ClusterError.self) {
            try Self.table(true).applying([.dropColumn(name: "place")])
        }
    }
}
