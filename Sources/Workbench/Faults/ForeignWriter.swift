import Cluster
import Columnar
import Iceberg
import JSON
import Platform
import ScenarioFiles
import Simulation

/// Another program that works on the lake's tables, through the catalog, as query engines and
/// maintenance jobs do (Iceberg spec, "Optimistic Concurrency").
///
/// It takes what it finds, makes one attempt for each table and gives up where another was first.
final class ForeignWriter {
    enum Act {
        /// Rewrites each table's files into one, the rows unchanged (Spark: `rewrite_data_files`).
        case compact
        /// Sets a property of each table.
        case setProperty
        /// Lets all snapshots expire that nothing names, and deletes the files that only they need
        /// (Spark: `expire_snapshots`).
        case expire
        /// Gives the current snapshot a tag and a branch (PyIceberg: `manage_snapshots`).
        case tag
        /// Adds a column, renames one, or drops one that was added (PyIceberg: `update_schema`).
        case changeSchema
        /// Adds a partition spec by bucket, and makes it the default (PyIceberg: `update_spec`).
        case addPartitionSpec
        /// Adds a sort order by offset, and makes it the default (Spark: `WRITE ORDERED BY`).
        case addSortOrder
        /// Appends a few rows (PyIceberg: `append`).
        case append
        /// Deletes a few rows (Spark: `DELETE FROM` of a table that merges on read).
        case delete
        /// Deletes a few rows by their keys, wherever they are, and may add them with other values
        /// (Flink: a stream of upserts).
        case deleteByKey
        /// Deletes a few rows and adds them with other values (Spark: `UPDATE`, likewise).
        case update
        /// Makes an earlier snapshot the current one (Spark: `rollback_to_snapshot`).
        case rollback
        /// Gives each table another name, once.
        case rename
        /// Takes each table out of the catalog; its files stay (Spark: `DROP TABLE`).
        case drop
    }

    static let name = "foreign-writer"
    static let newName = "_renamed_"
    private let world: SimulationWorld
    private var machine: Machine?
    private var actCount = 0
    /// Changes that it committed.
    private(set) var commitCount = 0

    init(_ world: SimulationWorld) { self.world = world }

    /// Its machine is there only once it is needed, so that it changes no other run.
    func act(_ act: Act) {
        if machine == nil {
            world.addMachine(Self.name)
            machine = world.start(Self.name) { _ in }
        }
        actCount += 1
        let machine = machine!
        let number = actCount
        machine.spawn("act \(number) of the foreign writer") {
            do {
                for name in try await machine.lakeCatalog.list() {
                    if try await self.actOnEntry(act, name, machine, number) { continue }
                    try await self.act(act, on: name, machine, number)
                }
            } catch is LakeCatalogError {
            } catch is IcebergError {
                // It lost the race; its work is its own to repeat.
            }
        }
    }

    /// What concerns the catalog alone; false if that is not what the act does.
    private func actOnEntry(
        _ act: Act, _ name: LakeTableName, _ machine: Machine, _ number: Int
    ) async throws -> Bool {
        let isRenamed = name.name.contains(Self.newName)
        switch act {
        case .drop:
            if try await machine.lakeCatalog.drop(name) { commitCount += 1 }
        case .rename:
            if isRenamed { return true }
            let other = LakeTableName(
                namespace: name.namespace, name: "\(name.name)\(Self.newName)\(number)")
            if try await machine.lakeCatalog.rename(name, to: other) { commitCount += 1 }
        default: return false
        }
        return true
    }

    private func act(
        _ act: Act, on name: LakeTableName, _ machine: Machine, _ number: Int
    ) async throws {
        let location = ClusterConfiguration.defaultLakeLocation
        guard let table = try await LakeTable.open(machine, name, in: location),
            let change = try await change(act, table, number)
        else { return }
        let expired = table.metadata.snapshots
        let commit = try await table.prepared(change, on: machine)
        let isDone = try await machine.lakeCatalog.commit(name, commit)
        if !isDone { return }
        commitCount += 1
        if act == .expire {
            try await table.refresh()
            let gone = expired.filter { table.metadata.snapshot($0.identifier) == nil }
            _ = try await table.deleteUnreachable(from: gone, on: machine)
        }
    }

    private func change(
        _ act: Act, _ table: LakeTable, _ number: Int
    ) async throws -> LakeChange? {
        let metadata = table.metadata
        var change = LakeChange()
        switch act {
        case .compact:
            guard let current = metadata.current else { return nil }
            let scan = try await table.scan(current)
            // The order of rows says nothing in a table; whoever relied on it would see it here.
            return try await table.compaction(of: scan.dataFiles.reversed(), in: scan)
        case .setProperty: change.properties = [("foreign-writer", "act \(number)")]
        case .expire:
            let old = metadata.snapshots.map(\.identifier).filter {
                !metadata.namedSnapshots.contains($0)
            }
            if old.isEmpty { return nil }
            change.updates = [.removeSnapshots(old)]
        case .tag:
            guard let current = metadata.currentSnapshot, metadata.references.count < 12 else {
                return nil
            }
            change.updates = [
                .setSnapshotReference(SnapshotReference("tag-\(number)", current, .tag)),
                .setSnapshotReference(SnapshotReference("branch-\(number)", current, .branch)),
            ]
        case .changeSchema: change.updates = schemaUpdates(metadata, number)
        case .addPartitionSpec:
            change.updates = metadata.addingPartitionSpec(by: "__bucket", number)
        case .addSortOrder: change.updates = metadata.addingSortOrder(by: "__offset", number)
        case .append: return try await table.foreignAppend(number)
        case .delete: return try await table.foreignDelete(number)
        case .deleteByKey: return try await table.foreignDeleteByKey(number)
        case .update: return try await table.foreignUpdate(number)
        case .rollback:
            // One or two back, as far as there are any.
            let earlier = metadata.history.dropFirst().prefix(1 + number % 2)
            guard let target = earlier.last else { return nil }
            change.updates = [
                .setSnapshotReference(
                    SnapshotReference(SnapshotReference.main, target.identifier, .branch))
            ]
        case .rename, .drop: return nil
        }
        return change.updates.isEmpty && change.properties.isEmpty ? nil : change
    }

    private func schemaUpdates(_ metadata: TableMetadata, _ number: Int) -> [TableUpdate] {
        let fields = metadata.schema.columns.fields
        let added = fields.last { $0.name.hasPrefix("foreign_") }
        switch number % 3 {
        case 1:
            // By ids, a column is the same under any name.
            let own = fields.filter { !$0.name.hasPrefix("__") }
            guard !own.isEmpty else { return [] }
            let field = own[number % own.count]
            return metadata.renamingColumn(field.identifier, to: "\(field.name)_\(number)")
        case 2:
            guard let added else { fallthrough }
            return metadata.droppingColumn(added.identifier)
        default: return metadata.addingColumn("foreign_\(number)")
        }
    }
}
