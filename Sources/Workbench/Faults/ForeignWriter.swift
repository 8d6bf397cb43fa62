import Cluster
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
        /// Adds a column (PyIceberg: `update_schema`).
        case addColumn
        /// Adds a partition spec by bucket, and makes it the default (PyIceberg: `update_spec`).
        case addPartitionSpec
        /// Adds a sort order by offset, and makes it the default (Spark: `WRITE ORDERED BY`).
        case addSortOrder
    }

    static let name = "foreign-writer"
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
                    try await self.act(act, on: name, machine, number)
                }
            } catch is LakeCatalogError {
            } catch is IcebergError {
                // It lost the race; its work is its own to repeat.
            }
        }
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
        case .addColumn: change.updates = metadata.addingColumn("foreign_\(number)")
        case .addPartitionSpec:
            change.updates = metadata.addingPartitionSpec(by: "__bucket", number)
        case .addSortOrder: change.updates = metadata.addingSortOrder(by: "__offset", number)
        }
        return change
    }
}
