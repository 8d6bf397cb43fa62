import Platform

/// One machine's way to the lake catalog in a SQLite file.
final class SQLiteLakeCatalog: LakeCatalog {
    let metadataWriter = LakeMetadataWriter.committer
    private let world: HostWorld
    private let lifetime: Lifetime

    init(world: HostWorld, lifetime: Lifetime) {
        self.world = world
        self.lifetime = lifetime
    }

    func load(_ table: LakeTableName) async throws -> LakeTableState? {
        try await run(table) { try $0.load(table) }.map { LakeTableState(metadataLocation: $0) }
    }

    func create(_ table: LakeTableName, _ creation: LakeTableCreation) async throws -> Bool {
        try table.validate()
        if creation.metadataLocation.isEmpty {
            throw LakeCatalogError.invalidRequest(reason: "a location is empty")
        }
        return try await run(table) { try $0.create(table, creation.metadataLocation) }
    }

    func commit(_ table: LakeTableName, _ commit: LakeTableCommit) async throws -> Bool {
        if commit.replacement.isEmpty {
            throw LakeCatalogError.invalidRequest(reason: "a location is empty")
        }
        return try await run(table) {
            try $0.swap(table, from: commit.base, to: commit.replacement)
        }
    }

    func rename(_ table: LakeTableName, to name: LakeTableName) async throws -> Bool {
        try name.validate()
        return try await run(table) { try $0.rename(table, to: name) }
    }

    func drop(_ table: LakeTableName) async throws -> Bool {
        try await run(table) { try $0.drop(table) }
    }

    func list() async throws -> [LakeTableName] {
        try await run(LakeTableName(namespace: "*", name: "*")) { try $0.list() }
    }

    private func run<Value>(
        _ table: LakeTableName, _ request: @escaping @Sendable (CatalogService) throws -> Value
    ) async throws -> Value {
        let service = world.catalog
        do {
            return try await world.offload(to: world.databaseThread, in: lifetime) {
                try request(service)
            }
        } catch let error as SQLiteError {
            world.journal.note(.warning, machine: "", "lake catalog: \(error)")
            throw error.isInDoubt ? LakeCatalogError.outcomeUnknown(table) : .unavailable(table)
        }
    }
}
