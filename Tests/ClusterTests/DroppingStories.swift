@testable import Cluster
import Columnar
import Platform
import Simulation
import Testing

@Suite("Databases and tables that are dropped and come again")
struct DroppingStories {
    private static func things(_ isKeyed: Bool) -> TableDescription {
        TableDescription(
            database: "shop", name: "things",
            schema: Schema(
                fields: [
                    Field(identifier: 1, name: "number", type: .bigint, isNullable: false),
                    Field(identifier: 2, name: "text", type: .string),
                ], primaryKey: isKeyed ? [0] : []),
            bucketCount: 2, replicationFactor: 3, bucketKey: [0], isInLake: false)
    }

    @Test(
        "A table that comes again under its name has its own rows alone; the others leave nothing",
        arguments: 1...8 as ClosedRange<UInt64>)
    func dropAndCreate(seed: UInt64) throws {
        let story = FaultyStory(seed: seed) {
            $0.remoteLogTaskInterval = .seconds(2)
            $0.snapshotInterval = .seconds(4)
            $0.droppedTableWatch = .seconds(30)
        }
        story.fail(rounds: 6)
        var dropped: [TableDescription] = []
        var foundObjects = 0
        var holdCount = 0
        story.play { client in
            for round in 0..<4 {
                let wanted = Self.things(round % 2 == 1)
                let table = try await client.createTable(wanted)
                #expect(!dropped.contains { $0.identifier == table.identifier })
                let changes = (0..<300).map { number -> TableWriter.Change in
                    let row: Row = [
                        .bigint(Int64(number)),
                        .string("round \(round) " + String(repeating: "x", count: 200)),
                    ]
                    return round % 2 == 1 ? .upsert(row) : .append(row)
                }
                let (acknowledged, _) = try await client.write(changes, to: table)
                #expect(acknowledged.count > 100)
                let rows = try await client.loggedRows(of: table)
                for row in rows {
                    guard case .string(let text) = row[1] else { continue }
                    #expect(text.hasPrefix("round \(round) "), "a row of another table")
                }
                var numbers: Set<Value> = []
                for row in rows { numbers.insert(row[0]) }
                let lost = acknowledged.filter { !numbers.contains(.bigint(Int64($0))) }
                #expect(lost.isEmpty, "\(lost.count) acknowledged rows are lost")
                try await client.machine.sleep(.seconds(4))
                foundObjects +=
                    story.world.objects.keys(prefix: "remote-log/\(table.identifier)/")
                    .count
                let hold = try client.hold(table, as: "report")
                if try await hold.renew(for: .seconds(600)) { holdCount += 1 }
                if round == 3 { break }
                try await client.dropTable(table.path)
                dropped.append(table)
            }
            story.heal()
            try await client.waitForCollection()
        }
        #expect(holdCount > 0, "nobody held a log")
        #expect(foundObjects > 0, "nothing was in the object store to be collected")
        for table in dropped { expectNothing(of: table, story) }
        #expect(story.count("replica of a dropped table retired") > 0)
        story.end()
    }

    /// Nothing of a dropped table is in the object store, in the metadata or on a disk.
    private func expectNothing(of table: TableDescription, _ story: FaultyStory) {
        let number = table.identifier
        for folder in ["remote-log/", "snapshots/"] {
            #expect(story.world.objects.keys(prefix: "\(folder)\(number)/").isEmpty)
        }
        for key in [
            MetadataKey.consumed(by: "reader-report", table: number), .holds(table: number),
        ] {
            #expect(story.world.coordinator.entry(key.text) == nil)
        }
        for bucket in table.buckets {
            for key in [MetadataKey.bucket(bucket), .remoteLog(bucket), .snapshot(bucket)] {
                #expect(story.world.coordinator.entry(key.text) == nil)
            }
        }
        story.expectNoFiles(of: table.buckets)
    }

    @Test(
        "Databases are created, listed, described and dropped, whatever answers are lost",
        arguments: 1...6 as ClosedRange<UInt64>)
    func databases(seed: UInt64) throws {
        let story = FaultyStory(seed: seed)
        story.fail(rounds: 3)
        story.play { client in
            let shop = DatabaseDescription(
                name: "shop", comment: "what is sold", properties: [("owner", "sales")])
            try await client.createDatabase(shop)
            try await client.createDatabase(shop)
            #expect(client.mirror.databases.map(\.name) == ["shop", "wavetank"])
            #expect(client.mirror.database("shop")?.comment == "what is sold")
            var other = shop
            other.comment = "another"
            await #expect(throws: ClusterError.databaseExists(name: "shop")) {
                try await client.createDatabase(other)
            }
            await #expect(throws: ClusterError.self) {
                try await client.createDatabase(DatabaseDescription(name: "a b"))
            }
            let table = try await client.createTable(Self.things(false))
            #expect(client.mirror.tables(in: "shop").map(\.identifier) == [table.identifier])
            await #expect(throws: ClusterError.databaseNotEmpty(name: "shop")) {
                try await client.dropDatabase("shop")
            }
            await #expect(throws: ClusterError.unknownDatabase(name: "nothing")) {
                try await client.dropDatabase("nothing")
            }
            await #expect(throws: ClusterError.self) {
                try await client.dropDatabase(TablePath.defaultDatabase)
            }
            try await client.dropDatabase("shop", isCascading: true)
            #expect(client.mirror.tables[table.identifier] == nil)
            #expect(client.mirror.databases.map(\.name) == ["wavetank"])
            // A table brings its database with it.
            let again = try await client.createTable(Self.things(true))
            #expect(again.identifier > table.identifier)
            #expect(client.mirror.databases.map(\.name) == ["shop", "wavetank"])
        }
        story.end()
    }

    @Test(
        "A drop of a database that comes late takes no table of the one made since",
        arguments: 1...6 as ClosedRange<UInt64>)
    func lateDrop(seed: UInt64) throws {
        let story = FaultyStory(seed: seed)
        story.fail(rounds: 2)
        story.play { client in
            let first = try await client.createTable(Self.things(false))
            let created = client.mirror.database("shop")?.createdMilliseconds
            #expect(created ?? 0 > 0)
            try await client.dropDatabase("shop", isCascading: true)
            // The clock of the next coordinator tells another millisecond.
            try await client.machine.sleep(.milliseconds(5))
            let second = try await client.createTable(Self.things(true))
            #expect(second.identifier > first.identifier)
            _ = try await client.askCoordinator(
                .dropDatabase("shop", created: created, isCascading: true))
            try await client.machine.sleep(.seconds(2))
            #expect(client.mirror.tables[second.identifier] != nil, "it is gone")
            let (acknowledged, _) = try await client.write(
                [.upsert([.bigint(1), .string("one")])], to: second)
            #expect(acknowledged == [0])
            try await client.dropDatabase("shop", isCascading: true)
            #expect(client.mirror.tables.isEmpty)
        }
        story.end()
    }
}
