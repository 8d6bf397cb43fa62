import Platform
import TestSupport
import Testing

@Suite("A lake catalog, simulated and real")
struct LakeCatalogContractTests {
    private static let table = LakeTableName(namespace: "shop.eu", name: "orders")

    @Test(
        "A table is created once, moved by its expected place, dropped",
        arguments: WorldKind.allCases)
    func tables(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ async throws in
            let catalog = machine.lakeCatalog
            let table = Self.table
            #expect(try await catalog.load(table) == nil)
            #expect(try await !catalog.commit(table, .swap(from: "v1", to: "v2")))
            #expect(try await !catalog.drop(table))
            #expect(try await catalog.create(table, LakeTableCreation(metadataLocation: "v1")))
            #expect(try await !catalog.create(table, LakeTableCreation(metadataLocation: "v9")))
            #expect(try await catalog.load(table)?.metadataLocation == "v1")
            #expect(try await catalog.commit(table, .swap(from: "v1", to: "v2")))
            #expect(try await !catalog.commit(table, .swap(from: "v1", to: "v3")))
            #expect(try await catalog.load(table)?.metadataLocation == "v2")
            #expect(try await catalog.commit(table, .swap(from: "v2", to: "v2")))
            #expect(try await catalog.drop(table))
            #expect(try await catalog.load(table) == nil)
            #expect(try await catalog.create(table, LakeTableCreation(metadataLocation: "v4")))
        }
    }

    @Test(
        "A table that is renamed keeps its state, and takes no other's name",
        arguments: WorldKind.allCases)
    func renaming(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ async throws in
            let catalog = machine.lakeCatalog
            let other = LakeTableName(namespace: "shop.eu", name: "sales")
            #expect(try await !catalog.rename(Self.table, to: other))
            for (table, location) in [(Self.table, "v1"), (other, "v2")] {
                #expect(
                    try await catalog.create(table, LakeTableCreation(metadataLocation: location)))
            }
            #expect(try await !catalog.rename(Self.table, to: other))
            #expect(try await catalog.drop(other))
            #expect(try await catalog.rename(Self.table, to: other))
            #expect(try await catalog.load(Self.table) == nil)
            #expect(try await catalog.load(other)?.metadataLocation == "v1")
            #expect(try await catalog.list() == [other])
        }
    }

    @Test("Tables are listed in order", arguments: WorldKind.allCases)
    func listing(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ async throws in
            let catalog = machine.lakeCatalog
            #expect(try await catalog.list() == [])
            let tables = [("a", "b"), ("a", "c"), ("a.b", "a"), ("b", "a")]
                .map { LakeTableName(namespace: $0.0, name: $0.1) }
            for table in tables.reversed() {
                #expect(try await catalog.create(table, LakeTableCreation(metadataLocation: "v1")))
            }
            #expect(try await catalog.list() == tables)
        }
    }

    @Test("Of many that race to move a pointer, one wins", arguments: WorldKind.allCases)
    func races(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let others = (2...6).map { world.start("machine-\($0)") }
            _ = try await machine.lakeCatalog.create(
                Self.table, LakeTableCreation(metadataLocation: "start"))
            let results = others.map { other in
                machine.result {
                    try await other.lakeCatalog.commit(
                        Self.table, .swap(from: "start", to: other.name))
                }
            }
            var winners: [String] = []
            for (other, result) in zip(others, results)
            where try await result.receive()?.get() == true { winners.append(other.name) }
            #expect(winners.count == 1)
            #expect(
                try await machine.lakeCatalog.load(Self.table)?.metadataLocation == winners.first)
        }
    }

    @Test("Empty names and locations are refused", arguments: WorldKind.allCases)
    func nonsense(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ async throws in
            let catalog = machine.lakeCatalog
            func refused(_ body: () async throws -> Bool) async {
                let error = await expectError(LakeCatalogError.self) { _ = try await body() }
                guard case .invalidRequest? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            let nameless = LakeTableName(namespace: "a", name: "")
            let placeless = LakeTableName(namespace: "", name: "a")
            await refused {
                try await catalog.create(nameless, LakeTableCreation(metadataLocation: "v1"))
            }
            await refused {
                try await catalog.create(placeless, LakeTableCreation(metadataLocation: "v1"))
            }
            await refused {
                try await catalog.create(Self.table, LakeTableCreation(metadataLocation: ""))
            }
            await refused { try await catalog.commit(Self.table, .swap(from: "v1", to: "")) }
            #expect(try await catalog.list() == [])
        }
    }

    @Test("The end of a machine ends its requests", arguments: WorldKind.allCases)
    func ending(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let catalog = world.start("machine-2").lakeCatalog
            world.crash("machine-2")
            await expectError(Terminated.self) { _ = try await catalog.load(Self.table) }
            await expectError(Terminated.self) { _ = try await catalog.list() }
        }
    }
}
