import Changelog
import KeyValue
import Platform
import RemoteLog

/// How a leader makes the rows of its bucket from a snapshot, and makes the next ones.
extension Replica {
    /// An empty store, or that of the newest snapshot whose objects are there; an answer that does
    /// not come is waited for.
    ///
    /// A snapshot that lost an object is replaced by one of those before it that are kept, or by
    /// nothing, as long as the log still has everything from there on.
    func restoreRows(
        _ leadership: Leadership, in folder: String
    ) async throws -> KeyValueStore {
        // Where the disk lost the rows within a term, what is to be deleted is remembered still.
        let snapshots =
            leadership.snapshots
            ?? RowSnapshots(machine, mirror, bucket, epoch: leadership.epoch)
        // No error may be taken for "no snapshot": the log below it may be gone.
        let entry = try await machine.coordination.get(MetadataKey.snapshot(bucket).text)
        guard let entry else {
            return try await emptyRows(snapshots, leadership, in: folder, "it has no row snapshot")
        }
        let pointer = try mirror.read(ManifestPointer.self, from: entry.value)
        var candidates = [pointer.key]
        var reason = ""
        while let key = candidates.first {
            candidates.removeFirst()
            do {
                let snapshot = try await snapshots.load(key, anew: true)
                if key == pointer.key {
                    snapshots.adopt(snapshot)
                    candidates = snapshot.manifest.earlier.map(\.key)
                }
                if try await !isThere(snapshot.manifest.endOffset) { break }
                let store = try await restore(snapshot, in: folder)
                machine.observer.reached("snapshot restored")
                if key != pointer.key { machine.observer.reached("earlier row snapshot restored") }
                leadership.snapshots = snapshots
                return store
            } catch ObjectStoreError.notFound(let key) {
                reason = "object \(key) of its row snapshot is gone"
            } catch KeyValueError.damaged(let path, let detail) {
                reason = "its row snapshot is damaged at \(path): \(detail)"
            }
            snapshots.isLost = true
            machine.observer.note(.warning, "\(bucket): \(reason)")
        }
        let store = try await emptyRows(snapshots, leadership, in: folder, reason)
        machine.observer.reached("lost row snapshot rebuilt from the log")
        return store
    }

    private func emptyRows(
        _ snapshots: RowSnapshots, _ leadership: Leadership, in folder: String, _ reason: String
    ) async throws -> KeyValueStore {
        if try await !isThere(0) {
            throw ClusterError.damaged(
                bucket,
                detail: "\(reason), and its log begins at \(startOffset): restore the object")
        }
        leadership.snapshots = snapshots
        try await KeyValueStore.destroy(machine, directory: folder)
        return try await KeyValueStore.open(
            machine, directory: folder, configuration: rowConfiguration)
    }

    /// Whether the log can be read from an offset on, here or from the remote log.
    private func isThere(_ offset: Int64) async throws -> Bool {
        if offset >= log.startOffset { return true }
        try await followRemoteLogPatiently()
        return offset >= startOffset
    }

    private func restore(
        _ snapshot: RowSnapshots.Snapshot, in folder: String
    ) async throws -> KeyValueStore {
        try await KeyValueStore.restore(
            machine, directory: folder, configuration: rowConfiguration, snapshot)
    }

    private var rowConfiguration: KeyValueConfiguration {
        var settings = KeyValueConfiguration()
        settings.memoryByteCount = configuration.rowMemoryByteCount
        settings.cacheByteCount = configuration.rowMemoryByteCount
        settings.flushedTableCount = configuration.flushedTableCount
        settings.tableByteCount = 4 * configuration.rowMemoryByteCount
        settings.levelByteCount = 32 * Int64(configuration.rowMemoryByteCount)
        return settings
    }

    private static func isLoss(_ error: any Error) -> Bool {
        switch error {
        case ObjectStoreError.notFound, KeyValueError.damaged: true
        default: false
        }
    }

    /// Makes the rows as they are the current snapshot if they have changed, fenced by the term,
    /// and deletes what no snapshot needs any more.
    func keepSnapshots(of tablet: KeyValueTablet, _ leadership: Leadership) async throws {
        guard let snapshots = leadership.snapshots else {
            preconditionFailure("rows of \(bucket) that nobody restored")
        }
        let pointer = mirror.snapshots[bucket]
        if let pointer, pointer.value.key != snapshots.current?.key {
            // One of this term became the current one though nobody was told so.
            do { snapshots.adopt(try await snapshots.load(pointer.value.key)) } catch {
                // A manifest that is lost is replaced; one that no answer came of may be there.
                guard Self.isLoss(error) else { throw error }
                snapshots.isLost = true
            }
        }
        let isNew = (pointer?.value.endOffset ?? -1) < tablet.committedOffset
        if isNew || snapshots.isLost {
            let made = try await snapshots.upload(
                tablet.store, keeping: configuration.retainedSnapshotCount
            ) { !leadership.isEnded }
            guard let made else { return }
            let next = ManifestPointer(
                key: made.key, endOffset: made.manifest.endOffset, leaderEpoch: leadership.epoch)
            let path = MetadataKey.snapshot(bucket).text
            if try await publish(next, at: path, pointer, in: leadership) == nil { return }
            snapshots.published(made)
            machine.observer.reached("snapshot published")
            try await machine.keepApart("a snapshot current and those before it there")
        }
        let isDue = machine.clock.now >= leadership.snapshotOrphanCheckAt
        let hasLooked = try await snapshots.collect(orphans: isDue) {
            !leadership.isEnded
        } isCurrent: {
            try await self.isCurrent(
                snapshots.current?.key, at: .snapshot(bucket), in: leadership)
        }
        if hasLooked {
            leadership.snapshotOrphanCheckAt =
                machine.clock.now + configuration.orphanCheckInterval
        }
    }
}

extension KeyValueStore {
    /// A store of what a snapshot in the object store has, in place of what the folder held.
    static func restore(
        _ machine: Machine, directory: String, configuration: KeyValueConfiguration,
        _ snapshot: RowSnapshots.Snapshot
    ) async throws -> KeyValueStore {
        let keys = snapshot.manifest.keysByContent
        return try await restore(
            machine, directory: directory, configuration: configuration,
            manifest: snapshot.manifest.store
        ) { file in
            guard let key = keys[file.contentName] else {
                throw KeyValueError.damaged(path: snapshot.key, reason: "no key of \(file.name)")
            }
            return try await machine.objectStore.get(key)
        }
    }
}
