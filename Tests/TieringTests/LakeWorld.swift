import Columnar
import JSON
import Parquet
import Platform
import Simulation
import TestSupport
import Tiering
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

    /// Writes what another program's compaction leaves: the same rows in one file, and metadata
    /// that names it. Answers where that is; nothing is committed.
    func rewritten(_ lake: LakeTable) async throws -> String {
        guard let current = lake.metadata.current else { throw WrongLake(reason: "it is empty") }
        let scan = try await lake.scan(current)
        let deletions = try await lake.deletions(of: scan)
        let schema = lake.metadata.schema
        let columns = ParquetSchema(schema.columns, elementIdentifiers: schema.elementIdentifiers)
        var writer = try ParquetWriter(schema: columns)
        for data in scan.dataFiles.reversed() {
            for rows in try await lake.rows(
                of: data.file, without: deletions, as: columns.batchSchema)
            {
                try writer.append(rows.batch)
            }
        }
        let file = writer.finish()
        let path = lake.newPath("data", "-compacted.parquet")
        try await lake.write(file.bytes, at: path)
        var change = LakeChange()
        change.dataFiles = [DataFile(file, content: .data, path: path)]
        var next = lake.metadata
        let sequence = next.lastSequenceNumber + 1
        let manifests = try await lake.writeManifests(change).map { $0.added(by: 99, at: sequence) }
        let list = try ManifestList(manifests: manifests).encoded(
            snapshot: 99, parent: current.identifier, sequenceNumber: sequence,
            syncMarker: lake.syncMarker(path))
        let listPath = lake.newPath("metadata", "-list.avro")
        try await lake.write(list, at: listPath)
        next.append(
            Snapshot(
                identifier: 99, parent: current.identifier, sequenceNumber: sequence,
                timestampMilliseconds: next.lastUpdatedMilliseconds, manifestList: listPath,
                schemaIdentifier: schema.identifier, summary: [.init("operation", "replace")]),
            replacing: lake.metadataLocation)
        let location = lake.newPath("metadata", ".metadata.json")
        try await lake.write(Array(next.json.compact.utf8), at: location)
        return location
    }

    /// Compares every snapshot with the reference; answers how many rows were compared.
    ///
    /// Throws at the first snapshot whose offsets do not follow its parent's, or whose rows differ.
    func checkLake(_ machine: Machine) async throws -> Int {
        let lake = try await lake(machine)
        let reader = UnionReader(machine, in: warehouse, log: self)
        var compared = 0
        var epoch: Int64 = 0
        var offsets = [Int64](repeating: 0, count: table.bucketCount)
        for snapshot in lake.metadata.snapshots {
            let progress = try LakeProgress.at(snapshot, of: lake.metadata)
            let from = snapshot.summary(LakeProgress.fromProperty).flatMap(LakeProgress.parse)
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
