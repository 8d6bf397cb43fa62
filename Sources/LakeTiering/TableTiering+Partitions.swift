import Changelog
import Columnar
import Iceberg
import Platform

/// How the lake table follows the partitions of its table.
///
/// Its files are partitioned by the values of the partition columns, which are an identity spec of
/// ours whatever the default one is. A partition comes with its first rows. One that was dropped
/// goes by a commit of its own, which takes its files and its offsets away at once: only then may
/// the rows of another partition of the same values come.
///
/// Whether a partition is there is asked of the coordination service, since who tiers may not have
/// heard of one that an earlier tierer knew of, and may not have heard yet that one is gone.
extension TableTiering {
    /// Gives the lake table the partition spec that its files are written by, where it has none.
    func ensurePartitionSpec(_ lake: LakeTable) async throws {
        if !table.isPartitioned { return }
        if lake.metadata.partitionSpec(by: table.partitionFields) != nil { return }
        let present = Set(lake.metadata.schema.columns.fields.map(\.identifier))
        guard table.partitionFields.allSatisfy(present.contains) else {
            throw LakeTieringError.refused(
                table: table.name, reason: "the lake table has lost a partition column: restore it")
        }
        var change = LakeChange()
        change.updates = lake.metadata.partitioning(by: table.partitionFields)
        let count = lake.metadata.partitionSpecCount
        try await lake.commit(change, on: machine) { metadata in
            try checkEpoch(try table.progress(in: metadata))
            if metadata.partitionSpecCount != count {
                throw LakeTieringError.overtaken(
                    table: table.name, reason: "another program added a partition spec")
            }
        }
        machine.observer.reached("lake partition spec added")
    }

    /// The partition of the files of a bucket; nil in a table without partitions.
    func partitionKey(of bucket: LakeBucket, _ lake: LakeTable) throws -> PartitionKey? {
        guard let identifier = bucket.partition else { return nil }
        guard let partition = table.partitions.first(where: { $0.identifier == identifier }),
            let values = table.values(of: partition),
            let spec = lake.metadata.partitionSpec(by: table.partitionFields)
        else {
            throw LakeTieringError.refused(
                table: table.name,
                reason: "partition \(identifier) has no values of its columns: drop it")
        }
        return try PartitionKey(
            specIdentifier: spec, identity: table.partitionFields.map { values[$0]! })
    }

    // MARK: Partitions that are gone

    /// Removes the rows of dropped partitions from the lake.
    func followPartitions(_ lake: LakeTable) async throws {
        if !table.isPartitioned { return }
        let base = try table.progress(in: lake.metadata)
        try checkEpoch(base)
        let known = Set(table.partitions.map(\.identifier))
        var gone: [LakePartition] = []
        for partition in base.partitions ?? [] where !known.contains(partition.identifier) {
            if try await isThere(partition) {
                machine.observer.reached("partition of the lake not heard of yet")
            } else {
                gone.append(partition)
            }
        }
        guard !gone.isEmpty, let current = lake.metadata.current else { return }
        try await remove(gone, from: lake, current, base)
        machine.observer.reached("dropped partition removed from the lake")
        machine.observer.note(
            .information,
            "lake table \(table.lakeName): dropped partitions are removed: "
                + gone.map(\.name).joined(separator: ", "))
    }

    /// One that cannot be asked for now counts as there: nothing is removed on a doubt.
    private func isThere(_ partition: LakePartition) async throws -> Bool {
        do {
            return try await log.hasPartition(partition.identifier, of: table.identifier)
        } catch is LogSourceError { return true }
    }

