import Foundation
import Host
import JSON
import Platform
import TestSupport
import Testing

/// Which lake catalog a test of the contract runs against.
enum CatalogKind: String, CaseIterable, CustomTestStringConvertible {
    case simulated
    case sqlite
    /// The catalog of the REST protocol at `WAVETANK_TEST_CATALOG`, if that is set.
    case rest

    /// Those that are there.
    static let present: [CatalogKind] =
        [.simulated, .sqlite] + (restConfiguration == nil ? [] : [.rest])

    static var restConfiguration: RESTCatalogConfiguration? {
        let environment = ProcessInfo.processInfo.environment
        guard let url = environment["WAVETANK_TEST_CATALOG"], !url.isEmpty else { return nil }
        guard var configuration = try? RESTCatalogConfiguration(url: url) else {
            preconditionFailure("WAVETANK_TEST_CATALOG is no address")
        }
        configuration.warehouse = environment["WAVETANK_TEST_CATALOG_WAREHOUSE"]
        configuration.credential = environment["WAVETANK_TEST_CATALOG_CREDENTIAL"]
        return configuration
    }

    var testDescription: String { rawValue }

    func run(_ body: @escaping (Machine, EitherWorld) async throws -> Void) throws {
        try EitherWorld.run(self == .simulated ? .simulated : .real) {
            if self == .rest { $0.lakeCatalog = Self.restConfiguration }
        } _: { machine, world in
            try await body(machine, world)
        }
    }
}

/// A table whose states are numbered, in words that a catalog of any kind takes.
struct CountedTable {
    var name: LakeTableName

    init(_ namespace: String, _ name: String) {
        self.name = LakeTableName(namespace: namespace, name: name)
    }

    var creation: LakeTableCreation {
        let field: JSONValue = ["id": 1, "name": "number", "required": true, "type": "long"]
        return LakeTableCreation(
            metadataLocation: "s3://ice/v0",
            request: [
                JSONMember(
                    "schema", ["type": "struct", "schema-id": 0, "fields": .array([field])]),
                JSONMember("partition-spec", ["spec-id": 0, "fields": []]),
                JSONMember("write-order", ["order-id": 0, "fields": []]),
                JSONMember("properties", [:]),
            ])
    }

    /// The commit that makes `next` the current snapshot, if it is `last`, or none is for nil.
    func commit(_ state: LakeTableState, last: Int64?, next: Int64) -> LakeTableCommit {
        let time = state.metadata?["last-updated-ms"]?.integer ?? 0
        let sequence = (state.metadata?["last-sequence-number"]?.integer ?? 0) + 1
        let place = state.metadata?["location"]?.string ?? "s3://ice/table"
        return LakeTableCommit(
            base: last.map { "s3://ice/v\($0)" } ?? "s3://ice/v0",
            replacement: "s3://ice/v\(next)",
            requirements: [
                [
                    "type": "assert-ref-snapshot-id", "ref": "main",
                    "snapshot-id": last.map { .integer($0) } ?? .null,
                ]
            ],
            updates: [
                [
                    "action": "add-snapshot",
                    "snapshot": [
                        "snapshot-id": .integer(next), "sequence-number": .integer(sequence),
                        "timestamp-ms": .integer(time + 1), "schema-id": 0,
                        "manifest-list": .string("\(place)/metadata/snap-\(next).avro"),
                        "summary": ["operation": "append"],
                    ],
                ],
                [
                    "action": "set-snapshot-ref", "ref-name": "main", "type": "branch",
                    "snapshot-id": .integer(next),
                ],
            ])
    }

    /// The number of its current state; 0 if it is as it was created.
    func number(_ catalog: any LakeCatalog) async throws -> Int64? {
        guard let state = try await catalog.load(name) else { return nil }
        guard let metadata = state.metadata else {
            return Int64(state.metadataLocation.dropFirst("s3://ice/v".count))
        }
        return max(0, metadata["current-snapshot-id"]?.integer ?? 0)
    }

    /// Tries to go from one state to the next.
    func move(_ catalog: any LakeCatalog, last: Int64?, next: Int64) async throws -> Bool {
        let state = try await catalog.load(name) ?? LakeTableState(metadataLocation: "nowhere")
        return try await catalog.commit(name, commit(state, last: last, next: next))
    }
}

@Suite("A lake catalog: simulated, in SQLite, behind the REST protocol")
struct LakeCatalogContractTests {
    /// A namespace of its own, since a catalog may be there for longer.
    private static func namespace(_ name: String) -> String {
        "\(name)\(UInt32.random(in: 0 ... .max))"
    }

