import Avro
import Columnar
import JSON
public import Platform

/// A table in the lake: reads its state, its rows, and commits to it.
public final class LakeTable {
    public let name: LakeTableName
    public let location: LakeLocation
    /// The table as last read or committed by this object.
    public private(set) var metadata: TableMetadata
    /// Where that metadata stands; what a commit swaps.
    public private(set) var metadataLocation: String
    let manifests: ManifestCache
    /// The manifest headers and partition values of the last scan's files that have any.
    var partitioned: [String: (header: ManifestHeader, partition: AvroValue)] = [:]
    /// The machine that works on the table.
    public let machine: Machine
    /// The epoch that the names of its files tell, where its writers take turns (`WriterMark`).
    public var epoch: Int64?
    /// States that a commit of unknown outcome may still replace.
    var unsettled: Set<String> = []

    private init(
        _ machine: Machine, _ name: LakeTableName, _ location: LakeLocation,
        _ metadata: TableMetadata, at metadataLocation: String, _ manifests: ManifestCache
    ) {
        self.manifests = manifests
        self.machine = machine
        self.name = name
        self.location = location
        self.metadata = metadata
        self.metadataLocation = metadataLocation
    }

    // MARK: Opening

    /// Opens a table; nil if the catalog has none of this name.
    public static func open(
        _ machine: Machine, _ name: LakeTableName, in location: LakeLocation,
        _ manifests: ManifestCache = ManifestCache()
    ) async throws -> LakeTable? {
        guard let state = try await load(machine, name) else { return nil }
        let metadata = try await metadata(of: state, machine, location)
        return LakeTable(
            machine, name, location, metadata, at: state.metadataLocation, manifests)
    }

    /// Opens a table, creating it if there is none; of two who create at once one wins and both
    /// open it.
    ///
    /// A new table's files are partitioned by the values of `partitionColumns`, by their ids.
    /// A table that `isReplaced` says yes to has its entry swapped for a new table's; its own files
    /// stay where they are.
    ///
    /// A catalog that writes the metadata itself may give the columns other ids; they get their own
    /// again then, while the table has no rows yet.
    public static func openOrCreate(
        _ machine: Machine, _ name: LakeTableName, in location: LakeLocation, schema: IcebergSchema,
        properties: [(String, String)] = [], formatVersion: Int = 2,
        partitionColumns: [Int32] = [], epoch: Int64? = nil,
        replacing isReplaced: (TableMetadata) throws(IcebergError) -> Bool = { _ in false }
    ) async throws -> LakeTable {
        var replaced: String?
        if let table = try await open(machine, name, in: location) {
            table.epoch = epoch
            if try !isReplaced(table.metadata) { return table }
            replaced = table.metadataLocation
        }
        let folder =
            location.prefix + name.namespace + "/" + name.name + "-"
            + machine.entropy.uuid().prefix(8)
        var metadata = TableMetadata(
            uuid: machine.entropy.uuid(), location: folder, schema: schema,
            timestampMilliseconds: machine.clock.timestamp.millisecondsSinceEpoch,
            formatVersion: formatVersion, partitionColumns: partitionColumns)
        for (name, value) in properties { metadata.setProperty(name, value) }
        let path =
            "\(folder)/metadata/00000-\(freshIdentifier(machine, epoch)).metadata.json"
        if machine.lakeCatalog.metadataWriter == .committer {
            try await put(machine, Array(metadata.json.compact.utf8), at: path, location, name)
        }
        do {
            let creation = LakeTableCreation(
                metadataLocation: path, request: metadata.creationRequest(schema))
            if let replaced, machine.lakeCatalog.metadataWriter == .committer {
                _ = try await machine.lakeCatalog.commit(name, .swap(from: replaced, to: path))
            } else {
                if replaced != nil { _ = try await machine.lakeCatalog.drop(name) }
                _ = try await machine.lakeCatalog.create(name, creation)
            }
        } catch let error as LakeCatalogError {
            throw IcebergError.unavailable(table: name.description, reason: "\(error)")
        }
        guard let table = try await open(machine, name, in: location) else {
            throw IcebergError.unavailable(
                table: name.description, reason: "it was created and dropped")
        }
        if try isReplaced(table.metadata) {
            // A commit to it came first.
            throw IcebergError.unavailable(
                table: name.description, reason: "what it replaces was changed meanwhile")
        }
        table.epoch = epoch
        await table.writeVersionHint(machine)
        try await table.restore(schema, on: machine)
        return table
    }

    /// Gives an empty table the schema that it was to have, where its catalog chose other ids.
    private func restore(_ schema: IcebergSchema, on machine: Machine) async throws {
        guard catalogWritesMetadata, metadata.snapshots.isEmpty,
            metadata.schema.columns.fields != schema.columns.fields
        else { return }
        var change = LakeChange()
        change.updates = metadata.replacingSchema(with: schema)
        try await commit(change, on: machine) { _ in }
    }

