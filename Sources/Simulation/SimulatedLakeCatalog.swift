public import Platform

/// The pointers of the world's lake catalog, and how it fails.
public final class SimulatedCatalog: FaultyService {
    let place = Strike.Place.lakeCatalog
    public var faults = ServiceFaults()
    /// Called after each change of a pointer: for oracles.
    public var onChange: ((LakeTableName, String) -> Void)?
    /// Called when a writer was left without an answer about a new metadata file.
    public var onUnknownSwap: ((LakeTableName, String) -> Void)?
    unowned var world: SimulationWorld!
    let random: RandomStream
    private var locations: [LakeTableName: String] = [:]

    init(seed: UInt64, _ epoch: RandomEpoch) {
        random = RandomStream(seed: seed, label: "lake catalog", epoch: epoch)
    }

    /// All tables, in order; for harness and oracles: no time passes.
    public var tables: [LakeTableName] { locations.keys.sorted() }

    public func location(_ table: LakeTableName) -> String? { locations[table] }

    func load(_ table: LakeTableName) -> String? {
        record(.catalogRead, table)
        return locations[table]
    }

    func create(_ table: LakeTableName, _ location: String) -> Bool {
        record(.catalogWrite, table, location)
        if locations[table] != nil { return false }
        locations[table] = location
        onChange?(table, location)
        return true
    }

    func commit(_ table: LakeTableName, _ commit: LakeTableCommit) -> Bool {
        record(.catalogWrite, table, commit.replacement)
        if locations[table] != commit.base { return false }
        if random.chance(partsPerMillion: faults.conflictsPerMillion) { return false }
        locations[table] = commit.replacement
        onChange?(table, commit.replacement)
        return true
    }

    func rename(_ table: LakeTableName, to name: LakeTableName) -> Bool {
        record(.catalogWrite, table, name.description)
        guard locations[name] == nil, let location = locations.removeValue(forKey: table) else {
            return false
        }
        locations[name] = location
        onChange?(name, location)
        return true
    }

    func drop(_ table: LakeTableName) -> Bool {
        record(.catalogWrite, table)
        return locations.removeValue(forKey: table) != nil
    }

    private func record(_ kind: EventKind, _ table: LakeTableName, _ location: String = "") {
        let name = table.description
        world.record(
            kind, hashOfBytes(name.utf8), hashOfBytes(location.utf8), "\(name) \(location)")
    }
}

/// One machine's way to the lake catalog.
final class SimulatedLakeCatalog: LakeCatalog {
    private let catalog: SimulatedCatalog
    private let node: SimulatedNode
    private let lifetime: Lifetime

    init(_ catalog: SimulatedCatalog, node: SimulatedNode, lifetime: Lifetime) {
        self.catalog = catalog
        self.node = node
        self.lifetime = lifetime
    }

    let metadataWriter = LakeMetadataWriter.committer

    func load(_ table: LakeTableName) async throws -> LakeTableState? {
        let location = try await run(table, isRead: true) { [catalog] in catalog.load(table) }
        return location.map { LakeTableState(metadataLocation: $0) }
    }

    func create(_ table: LakeTableName, _ creation: LakeTableCreation) async throws -> Bool {
        try table.validate()
        if creation.metadataLocation.isEmpty {
            throw LakeCatalogError.invalidRequest(reason: "a location is empty")
        }
        return try await run(table) { [catalog] in
            catalog.create(table, creation.metadataLocation)
        }
    }

    func commit(_ table: LakeTableName, _ commit: LakeTableCommit) async throws -> Bool {
        if commit.replacement.isEmpty {
            throw LakeCatalogError.invalidRequest(reason: "a location is empty")
        }
        do {
            return try await run(table) { [catalog] in catalog.commit(table, commit) }
        } catch LakeCatalogError.outcomeUnknown(let table) {
            catalog.onUnknownSwap?(table, commit.replacement)
            throw LakeCatalogError.outcomeUnknown(table)
        }
    }

    func rename(_ table: LakeTableName, to name: LakeTableName) async throws -> Bool {
        try name.validate()
        return try await run(table) { [catalog] in catalog.rename(table, to: name) }
    }

    func drop(_ table: LakeTableName) async throws -> Bool {
        try await run(table) { [catalog] in catalog.drop(table) }
    }

    func list() async throws -> [LakeTableName] {
        try await run(LakeTableName(namespace: "*", name: "*"), isRead: true) { [catalog] in
            catalog.tables
        }
    }

    private func run<Value>(
        _ table: LakeTableName, isRead: Bool = false, _ effect: @escaping () throws -> Value
    ) async throws -> Value {
        let call = ServiceCall(
            service: catalog, node: node, lifetime: lifetime, place: Links.lakeCatalog,
            isRead: isRead,
            refused: LakeCatalogError.unavailable(table),
            unknown: isRead
                ? LakeCatalogError.unavailable(table) : LakeCatalogError.outcomeUnknown(table))
        return try await call.run(cost: catalog.world.costs.catalogRequest) { [node] in
            node.traffic.catalogRequests += 1
            return try effect()
        }
    }
}
