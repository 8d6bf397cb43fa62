import Columnar
import Iceberg
import Platform

/// What one round of maintenance did to a lake table.
public struct LakeMaintenance: Hashable, Sendable {
    /// Files that became fewer, and what they became.
    public var compactedFileCount = 0
    public var writtenFileCount = 0
    public var expiredSnapshotCount = 0
    public var deletedObjectCount = 0

    public init() {}
}

extension TableTiering {
    /// Compacts small files and lets old snapshots expire, where there is enough of them.
    ///
    /// Each is a commit like any other: what others do meanwhile makes it give up until the next
    /// time. Throws `LakeTieringError` and `IcebergError`; objects are deleted only once a commit
    /// that lets go of them is known to be done.
    public func maintain() async throws -> LakeMaintenance {
        let lake = try await openLake()
        let progress = try table.progress(in: lake.metadata)
        try checkEpoch(progress)
        try checkColumns(of: lake)
        var done = LakeMaintenance()
        // Files are made of the table's present columns: the next round brings them there.
        if table.schemaIdentifier(at: progress) != table.schema.identifier { return done }
        do {
            if configuration.isCompacting { try await compact(lake, progress, &done) }
            try await expire(lake, &done)
            try await collectOrphans(lake, &done)
        } catch let error as ColumnarError {
            throw LakeTieringError.damaged(reason: "table \(table.name): \(error)")
        }
        if lake.catalogWritesMetadata { return done }
        // Metadata that has left the table's log of it is nobody's any more. Another table of the
        // name, such as one that was made anew, has no log of this one's.
        let named = lake.metadata.previousFiles.union([lake.metadataLocation])
        let left = metadataFiles.of == lake.metadata.uuid ? metadataFiles.paths : []
        metadataFiles = (lake.metadata.uuid, named)
        done.deletedObjectCount += try await lake.delete(
            left.subtracting(named).sorted(), on: machine)
        return done
    }

    // MARK: Compaction

    private func compact(
        _ lake: LakeTable, _ progress: LakeProgress, _ done: inout LakeMaintenance
    ) async throws {
        guard let current = lake.metadata.current else { return }
        let count = Int64(configuration.minimumInputFileCount)
        func total(_ name: String) -> Int64 { current.summary(name).flatMap { Int64($0) } ?? count }
        if total("total-data-files") < count && total("total-delete-files") < count { return }
        let scan = try await lake.scan(current)
        let files = chosen(scan, lake)
        if files.isEmpty { return }
        let held = MemoryUse(
            of: machine.memory, byteCount: Int(files.reduce(0) { $0 + $1.file.byteCount }) * 2)
        defer { held.byteCount = 0 }
        guard var change = try await lake.compaction(of: files, in: scan, keeping: schema) else {
            return
        }
        var reached = progress
        reached.epoch = epoch
        change.summary = reached.summary(from: progress.offsets)
        change.properties = reached.properties
        let snapshot = try await lake.commit(change, on: machine) { metadata in
            try checkEpoch(try table.progress(in: metadata))
            if metadata.currentSnapshot != current.identifier {
                throw LakeTieringError.overtaken(
                    table: table.name, reason: "its files are not those that were compacted")
            }
        }
        machine.observer.reached("lake files compacted")
        done.compactedFileCount = change.removedFiles.count
        done.writtenFileCount = change.dataFiles.count
        guard let snapshot, index?.snapshot == current.identifier,
            progress.foreignSnapshot == nil
        else { return }
        index?.follow(
            files.map(\.file.path), into: change.dataFiles.first?.path ?? "",
            to: snapshot.identifier)
    }

    /// The files to compact: small ones of about one size, so that a row is written anew a number
    /// of times that grows with the logarithm of the table only; or, where many delete files have
    /// gathered, all that they concern.
    private func chosen(_ scan: LakeScan, _ lake: LakeTable) -> [LakeScan.LiveFile] {
        let limit = min(
            configuration.compactionByteCount, Int64(machine.memory.freeByteCount / 4))
        let spec = lake.metadata.partitionSpec(by: table.partitionFields)
        let candidates = scan.dataFiles.filter {
            ($0.file.partitionKey?.specIdentifier == (table.isPartitioned ? spec : nil))
                && $0.file.byteCount < configuration.targetFileByteCount / 4 * 3
        }
        // A file is of one partition: each is compacted for itself.
        var groups: [PartitionKey?: [LakeScan.LiveFile]] = [:]
        var order: [PartitionKey?] = []
        for file in candidates {
            if groups[file.file.partitionKey] == nil { order.append(file.file.partitionKey) }
            groups[file.file.partitionKey, default: []].append(file)
        }
        for key in order {
            let files = chosen(groups[key]!, scan, lake, limit)
            if !files.isEmpty { return files }
        }
        return []
    }

