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

    func swap(_ table: LakeTableName, from expected: String, to replacement: String) -> Bool {
        record(.catalogWrite, table, replacement)
        if locations[table] != expected { return false }
        if random.chance(partsPerMillion: faults.conflictsPerMillion) { return false }
        locations[table] = replacement
        onChange?(table, replacement)
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

    func load(_ table: LakeTableName) async throws -> String? {
        try await run(table, isRead: true) { [catalog] in catalog.load(table) }
    }

    func create(_ table: LakeTableName, metadataLocation: String) async throws -> Bool {
        if table.namespace.isEmpty || table.name.isEmpty || metadataLocation.isEmpty {
            throw LakeCatalogError.invalidRequest(reason: "a name or location is empty")
        }
        return try await run(table) { [catalog] in catalog.create(table, metadataLocation) }
    }

    func swap(
        _ table: LakeTableName, from expected: String, to replacement: String
    ) async throws -> Bool {
        if replacement.isEmpty {
            throw LakeCatalogError.invalidRequest(reason: "a location is empty")
        }
        do {
            return try await run(table) { [catalog] in
                catalog.swap(table, from: expected, to: replacement)
            }
        } catch LakeCatalogError.outcomeUnknown(let table) {
            catalog.onUnknownSwap?(table, replacement)
            throw LakeCatalogError.outcomeUnknown(table)
        }
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
