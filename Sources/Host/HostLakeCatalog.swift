import Platform

/// One machine's way to the lake catalog.
final class HostLakeCatalog: LakeCatalog {
    private let world: HostWorld
    private let lifetime: Lifetime

    init(world: HostWorld, lifetime: Lifetime) {
        self.world = world
        self.lifetime = lifetime
    }

    func load(_ table: LakeTableName) async throws -> String? {
        try await run(table) { try $0.load(table) }
    }

    func create(_ table: LakeTableName, metadataLocation: String) async throws -> Bool {
        if table.namespace.isEmpty || table.name.isEmpty || metadataLocation.isEmpty {
            throw LakeCatalogError.invalidRequest(reason: "a name or location is empty")
        }
        return try await run(table) { try $0.create(table, metadataLocation) }
    }

    func swap(
        _ table: LakeTableName, from expected: String, to replacement: String
    ) async throws -> Bool {
        if replacement.isEmpty {
            throw LakeCatalogError.invalidRequest(reason: "a location is empty")
        }
        return try await run(table) { try $0.swap(table, from: expected, to: replacement) }
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