    /// Whether the catalog makes the metadata files, and takes them away.
    public var catalogWritesMetadata: Bool { machine.lakeCatalog.metadataWriter == .catalog }

    /// Reads the table's present state; it may be another table of the name by now.
    public func refresh() async throws {
        guard let state = try await Self.load(machine, name) else {
            throw IcebergError.noSuchTable(name.description)
        }
        if state.metadataLocation == metadataLocation { return }
        metadata = try await Self.metadata(of: state, machine, location)
        metadataLocation = state.metadataLocation
    }

    /// Whether the table has a snapshot at this moment; what this object knows of it stays.
    public func stillHas(_ snapshot: Snapshot) async throws -> Bool {
        guard let state = try await Self.load(machine, name) else { return false }
        let present =
            state.metadataLocation == metadataLocation
            ? metadata : try await Self.metadata(of: state, machine, location)
        return present.uuid == metadata.uuid && present.snapshot(snapshot.identifier) != nil
    }

    /// Whether no commit of this object's may still replace the state that it knows.
    public var isSettled: Bool { !unsettled.contains(metadataLocation) }

    func adopt(_ metadata: TableMetadata, at path: String) {
        self.metadata = metadata
        metadataLocation = path
    }

    private static func load(
        _ machine: Machine, _ name: LakeTableName
    ) async throws -> LakeTableState? {
        do {
            return try await machine.lakeCatalog.load(name)
        } catch let error as LakeCatalogError {
            throw IcebergError.unavailable(table: name.description, reason: "\(error)")
        }
    }

    private static func metadata(
        of state: LakeTableState, _ machine: Machine, _ location: LakeLocation
    ) async throws -> TableMetadata {
        let path = state.metadataLocation
        if let json = state.metadata { return try TableMetadata(json, path: path) }
        return try TableMetadata(decoding: try await get(machine, path, location), path: path)
    }

    // MARK: Files

    func read(_ path: String) async throws -> [UInt8] {
        try await Self.get(machine, path, location)
    }

    /// A part of a file.
    func read(_ path: String, range: Range<Int64>) async throws -> [UInt8] {
        try await Self.get(machine, path, location, range)
    }

    private static func get(
        _ machine: Machine, _ path: String, _ location: LakeLocation, _ range: Range<Int64>? = nil
    ) async throws -> [UInt8] {
        let key = try location.key(of: path)
        var attempt = 0
        while true {
            do {
                if let range { return try await machine.objectStore.get(key, range: range) }
                return try await machine.objectStore.get(key)
            } catch ObjectStoreError.notFound {
                throw IcebergError.missing(path)
            } catch let error as ObjectStoreError {
                attempt += 1
                if attempt == 6 {
                    throw IcebergError.unavailable(table: path, reason: "\(error)")
                }
                try await machine.sleep(.milliseconds(100 << attempt))
            }
        }
    }

    /// Writes a file of a name that nobody else uses; what an unknown outcome left is looked at.
    public func write(_ bytes: [UInt8], at path: String) async throws {
        try await Self.put(machine, bytes, at: path, location, name)
    }

    private static func put(
        _ machine: Machine, _ bytes: [UInt8], at path: String, _ location: LakeLocation,
        _ name: LakeTableName
    ) async throws {
        let key = try location.key(of: path)
        var attempt = 0
        while true {
            do {
                _ = try await machine.objectStore.put(bytes, at: key, .ifAbsent)
                return
            } catch let error as ObjectStoreError {
                // Refused, perhaps, because an earlier try of ours was done and its answer lost:
                // the name is ours alone. A store may also refuse what is not there, as S3 does
                // when two conditional writes meet, so only the object itself tells.
                if case .preconditionFailed = error,
                    let found = try? await machine.objectStore.head(key),
                    found.byteCount == bytes.count
                {
                    machine.observer.reached("lake file found written already")
                    return
                }
                attempt += 1
                if attempt == 6 {
                    throw IcebergError.unavailable(table: name.description, reason: "\(error)")
                }
                try await machine.sleep(.milliseconds(100 << attempt))
            }
        }
    }

    /// A name for a new file in the table's folder.
    public func newPath(_ folder: String, _ suffix: String) -> String {
        "\(metadata.location)/\(folder)/\(freshIdentifier())\(suffix)"
    }

    /// Part of a name that nobody else uses.
    func freshIdentifier() -> String { Self.freshIdentifier(machine, epoch) }

    private static func freshIdentifier(_ machine: Machine, _ epoch: Int64?) -> String {
        let uuid = machine.entropy.uuid()
        return epoch.map { WriterMark.identifier(uuid, epoch: $0) } ?? uuid
    }
}
