import Oracles
import Cluster
import Iceberg
import LakeTiering
public import Platform
import ScenarioFiles
import Simulation
import UnionRead

/// The lake of a run as plain files, and what union reads returned: for programs of strangers.
public struct ExportedLake: Sendable {
    /// By path below the folder.
    public internal(set) var files: [String: [UInt8]] = [:]
    /// Each table with where its metadata is, as a catalog has it.
    public internal(set) var tables: [(name: LakeTableName, metadataLocation: String)] = []
}

extension TankRun {
    /// Snapshots of each table that are exported with their rows.
    static let exportedSnapshotLimit = 3

    /// Copies every table of the lake; the metadata names files below `folder`, an absolute path.
    ///
    /// What is copied stands under `warehouse/`, and for some snapshots of each table, the first
    /// and the last among them, the rows of a union read there under `expected/`.
    func export(to folder: String) -> ExportedLake {
        var lake = ExportedLake()
        var isDone = false
        guard let client = logReader?.client else { return lake }
        let prefix = "file://" + folder + "/warehouse/"
        client.machine.spawn("export") {
            defer { isDone = true }
            for table in self.tables where table.isInLake {
                let machine = client.machine
                guard
                    let source = try await LakeTable.open(
                        machine, table.tiered.lakeName, in: ClusterConfiguration.defaultLakeLocation
                    )
                else { continue }
                let location = try await LakeExport.copy(
                    source, to: LakeLocation(prefix: prefix)
                ) { lake.files["warehouse/" + $0.path] = $0.bytes }
                lake.tables.append((table.tiered.lakeName, location))
                for snapshot in self.chosen(of: source.metadata.snapshots.map(\.identifier)) {
                    // Programs that read the past see it by the schema that it was made by.
                    let former = try await client.table(table, asOf: snapshot)
                    let answer = try await client.read(former, at: .snapshot(snapshot))
                    lake.files["expected/\(table.name).\(snapshot).jsonl"] = answer.jsonLines
                }
            }
        }
        _ = world.run(atMost: .seconds(3600)) { isDone }
        return lake
    }

    private func chosen(of snapshots: [Int64]) -> [Int64] {
        if snapshots.count <= Self.exportedSnapshotLimit { return snapshots }
        return [snapshots[0], snapshots[snapshots.count / 2], snapshots[snapshots.count - 1]]
    }
}