    @Test(
        "A table is created once, moved from its expected state, dropped",
        arguments: CatalogKind.present)
    func tables(_ kind: CatalogKind) throws {
        let table = CountedTable(Self.namespace("shop"), "orders")
        try kind.run { machine, _ async throws in
            let catalog = machine.lakeCatalog
            #expect(try await catalog.load(table.name) == nil)
            #expect(try await !table.move(catalog, last: nil, next: 1))
            #expect(try await !catalog.drop(table.name))
            #expect(try await catalog.create(table.name, table.creation))
            #expect(try await !catalog.create(table.name, table.creation))
            #expect(try await table.number(catalog) == 0)
            #expect(try await table.move(catalog, last: nil, next: 1))
            #expect(try await !table.move(catalog, last: nil, next: 2))
            #expect(try await table.number(catalog) == 1)
            #expect(try await table.move(catalog, last: 1, next: 2))
            #expect(try await table.number(catalog) == 2)
            #expect(try await catalog.drop(table.name))
            #expect(try await catalog.load(table.name) == nil)
            #expect(try await catalog.create(table.name, table.creation))
            #expect(try await table.number(catalog) == 0)
        }
    }

    @Test(
        "A table that is renamed keeps its state, and takes no other's name",
        arguments: CatalogKind.present)
    func renaming(_ kind: CatalogKind) throws {
        let namespace = Self.namespace("shop")
        let table = CountedTable(namespace, "orders")
        let other = CountedTable(namespace, "sales")
        try kind.run { machine, _ async throws in
            let catalog = machine.lakeCatalog
            #expect(try await !catalog.rename(table.name, to: other.name))
            #expect(try await catalog.create(table.name, table.creation))
            #expect(try await catalog.create(other.name, other.creation))
            #expect(try await table.move(catalog, last: nil, next: 7))
            #expect(try await !catalog.rename(table.name, to: other.name))
            #expect(try await catalog.drop(other.name))
            #expect(try await catalog.rename(table.name, to: other.name))
            #expect(try await catalog.load(table.name) == nil)
            #expect(try await other.number(catalog) == 7)
            let names = try await catalog.list().filter { $0.namespace == namespace }
            #expect(names == [other.name])
        }
    }

    @Test("Tables are listed in order", arguments: CatalogKind.present)
    func listing(_ kind: CatalogKind) throws {
        let namespace = Self.namespace("a")
        try kind.run { machine, _ async throws in
            let catalog = machine.lakeCatalog
            let tables = [("", "b"), ("", "c"), (".b", "a"), ("z", "a")]
                .map { CountedTable(namespace + $0.0, $0.1) }
            for table in tables.reversed() {
                #expect(try await catalog.create(table.name, table.creation))
            }
            let found = try await catalog.list().filter { $0.namespace.hasPrefix(namespace) }
            #expect(found == tables.map(\.name))
        }
    }

    @Test("Of many that race to move a table, one wins", arguments: CatalogKind.present)
    func races(_ kind: CatalogKind) throws {
        let table = CountedTable(Self.namespace("shop"), "orders")
        try kind.run { machine, world in
            let others = (2...6).map { world.start("machine-\($0)") }
            _ = try await machine.lakeCatalog.create(table.name, table.creation)
            let results = others.enumerated().map { number, other in
                machine.result {
                    try await table.move(other.lakeCatalog, last: nil, next: Int64(number + 1))
                }
            }
            var winners: [Int64] = []
            for (number, result) in results.enumerated()
            where try await result.receive()?.get() == true { winners.append(Int64(number + 1)) }
            #expect(winners.count == 1)
            #expect(try await table.number(machine.lakeCatalog) == winners.first)
        }
    }

    @Test("Empty names and locations are refused", arguments: CatalogKind.present)
    func nonsense(_ kind: CatalogKind) throws {
        try kind.run { machine, _ async throws in
            let catalog = machine.lakeCatalog
            func refused(_ body: () async throws -> Bool) async {
                let error = await expectError(LakeCatalogError.self) { _ = try await body() }
                guard case .invalidRequest? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            let table = CountedTable("a", "b")
            for name in [CountedTable("a", "").name, CountedTable("", "a").name] {
                await refused { try await catalog.create(name, table.creation) }
                await refused { try await catalog.rename(table.name, to: name) }
            }
            if catalog.metadataWriter == .catalog { return }
            await refused {
                try await catalog.create(table.name, LakeTableCreation(metadataLocation: ""))
            }
            await refused {
                try await catalog.commit(table.name, .swap(from: "s3://ice/v0", to: ""))
            }
            #expect(try await catalog.list() == [])
        }
    }

    @Test("The end of a machine ends its requests", arguments: CatalogKind.present)
    func ending(_ kind: CatalogKind) throws {
        let table = CountedTable("a", "b")
        try kind.run { machine, world in
            let catalog = world.start("machine-2").lakeCatalog
            world.crash("machine-2")
            await expectError(Terminated.self) { _ = try await catalog.load(table.name) }
            await expectError(Terminated.self) { _ = try await catalog.list() }
        }
    }
}
