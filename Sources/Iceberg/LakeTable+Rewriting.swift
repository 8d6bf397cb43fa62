import Columnar
import JSON
import Parquet
public import Platform

extension LakeTable {
    /// Writes the live rows of some of a snapshot's data files into one file of each partition, as
    /// compaction does; nil if there is nothing to rewrite. Nothing is committed.
    ///
    /// Deletes that concern no other file are removed with them: those of `scan` only, so that the
    /// change must be committed on the snapshot of `scan` and no other. Rows are held in memory.
    /// `schema` names the columns to keep beside those of the current schema.
    public func compaction(
        of files: [LakeScan.LiveFile], in scan: LakeScan, keeping schema: IcebergSchema? = nil
    ) async throws -> LakeChange? {
        if files.isEmpty { return nil }
        guard metadata.schema.identifier == metadata.currentSchemaIdentifier else {
            throw IcebergError.unsupported(
                reason: "compaction of \(name), whose schema has types that are not known here")
        }
        var wanted = metadata.schema.union(schema)
        if metadata.formatVersion >= 3 { wanted = wanted.union(RowLineage.schema) }
        let columns = ParquetSchema(wanted.columns)
        let deletions = try await deletions(of: scan, from: files)
        var change = LakeChange()
        change.isRewrite = true
        change.removedFiles = Set(files.map(\.file.identity))
        let left = scan.dataFiles.filter { !change.removedFiles.contains($0.file.identity) }
        for deletes in scan.deleteFiles where !mayConcern(deletes, left) {
            change.removedFiles.insert(deletes.file.identity)
        }
        var groups: [PartitionKey?: [LakeScan.LiveFile]] = [:]
        var order: [PartitionKey?] = []
        for file in files {
            let key = file.file.partitionKey
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(file)
        }
        for key in order {
            let file = try await rewritten(groups[key]!, without: deletions, as: columns)
            guard var file else { continue }
            file.partitionKey = key
            change.dataFiles.append(file)
        }
        return change
    }

    /// Writes the live rows of some data files into one; nil if there are none.
    private func rewritten(
        _ files: [LakeScan.LiveFile], without deletions: LakeDeletions, as columns: ParquetSchema
    ) async throws -> DataFile? {
        var writer = try ParquetWriter(schema: columns)
        for data in files {
            for rows in try await rows(of: data.file, without: deletions, as: columns.batchSchema) {
                let batch =
                    metadata.formatVersion >= 3
                    ? try RowLineage.keeping(rows, of: data) : rows.batch
                try writer.append(batch)
            }
        }
        if writer.rowCount == 0 { return nil }
        let open = writer
        let file = try await machine.compute(.fileEncoding, byteCount: open.byteCount) {
            open.finish()
        }
        let path = newPath("data", "-compacted.parquet")
        try await write(file.bytes, at: path)
        return DataFile(file, content: .data, path: path)
    }

    /// Writes what a change comes to on the present state, without committing it; answers the
    /// commit that the catalog is to be asked for.
    public func prepared(_ change: LakeChange, on machine: Machine) async throws -> LakeTableCommit
    {
        try await prepare(change, try await writeManifests(change), machine).commit
    }
}

extension IcebergSchema {
    /// These columns and those of another schema that are not among them.
    fileprivate func union(_ other: IcebergSchema?) -> IcebergSchema {
        guard let other else { return self }
        let known = Set(columns.fields.map(\.identifier))
        let names = Set(columns.fields.map(\.name))
        let more = other.columns.fields.filter {
            !known.contains($0.identifier) && !names.contains($0.name)
        }
        if more.isEmpty { return self }
        return IcebergSchema(
            Schema(
                identifier: columns.identifier, fields: columns.fields + more.map(\.asNullable)),
            identifier: identifier)
    }
}

extension Field {
    fileprivate var asNullable: Field {
        Field(identifier: identifier, name: name, type: type, isNullable: true)
    }
}
