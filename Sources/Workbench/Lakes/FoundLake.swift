import Foundation
import Host
public import Iceberg
public import LakeSQL
public import LakeTiering
public import Platform

/// Reads tables on behalf of a caller that waits: what the tables' asynchronous readers do runs on
/// the caller's thread, in a world of its own.
public final class FoundLake: LakeTables {
    private let world: HostWorld
    private let folder: String
    private let files: FoundFiles
    private var machine: Machine?
    private let manifests = ManifestCache()
    private let found: FoundTables
    private let source: LakeSource

    /// Finds the tables.
    ///
    /// Throws `LakeSQLError` if there are none at the source.
    public init(_ source: LakeSource) throws {
        self.source = source
        found = try FoundTables(source)
        files = FoundFiles(found.folders)
        folder =
            FileManager.default.temporaryDirectory.path + "/wavetank-sql-"
            + UUID().uuidString
        do { world = try HostWorld(HostConfiguration(folder: folder)) } catch {
            throw LakeSQLError.source(path: folder, reason: "\(error)")
        }
        machine = world.start(
            "reader", objectStore: files, lakeCatalog: FoundCatalog(source, found.metadata)
        ) { _ in }
    }

    public var names: [LakeTableName] { found.metadata.keys.sorted() }
    public var readByteCount: Int { files.readByteCount }

    deinit { close() }

    /// Ends the world; no table may be read any more.
    public func close() {
        if machine == nil { return }
        machine = nil
        world.shutDown()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Runs a piece of asynchronous work to its end.
    public func wait<Value>(_ body: @escaping (Machine) async throws -> Value) throws -> Value {
        guard let machine else { throw LakeSQLError.interrupted }
        var result: Result<Value, any Error>?
        machine.spawn("query") {
            do { result = .success(try await body(machine)) } catch { result = .failure(error) }
        }
        while result == nil { _ = world.run(atMost: .seconds(60)) { result != nil } }
        return try result!.get()
    }

    /// Opens a table that was found.
    public func open(_ name: LakeTableName) throws -> LakeTable {
        let location = found.metadata[name] ?? ""
        if files.path(of: location) == nil {
            throw LakeSQLError.source(
                path: location, reason: "table \(name) is not in files of this machine")
        }
        let table = try wait { machine in
            try await LakeTable.open(machine, name, in: .asTold, self.manifests)
        }
        guard let table else {
            throw LakeSQLError.source(path: location, reason: "table \(name) is gone")
        }
        mapMoved(table, location)
        return table
    }

    /// Takes a lease where whoever serves the table knows of leases: in a folder that is served.
    public func lease(_ snapshot: Snapshot, of table: LakeTable) throws -> SnapshotLease? {
        guard case .data = source else { return nil }
        return try wait { _ in try await SnapshotLease.take(snapshot, of: table) }
    }

    /// Reads a table that was moved where it is now.
    private func mapMoved(_ table: LakeTable, _ location: String) {
        let parts = (files.path(of: location) ?? "").split(separator: "/")
        guard parts.count > 2, parts[parts.count - 2] == "metadata" else { return }
        let present = "/" + parts.dropLast(2).joined(separator: "/")
        let told = table.metadata.location
        if files.path(of: told + "/")?.dropLast() == present[...] { return }
        files.map(told + "/", to: present + "/")
    }
}

extension LakeDatabase {
    /// SQL over the tables at a place on this machine; `moment` is when all are read unless a
    /// statement says otherwise.
    ///
    /// Throws `LakeSQLError`.
    public convenience init(_ source: LakeSource, asOf moment: String? = nil) throws {
        try self.init(FoundLake(source), asOf: moment)
    }
}