    /// The files of one partition to compact.
    private func chosen(
        _ candidates: [LakeScan.LiveFile], _ scan: LakeScan, _ lake: LakeTable, _ limit: Int64
    ) -> [LakeScan.LiveFile] {
        func fitting(_ files: [LakeScan.LiveFile]) -> [LakeScan.LiveFile] {
            var byteCount: Int64 = 0
            return files.sorted {
                ($0.file.byteCount, $0.file.path) < ($1.file.byteCount, $1.file.path)
            }.prefix {
                byteCount += $0.file.byteCount
                return byteCount <= limit
            }.map(\.self)
        }
        let partition = candidates[0].file.partitionKey
        let deleteCount = scan.deleteFiles.count {
            $0.file.partitionKey == nil || partition == nil || $0.file.partitionKey == partition
        }
        if deleteCount >= configuration.minimumInputFileCount {
            let concerned = candidates.filter { data in
                scan.deleteFiles.contains { lake.mayConcern($0, [data]) }
            }
            let files = fitting(concerned)
            if !files.isEmpty { return files }
        }
        var classes: [Int: [LakeScan.LiveFile]] = [:]
        for file in candidates {
            // Powers of four, from 16 KiB on.
            let size = UInt64(max(1, file.file.byteCount / (16 * 1024)))
            classes[(63 - size.leadingZeroBitCount) / 2, default: []].append(file)
        }
        for size in classes.keys.sorted() {
            let files = fitting(classes[size]!)
            if files.count >= configuration.minimumInputFileCount { return files }
        }
        return []
    }

    // MARK: Expiry

    private func expire(_ lake: LakeTable, _ done: inout LakeMaintenance) async throws {
        let metadata = lake.metadata
        let now = machine.clock.timestamp.millisecondsSinceEpoch
        let age = milliseconds(configuration.maximumSnapshotAge, "max-snapshot-age-ms", metadata)
        func isOld(_ snapshot: Snapshot) -> Bool { now - snapshot.timestampMilliseconds > age }
        // Each expiry is a commit, and one of few snapshots is not worth it.
        if metadata.snapshots.count(where: isOld) < max(1, metadata.snapshots.count / 8) { return }
        var named = metadata.namedSnapshots
        let held = try await leases.look(lake, on: machine).snapshots
        if metadata.snapshots.contains(where: { isOld($0) && held.contains($0.identifier) }) {
            machine.observer.reached("lake snapshot kept for its reader")
            named.formUnion(held)
        }
        let newest = metadata.history.prefix(max(1, configuration.minimumSnapshotCount))
            .map(\.identifier)
        let old = metadata.snapshots.filter {
            isOld($0) && !named.contains($0.identifier) && !newest.contains($0.identifier)
        }
        if old.count < max(1, metadata.snapshots.count / 8) { return }
        let expired = old.map(\.identifier)
        var change = LakeChange()
        change.updates = [.removeSnapshots(expired)]
        try await lake.commit(change, on: machine) { found in
            try checkEpoch(try table.progress(in: found))
            if !found.namedSnapshots.isDisjoint(with: expired) {
                throw LakeTieringError.overtaken(
                    table: table.name, reason: "a branch or tag names an old snapshot by now")
            }
        }
        machine.observer.reached("lake snapshots expired")
        try await machine.keepApart("snapshots expired and their files there")
        done.expiredSnapshotCount = expired.count
        // Whoever took a lease before the snapshot expired still reads it; whoever took one later
        // has seen that it is too late.
        let readers = try await leases.look(lake, on: machine)
        let lists = try await leases.lists(readers, besides: lake)
        done.deletedObjectCount = try await lake.deleteUnreachable(
            from: old, holding: lists, on: machine)
    }

    // MARK: Orphans

    /// Deletes what no commit ever named, or what was not deleted when the last that did let go.
    ///
    /// Which files are left of commits that will never be is known, not guessed from their age:
    /// their names tell under which epoch they were written. Once this tierer has committed, no
    /// commit of an earlier epoch comes through any more, for the state that it was made for is
    /// gone; its own are over, unless the outcome of one is unknown. Files of other programs may be
    /// of a commit under way, so they have to be seen to be orphans for long.
    private func collectOrphans(_ lake: LakeTable, _ done: inout LakeMaintenance) async throws {
        let now = machine.clock.now
        if let last = orphansCollectedAt, now - last < configuration.collectionInterval { return }
        guard lake.isSettled, try table.progress(in: lake.metadata).epoch == epoch else { return }
        let readers = try await leases.look(lake, on: machine)
        let found = try await lake.orphans(holding: try await leases.lists(readers, besides: lake))
        // It was read anew: it must still be this tierer's, and nothing in doubt.
        guard lake.isSettled, try table.progress(in: lake.metadata).epoch == epoch else { return }
        orphansCollectedAt = now
        var since: [String: Instant] = [:]
        var dead: [LakeOrphan] = []
        for orphan in found {
            if !lake.catalogWritesMetadata, let writer = orphan.epoch, writer <= epoch {
                dead.append(orphan)
                continue
            }
            let first = orphansSince[orphan.key] ?? now
            if now - first >= configuration.foreignOrphanAge { dead.append(orphan) }
            since[orphan.key] = first
        }
        orphansSince = since
        if dead.isEmpty { return }
        try await machine.keepApart("orphans found and not deleted")
        let count = try await lake.delete(dead, on: machine)
        machine.observer.reached("lake orphans deleted")
        done.deletedObjectCount += count
    }

    private func milliseconds(
        _ setting: Duration, _ name: String, _ metadata: TableMetadata
    ) -> Int64 {
        if let text = metadata.property("history.expire.\(name)"), let value = Int64(text) {
            return max(0, value)
        }
        return setting.components.seconds * 1000
    }
}
