import Columnar
import Platform
import Simulation
import TestSupport
import LakeTiering
import UnionRead

@testable import Iceberg

let warehouse = LakeLocation(prefix: "s3://warehouse/")

extension LoggedTable {
    func tiering(
        _ machine: Machine, epoch: Int64 = 1, _ configuration: LakeTieringConfiguration = .init()
    ) -> TableTiering {
        TableTiering(
            machine, table, epoch: epoch, in: warehouse, from: self, configuration: configuration)
    }

    func lake(_ machine: Machine) async throws -> LakeTable {
        guard let lake = try await LakeTable.open(machine, table.lakeName, in: warehouse) else {
            throw IcebergError.noSuchTable(table.lakeName.description)
        }
        return lake
    }

    /// Compares every snapshot with the reference; answers how many rows were compared.
    ///
    /// Throws at the first snapshot whose offsets do not follow its parent's, or whose rows differ.
    func checkLake(_ machine: Machine) async throws -> Int {
        let lake = try await lake(machine)
        let reader = UnionReader(machine, in: warehouse, log: self)
        var compared = 0
        var epoch: Int64 = 0
        var offsets = table.startOffsets
        for snapshot in lake.metadata.snapshots {
            let progress = try LakeProgress.at(snapshot, of: lake.metadata)
            let from = LakeProgress.start(of: snapshot)
            guard from == offsets, progress.epoch >= epoch else {
                throw WrongLake(reason: "snapshot \(snapshot) does not follow \(offsets)")
            }
            offsets = progress.offsets
            epoch = progress.epoch
            let answer = try await reader.read(table, at: .snapshot(snapshot.identifier))
            let expected = try await rows(upTo: offsets)
            if answer.rows != expected {
                throw WrongLake(
                    reason: "snapshot \(snapshot.identifier) has \(answer.rowCount) rows, not "
                        + "those \(expected.count) of \(offsets)")
            }
            compared += answer.rowCount
        }
        return compared
    }
}

struct WrongLake: Error {
    var reason: String
}
