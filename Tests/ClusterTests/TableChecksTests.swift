import Cluster
import Columnar
import Testing

@Suite("What a table may be")
struct TableChecksTests {
    private static let fields = [
        Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
        Field(identifier: 2, name: "amount", type: .bigint),
        Field(identifier: 3, name: "note", type: .string),
    ]

    private func table(
        database: String = "shop", name: String = "orders", fields: [Field] = fields,
        primaryKey: [Int] = [0], bucketCount: Int32 = 2, replicas: Int = 3,
        bucketKey: [Int] = [0], vectorColumn: Int? = nil, properties: [(String, String)] = []
    ) throws -> TableDescription {
        TableDescription(
            database: database, name: name, schema: Schema(fields: fields, primaryKey: primaryKey),
            bucketCount: bucketCount, replicationFactor: replicas, bucketKey: bucketKey,
            vectorColumn: vectorColumn, properties: try TableProperties(properties))
    }

    @Test("A good table passes")
    func good() throws { try table().check() }

    @Test(
        "Names are letters, digits, _ and -, and not the system's",
        arguments: ["", ".", "..", "a/b", "a b", "__orders", String(repeating: "x", count: 201)])
    func names(name: String) throws {
        #expect(throws: ClusterError.self) { try table(name: name).check() }
        #expect(throws: ClusterError.self) { try table(database: name).check() }
    }

    @Test(
        "Reserved columns are refused at creation, in any case",
        arguments: ["__bucket", "__offset", "__timestamp", "__Offset"])
    func reserved(name: String) throws {
        let fields = Self.fields + [Field(identifier: 4, name: name, type: .int)]
        #expect(throws: ClusterError.self) { try table(fields: fields).check() }
    }

    @Test("Counts have bounds", arguments: [-1, 0, 4097, 1_000_000_000] as [Int32])
    func counts(count: Int32) throws {
        #expect(throws: ClusterError.self) { try table(bucketCount: count).check() }
        #expect(throws: ClusterError.self) { try table(replicas: Int(count)).check() }
    }

    @Test("The bucket key is a part of the primary key")
    func bucketKey() throws {
        #expect(throws: ClusterError.self) { try table(bucketKey: [1]).check() }
        #expect(throws: ClusterError.self) { try table(vectorColumn: 1).check() }
        try table(primaryKey: [], bucketKey: [1]).check()
    }

    @Test(
        "Properties have Fluss's names and values",
        arguments: [
            ("table.merge-engin", "first_row"), ("table.merge-engine", "best_row"),
            ("table.delete.behavior", "perhaps"), ("table.changelog.image", "HALF"),
            ("table.log.arrow.compression.type", "GZIP"), ("table.datalake.enabled", "yes"),
            ("", "x"),
        ])
    func properties(name: String, value: String) {
        #expect(throws: ClusterError.self) { try table(properties: [(name, value)]) }
    }

    @Test("A merge engine has to fit the table")
    func mergeEngines() throws {
        let aggregation = [("table.merge-engine", "aggregation")]
        try table(properties: aggregation + [("fields.amount.agg", "sum")]).check()
        try table(properties: [("table.merge-engine", "first_row")]).check()
        let bad: [[(String, String)]] = [
            [("table.merge-engine", "versioned")],
            [
                ("table.merge-engine", "versioned"),
                ("table.merge-engine.versioned.ver-column", "note"),
            ],
            aggregation + [("fields.note.agg", "sum")],
            aggregation + [("fields.note.agg", "average")],
            aggregation + [("table.changelog.image", "WAL")],
            [("table.merge-engine", "first_row"), ("table.delete.behavior", "allow")],
        ]
        for properties in bad {
            #expect(throws: ClusterError.self) { try table(properties: properties).check() }
        }
        #expect(throws: ClusterError.self) {
            try table(primaryKey: [], properties: [("table.merge-engine", "first_row")]).check()
        }
    }
}
