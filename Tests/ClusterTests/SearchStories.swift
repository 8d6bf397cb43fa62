import Columnar
import Iceberg
import Platform
import Simulation
import Testing
import Vectors

@testable import Cluster

@Suite("Near rows of a whole table")
struct SearchStories {
    private static let table = TableDescription(
        name: "products",
        schema: Schema(
            fields: [
                Field(identifier: 1, name: "id", type: .int, isNullable: false),
                Field(identifier: 2, name: "category", type: .int),
                Field(identifier: 3, name: "embedding", type: .vector(dimension: 3)),
            ], primaryKey: [0]),
        bucketCount: 4, replicationFactor: 3, bucketKey: [0], isInLake: false, vectorColumn: 2)
    private static let query: [Float] = [1, 0.5, 0]

    /// Of a row by its number: few values, so that rows of several buckets are equally far.
    private static func vector(_ number: Int) -> [Float] {
        [Float(number % 5), Float(number % 3), Float(number % 2)]
    }

    private static func expected(
        _ numbers: some Sequence<Int>, _ limit: Int
    ) throws -> [(number: Int, distance: Float)] {
        let codec = KeyCodec(primaryKeyOf: table.schema)
        let far = try numbers.map { number in
            (
                number: number, distance: VectorDistance.cosine.between(query, vector(number)),
                key: try codec.encode([.int(Int32(number))])
            )
        }
        let sorted = far.sorted {
            $0.distance == $1.distance
                ? $0.key.lexicographicallyPrecedes($1.key) : $0.distance < $1.distance
        }
        return sorted.prefix(limit).map { ($0.number, $0.distance) }
    }

    /// Plays a story with 200 rows that the index has.
    private static func play(
        _ configure: (inout ClusterConfiguration) -> Void = { _ in },
        _ body: @escaping (ClusterClient, TableDescription, SimulationWorld) async throws -> Void
    ) {
        let story = FaultyStory(seed: 1, configure)
        story.heal()
        let world = story.world
        world.addMachine("indexer-1")
        let configuration = story.cluster.configuration
        world.start("indexer-1") { try await VectorIndexer($0, configuration).run() }
        story.play { client in
            let table = try await client.createTable(Self.table)
            let writer = TableWriter(client, table)
            var openCount = 200
            for number in 0..<200 {
                let row: Row = [
                    .int(Int32(number)), .int(Int32(number / 2)), .vector(Self.vector(number)),
                ]
                writer.write(.upsert(row)) { _ in openCount -= 1 }
            }
            while openCount > 0 { try await client.machine.sleep(.milliseconds(100)) }
            var freshCount: Int64 = 0
            while freshCount < 200 {
                try await client.machine.sleep(.milliseconds(500))
                let answer = try await client.patiently {
                    try await client.search(table, Self.query, limit: 1)
                }
                freshCount = answer.freshUpTo.reduce(0) { $0 + $1.offset }
            }
            try await body(client, table, world)
        }
    }

