import Columnar
import Platform
import Simulation
import Testing
import Vectors

@testable import Cluster

@Suite("Indexers share the buckets")
struct IndexerStories {
    private static let table = TableDescription(
        name: "products",
        schema: Schema(
            fields: [
                Field(identifier: 1, name: "id", type: .int, isNullable: false),
                Field(identifier: 2, name: "embedding", type: .vector(dimension: 2)),
            ], primaryKey: [0]),
        bucketCount: 8, replicationFactor: 3, bucketKey: [0], isInLake: false, vectorColumn: 1)

    @Test("Buckets are spread evenly, and only those of an indexer that comes or goes move")
    func assignment() {
        let leases = (1...4).map { ("indexer:indexer-\($0)", "indexer-\($0)") }
        let others = [("coordinator", "coordinator-1"), ("tierer", "tierer-1")]
        func owners(_ count: Int) -> [String] {
            let leaders = Dictionary(uniqueKeysWithValues: leases.prefix(count) + others)
            return (0..<400).compactMap {
                IndexerAssignment.indexers(
                    of: BucketIdentifier(table: Int64($0 / 8), bucket: Int32($0 % 8)),
                    among: leaders
                ).first
            }
        }
        let (three, four) = (owners(3), owners(4))
        #expect(owners(0) == [] && three.count == 400)
        for number in 1...4 {
            #expect(70...130 ~= four.filter { $0 == "indexer-\(number)" }.count)
        }
        #expect(zip(three, four).allSatisfy { $0 == $1 || $1 == "indexer-4" })
    }

    /// A story, and the indexers that run in it.
    private final class Cast {
        let story: FaultyStory
        private(set) var indexers: [String: VectorIndexer] = [:]

        init() {
            // No checkpoint comes between a move and the look at what was opened.
            story = FaultyStory(seed: 3) { $0.lakeInterval = .seconds(20) }
            story.heal()
            for name in ["indexer-1", "indexer-2"] { story.world.addMachine(name) }
        }

        func start(_ name: String) {
            let configuration = story.cluster.configuration
            story.world.start(name) {
                let indexer = VectorIndexer($0, configuration)
                self.indexers[name] = indexer
                try await indexer.run()
            }
        }

        /// Plays on with a table of 200 rows, of which each index has a checkpoint.
        func play(_ body: @escaping (ClusterClient, TableDescription) async throws -> Void) {
            story.play { client in
                let table = try await client.createTable(IndexerStories.table)
                let writer = TableWriter(client, table)
                var openCount = 200
                for number in 0..<200 {
                    let vector: [Float] = [Float(number), 1]
                    writer.write(.upsert([.int(Int32(number)), .vector(vector)])) { _ in
                        openCount -= 1
                    }
                }
                while openCount > 0 { try await client.machine.sleep(.milliseconds(100)) }
                try await client.machine.sleep(.seconds(25))
                try await body(client, table)
            }
        }
    }

    @Test(
        "A bucket whose indexer dies is searched at its copy at once, which takes over as it is",
        arguments: ["indexer-1", "indexer-2"])
    func failover(victim: String) throws {
        let cast = Cast()
        cast.start("indexer-1")
        cast.start("indexer-2")
        cast.play { client, table in
            let owned = cast.indexers.mapValues { indexer in
                Set(indexer.indexes.filter { $0.value.isOwner }.keys)
            }
            #expect(owned["indexer-1"]!.isDisjoint(with: owned["indexer-2"]!))
            #expect(owned["indexer-1"]!.union(owned["indexer-2"]!) == Set(table.buckets))
            #expect(owned.values.allSatisfy { !$0.isEmpty })
            #expect(cast.indexers.values.allSatisfy { Set($0.indexes.keys) == Set(table.buckets) })
            let before = try await client.search(table, [3, 1], limit: 50)
            let heir = cast.indexers[victim == "indexer-1" ? "indexer-2" : "indexer-1"]!
            let copies = heir.indexes
            cast.story.world.crash(victim)
            let crashed = client.machine.clock.now
            #expect(try await client.search(table, [3, 1], limit: 50) == before)
            #expect(client.machine.clock.now - crashed < .milliseconds(100))
            while heir.indexes.values.contains(where: { !$0.isOwner }) {
                try await client.machine.sleep(.milliseconds(500))
                #expect(try await client.search(table, [3, 1], limit: 50) == before)
            }
            for bucket in table.buckets {
                let indexes = try #require(heir.indexes[bucket])
                #expect(indexes === copies[bucket], "\(bucket) was opened anew")
                #expect(indexes.durableOffset > 0, "\(bucket) was indexed anew")
                #expect(client.mirror.consumedOffset(of: bucket, table) == indexes.durableOffset)
            }
        }
    }

    @Test("An indexer that says nothing any more is not waited for")
    func silence() throws {
        let cast = Cast()
        cast.start("indexer-1")
        cast.start("indexer-2")
        cast.play { client, table in
            let before = try await client.search(table, [3, 1], limit: 50)
            cast.story.world.losePower("indexer-1")
            for _ in 0..<100 {
                let asked = client.machine.clock.now
                #expect(try await client.search(table, [3, 1], limit: 50) == before)
                #expect(client.machine.clock.now - asked < .milliseconds(100))
                try await client.machine.sleep(.milliseconds(100))
            }
        }
    }

    @Test("An index that is behind what a client was told does not answer it")
    func monotonic() throws {
        let cast = Cast()
        cast.start("indexer-1")
        cast.start("indexer-2")
        cast.play { client, table in
            let bucket = table.buckets[0]
            let first = client.mirror.indexer(of: bucket)!
            let other = first == "indexer-1" ? "indexer-2" : "indexer-1"
            for server in (1...3).map({ Place.machine("server-\($0)") }) {
                cast.story.world.block(from: server, to: .machine(other))
            }
            let writer = TableWriter(client, table)
            var openCount = 100
            for number in 200..<300 {
                let vector: [Float] = [Float(number), 1]
                writer.write(.upsert([.int(Int32(number)), .vector(vector)])) { _ in
                    openCount -= 1
                }
            }
            while openCount > 0 { try await client.machine.sleep(.milliseconds(100)) }
            let told = try await client.search(bucket, [3, 1], limit: 5).freshUpTo
            cast.story.world.crash(first)
            await #expect(throws: ClusterError.self) {
                try await client.search(bucket, [3, 1], limit: 5)
            }
            for server in (1...3).map({ Place.machine("server-\($0)") }) {
                cast.story.world.open(from: server, to: .machine(other))
            }
            let later = try await client.patiently {
                try await client.search(bucket, [3, 1], limit: 5)
            }
            #expect(later.freshUpTo >= told)
        }
    }

    @Test("Searches are answered while buckets move to an indexer that joins")
    func joining() throws {
        let cast = Cast()
        cast.start("indexer-1")
        cast.play { client, table in
            let before = try await client.search(table, [3, 1], limit: 50)
            cast.start("indexer-2")
            for _ in 0..<1000 {
                try await client.machine.sleep(.milliseconds(10))
                #expect(try await client.search(table, [3, 1], limit: 50) == before)
            }
            let moved = table.buckets.filter { client.mirror.indexer(of: $0) == "indexer-2" }
            #expect(!moved.isEmpty && moved.count < table.buckets.count)
            for (name, indexer) in cast.indexers {
                #expect(indexer.indexes.keys.sorted() == table.buckets)
                let owned = indexer.indexes.filter { $0.value.isOwner }.keys.sorted()
                let rest = table.buckets.filter { !moved.contains($0) }
                #expect(owned == (name == "indexer-2" ? moved : rest))
            }
        }
    }
}