    private func remove(
        _ gone: [LakePartition], from lake: LakeTable, _ current: Snapshot, _ base: LakeProgress
    ) async throws {
        let identifiers = Set(gone.map(\.identifier))
        let scan = try await lake.scan(current)
        let finder = PartitionFinder(table, base.partitions ?? [])
        var change = LakeChange()
        var mixed: [LakeScan.LiveFile] = []
        for file in scan.dataFiles {
            switch finder.place(file.identityValues) {
            case .partition(let identifier):
                guard let identifier, identifiers.contains(identifier) else { continue }
                change.removedFiles.insert(file.file.identity)
            case .mixed: mixed.append(file)
            }
        }
        let left = scan.dataFiles.filter { !change.removedFiles.contains($0.file.identity) }
        for deletes in scan.deleteFiles where !lake.mayConcern(deletes, left) {
            change.removedFiles.insert(deletes.file.identity)
        }
        let paths = Set(change.removedFiles)
        let deletes = try await rows(of: mixed, in: scan, lake) { batch, row in
            finder.partition(batch, row).map(identifiers.contains) ?? false
        }
        if lake.metadata.formatVersion < 3 {
            change.deleteFiles = try await lake.writeDeletes(deletes)
        } else if !deletes.isEmpty {
            try await lake.writeDeletes(deletes, of: scan, into: &change)
        }
        let progress = LakeProgress(
            tableIdentifier: table.identifier, epoch: epoch,
            offsets: base.offsets.without(identifiers),
            partitions: (base.partitions ?? []).filter { !identifiers.contains($0.identifier) },
            foreignSnapshot: base.foreignSnapshot, schema: table.lakeSchema)
        change.summary = progress.summary(from: base.offsets)
        change.properties = progress.properties
        let made = try await lake.commit(change, on: machine) { metadata in
            try validate(metadata, base, isIndexed: false)
            if metadata.currentSnapshot != current.identifier {
                throw LakeTieringError.overtaken(
                    table: table.name, reason: "its files are not those that are to be removed")
            }
        }
        guard let made, deletes.isEmpty, index?.snapshot == current.identifier else { return }
        index?.follow(removing: paths, to: made.identifier)
    }

    /// The places of some live rows of files whose partition does not say what they have.
    private func rows(
        of files: [LakeScan.LiveFile], in scan: LakeScan, _ lake: LakeTable,
        where isWanted: (RecordBatch, Int) -> Bool
    ) async throws -> [PositionDelete] {
        if files.isEmpty { return [] }
        machine.observer.reached("lake file of several partitions looked through")
        let columns = Schema(
            fields: table.schema.fields.filter { table.partitionFields.contains($0.identifier) })
        let deletions = try await lake.deletions(of: scan, from: files)
        var found: [PositionDelete] = []
        for file in files {
            for rows in try await lake.rows(of: file.file, without: deletions, as: columns) {
                for row in 0..<rows.batch.rowCount where isWanted(rows.batch, row) {
                    found.append(
                        PositionDelete(path: file.file.path, position: rows.positions[row]))
                }
            }
        }
        return found
    }

    // MARK: Partitions that are new

    /// The partitions whose rows may come: those whose values no other has in the lake.
    func admitted(_ base: LakeProgress) -> [LakePartition] {
        let known = Dictionary(
            (base.partitions ?? []).map { ($0.values, $0.identifier) }
        ) { first, _ in first }
        return table.partitions.filter { partition in
            guard let other = known[partition.values], other != partition.identifier else {
                return true
            }
            machine.observer.reached("partition waits for the removal of one of its values")
            return false
        }
    }

    /// Takes out of a range the partitions that are new to the lake and gone by now, and answers
    /// those that the lake has with the others.
    func settle(_ range: inout LogRange, _ base: LakeProgress) async throws -> [LakePartition]? {
        guard var partitions = base.partitions else { return nil }
        let known = Set(partitions.map(\.identifier))
        let coming = Set(
            range.to.entries.filter { $0.offset > 0 }.compactMap(\.bucket.partition)
        ).subtracting(known)
        for partition in table.partitions where coming.contains(partition.identifier) {
            let isThere =
                (try? await log.hasPartition(partition.identifier, of: table.identifier)) ?? false
            if isThere {
                partitions.append(partition)
            } else {
                machine.observer.reached("rows of a dropped partition kept out of the lake")
                range.parts.removeAll { $0.bucket.partition == partition.identifier }
            }
        }
        partitions.sort { $0.identifier < $1.identifier }
        var to = LakeOffsets(startOf: table.buckets(of: partitions))
        for bucket in to.buckets { to[bucket] = range.to[bucket] }
        range.to = to
        return partitions
    }
}