    @Test("The nearest of all buckets are merged, equals by key, and each bucket says how fresh")
    func merged() throws {
        Self.play { client, table, _ in
            let answer = try await client.search(table, Self.query, limit: 25)
            let codec = KeyCodec(primaryKeyOf: table.schema)
            let expected = try Self.expected(0..<200, 25)
            #expect(
                answer.hits.map(\.hit.key)
                    == (try expected.map { try codec.encode([.int(Int32($0.number))]) }))
            #expect(answer.hits.map(\.hit.distance) == expected.map(\.distance))
            #expect(Set(answer.hits.map(\.bucket)).count > 1)
            #expect(answer.freshUpTo.map(\.bucket) == table.buckets)
            #expect(answer.freshUpTo.reduce(0) { $0 + $1.offset } == 200)
        }
    }

    @Test(
        "Filters that pass half of the rows, a hundredth or none find all that pass",
        arguments: [4096, 20])
    func filtered(candidateLimit: Int) throws {
        Self.play({ $0.vectorCandidateLimit = candidateLimit }) { client, table, _ in
            for (least, limit) in [(0, 10), (50, 10), (99, 10), (100, 3)] {
                let filter = RowFilter([
                    RowFilter.Comparison(column: 2, .greaterOrEqual, .int(Int32(least)))
                ])
                let found = try await client.nearestRows(
                    table, to: Self.query, limit: limit, filter: filter)
                let expected = try Self.expected(min(200, least * 2)..<200, limit)
                #expect(found.rows.map { $0.row[0].integer } == expected.map { Int64($0.number) })
                #expect(found.rows.map(\.distance) == expected.map(\.distance))
                #expect(found.freshUpTo.map(\.bucket) == table.buckets)
            }
        }
    }

    @Test("A row that moved or vanished since the index saw it is not where the index has it")
    func stale() throws {
        Self.play { client, table, world in
            for server in (1...3).map({ Place.machine("server-\($0)") }) {
                world.block(from: .machine("indexer-1"), to: server)
                world.block(from: server, to: .machine("indexer-1"))
            }
            let nearest = try Self.expected(0..<200, 2).map(\.number)
            let writer = TableWriter(client, table)
            var openCount = 2
            writer.write(
                .upsert([.int(Int32(nearest[0])), .int(0), .vector([-1, -1, -1])])
            ) { _ in openCount -= 1 }
            writer.write(.delete(key: [.int(Int32(nearest[1]))])) { _ in openCount -= 1 }
            while openCount > 0 { try await client.machine.sleep(.milliseconds(100)) }
            for limit in 1...3 {
                let found = try await client.nearestRows(table, to: Self.query, limit: limit)
                let expected = try Self.expected(
                    (0..<200).filter { !nearest.contains($0) }, limit)
                #expect(found.rows.map { $0.row[0].integer } == expected.map { Int64($0.number) })
                #expect(found.freshUpTo.reduce(0) { $0 + $1.offset } == 200)
            }
        }
    }

    @Test("A question that cannot be answered is refused, and says of what")
    func refused() throws {
        Self.play { client, table, world in
            for query: [Float] in [[1, 2], [1, 2, .nan]] {
                await #expect(throws: ClusterError.self) {
                    try await client.search(table, query, limit: 3)
                }
            }
            await #expect(throws: ClusterError.self) {
                try await client.nearestRows(table, to: Self.query, limit: 1001)
            }
            world.crash("indexer-1")
            do {
                _ = try await client.search(table, Self.query, limit: 3)
                Issue.record("nobody searches")
            } catch let error as ClusterError {
                #expect(error.isRetriable && "\(error)".contains("bucket 0 of"), "\(error)")
            }
        }
    }

    /// A table of two indexed columns, one of them in a byte an element, which keeps two others.
    private static func filteredTable() throws -> TableDescription {
        TableDescription(
            name: "items",
            schema: Schema(
                fields: [
                    Field(identifier: 1, name: "id", type: .int, isNullable: false),
                    Field(identifier: 2, name: "image", type: .vector(dimension: 2)),
                    Field(identifier: 3, name: "words", type: .vector(dimension: 3)),
                    Field(identifier: 4, name: "price", type: .double),
                    Field(identifier: 5, name: "kind", type: .string),
                ], primaryKey: [0]),
            bucketCount: 3, replicationFactor: 3, bucketKey: [0], isInLake: false,
            properties: try TableProperties([
                ("table.vector-index.column", "image, words"),
                ("table.vector-index.distance", "euclidean, inner-product"),
                ("table.vector-index.quantization", "none, int8"),
                ("table.vector-index.filter-columns", "price,kind"),
            ]))
    }

    @Test("Several columns are searched, each as its property says, and filtered inside the index")
    func filteredInside() throws {
        let story = FaultyStory(seed: 1) { $0.vectorCandidateLimit = 20 }
        story.heal()
        let configuration = story.cluster.configuration
        for name in ["indexer-1", "indexer-2"] {
            story.world.addMachine(name)
            story.world.start(name) { try await VectorIndexer($0, configuration).run() }
        }
        func row(_ number: Int) -> Row {
            [
                .int(Int32(number)), .vector([Float(number % 50), Float(number)]),
                .vector([Float(number % 7), Float(number % 11) - 5, Float(number % 13) / 8]),
                number % 10 == 9 ? .null : .double(Double(number % 100) - 50),
                .string("kind \(number % 4)"),
            ]
        }
        story.play { client in
            let table = try await client.createTable(try Self.filteredTable())
            let writer = TableWriter(client, table)
            var openCount = 300
            for number in 0..<300 { writer.write(.upsert(row(number))) { _ in openCount -= 1 } }
            while openCount > 0 { try await client.machine.sleep(.milliseconds(100)) }
            try await client.machine.sleep(.seconds(3))
            let filters: [(RowFilter, (Row) -> Bool)] = [
                (
                    RowFilter([RowFilter.Comparison(column: 4, .less, .double(-0.5))]),
                    { row in
                        if case .double(let price) = row[3] { price < -0.5 } else { false }
                    }
                ),
                (
                    RowFilter([RowFilter.Comparison(column: 5, .notEqual, .string("kind 2"))]),
                    { $0[4] != .string("kind 2") }
                ),
                (
                    RowFilter([
                        .or([
                            .isNull(column: 4),
                            .not(.isIn(column: 5, [.string("kind 0"), .string("kind 1")])),
                        ])
                    ]),
                    { $0[3] == .null || $0[4] == .string("kind 2") || $0[4] == .string("kind 3") }
                ),
                (RowFilter([RowFilter.Comparison(column: 4, .equal, .null)]), { _ in false }),
                (RowFilter(), { _ in true }),
            ]
            for column in table.vectorColumns {
                let query: [Float] = column.dimension == 2 ? [20, 70] : [2, -1, 0.5]
                let name = table.schema.fields[column.position].name
                for (filter, passes) in filters {
                    let found = try await client.nearestRows(
                        table, to: query, limit: 5, filter: filter, column: name)
                    let distances = (0..<300).map(row).filter(passes).map { row -> Float in
                        guard case .vector(let vector) = row[column.position] else { return 0 }
                        return column.distance.between(query, vector)
                    }.sorted().prefix(5)
                    #expect(found.rows.map(\.distance) == Array(distances), "\(name) \(filter)")
                    #expect(found.rows.allSatisfy { passes($0.row) })
                }
            }
            await #expect(throws: ClusterError.self) {
                try await client.search(
                    table, [1, 2], limit: 3,
                    filter: RowFilter([RowFilter.Comparison(column: 1, .equal, .int(3))]))
            }
            await #expect(throws: ClusterError.self) {
                try await client.search(table, [1, 2], limit: 3, column: "kind")
            }
        }
    }
}
