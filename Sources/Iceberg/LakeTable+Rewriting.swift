import Columnar
import JSON
import Parquet
public import Platform

extension LakeTable {
    /// Writes all live rows into one file, as compaction does, and metadata of a snapshot that has
    /// that file alone; nil if there is nothing to rewrite. Nothing is committed.
    ///
    /// The snapshot says `replace`: the rows are the same (Iceberg spec, "Snapshots"). Returns
    /// where the metadata is, to swap for `metadataLocation`.
    public func rewritten(on machine: Machine) async throws -> String? {
        guard let current = metadata.current else { return nil }
        let scan = try await scan(current)
        if scan.dataFiles.isEmpty { return nil }
        let file = try await compacted(scan)
        var change = LakeChange()
        change.dataFiles = [file]
        let sequence = metadata.lastSequenceNumber + 1
        let identifier = Int64(machine.entropy.next() >> 1) | 1
        let manifests = try await writeManifests(change).map {
            $0.added(by: identifier, at: sequence)
        }
        let listPath = newPath("metadata", "-list.avro")
        let list = try ManifestList(manifests: manifests).encoded(
            snapshot: identifier, parent: current.identifier, sequenceNumber: sequence,
            syncMarker: syncMarker(listPath))
        try await write(list, at: listPath)
        var next = metadata
        next.append(
            Snapshot(
                identifier: identifier, parent: current.identifier, sequenceNumber: sequence,
                timestampMilliseconds: metadata.lastUpdatedMilliseconds, manifestList: listPath,
                schemaIdentifier: metadata.schema.identifier,
                summary: rewriteSummary(of: scan, as: file)),
            replacing: metadataLocation)
        return try await written(next)
    }

    /// Writes metadata with a property set, and no new snapshot; nothing is committed.
    public func withProperty(_ name: String, _ value: String) async throws -> String {
        var next = metadata
        next.setProperty(name, value)
        return try await written(next)
    }

    private func written(_ next: TableMetadata) async throws -> String {
        let path = newPath("metadata", ".metadata.json")
        try await write(Array(next.json.compact.utf8), at: path)
        return path
    }

    private func compacted(_ scan: LakeScan) async throws -> DataFile {
        let schema = metadata.schema
        let columns = ParquetSchema(schema.columns)
        var writer = try ParquetWriter(schema: columns)
        let deletions = try await deletions(of: scan)
        // The order of rows says nothing in a table; whoever relied on it would see it here.
        for data in scan.dataFiles.reversed() {
            for rows in try await rows(of: data.file, without: deletions, as: columns.batchSchema) {
                try writer.append(rows.batch)
            }
        }
        let file = writer.finish()
        let path = newPath("data", "-compacted.parquet")
        try await write(file.bytes, at: path)
        return DataFile(file, content: .data, path: path)
    }

    private func rewriteSummary(
        of scan: LakeScan, as file: DataFile
    ) -> [Snapshot.SummaryEntry] {
        let counts: [(String, Int64)] = [
            ("added-data-files", 1), ("deleted-data-files", Int64(scan.dataFiles.count)),
            ("removed-delete-files", Int64(scan.deleteFiles.count)),
            ("total-data-files", 1), ("total-records", file.recordCount),
            ("total-delete-files", 0), ("total-position-deletes", 0),
            ("total-equality-deletes", 0), ("total-files-size", file.byteCount),
        ]
        return [Snapshot.SummaryEntry("operation", "replace")]
            + counts.map { Snapshot.SummaryEntry($0.0, "\($0.1)") }
    }
}
