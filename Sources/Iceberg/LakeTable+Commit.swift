import JSON
import Columnar
public import Platform

/// What one commit adds to a table.
public struct LakeChange: Sendable {
    public var dataFiles: [DataFile] = []
    public var deleteFiles: [DataFile] = []
    /// The writer's own entries of the summary.
    public var summary: [Snapshot.SummaryEntry] = []
    /// Table properties to set with the same swap.
    public var properties: [(String, String)] = []

    public init() {}
}

extension LakeTable {
    private static let attemptLimit = 20

    /// Commits a change; `validate` runs on the state that is to be replaced, in every attempt.
    ///
    /// What decides is one compare-and-swap of the catalog's pointer. A conflict refreshes, validates
    /// again and builds again on the new state. After an unknown outcome nothing is deleted and nothing
    /// repeated before the table was read back: our snapshot is in its history or it is not.
    /// Throws what `validate` throws, and `IcebergError`.
    public func commit(
        _ change: LakeChange, on machine: Machine,
        validate: (TableMetadata) throws -> Void
    ) async throws -> Snapshot {
        let manifests = try await writeManifests(change)
        var attempted: [Int64] = []
        for attempt in 0..<Self.attemptLimit {
            try validate(metadata)
            let (snapshot, next) = try await prepare(change, manifests, machine)
            attempted.append(snapshot.identifier)
            let version = next.metadataLog.count
            let path =
                "\(metadata.location)/metadata/\(padded(version))-\(machine.entropy.uuid())"
                + ".metadata.json"
            try await write(Array(next.json.compact.utf8), at: path)
            if try await swap(to: path, snapshot, machine) {
                adopt(next, at: path)
                return snapshot
            }
            machine.observer.reached("lake commit conflict")
            try await refreshPatiently(machine)
            // Any attempt of ours may have landed late, not just the last.
            if let found = metadata.snapshots.last(where: { attempted.contains($0.identifier) }) {
                machine.observer.reached("lake commit of unknown outcome adopted")
                return found
            }
            try await machine.sleep(.milliseconds(20 << min(attempt, 6)))
        }
        throw IcebergError.tooManyConflicts(table: name.description, attempts: Self.attemptLimit)
    }

    /// True if the pointer moved; false if someone else was first, or the table must be read to know.
    private func swap(to path: String, _ snapshot: Snapshot, _ machine: Machine) async throws
        -> Bool
    {
        do {
            return try await machine.lakeCatalog.swap(name, from: metadataLocation, to: path)
        } catch LakeCatalogError.outcomeUnknown {
            machine.observer.reached("lake commit of unknown outcome")
            // The request may still be under way: give it time to land before looking.
            try await machine.sleep(.seconds(1))
            return false
        } catch let error as LakeCatalogError {
            throw IcebergError.unavailable(table: name.description, reason: "\(error)")
        }
    }

    /// Reads the table back, however long that takes: without it nothing can be decided.
    private func refreshPatiently(_ machine: Machine) async throws {
        var wait = Duration.milliseconds(100)
        while true {
            do {
                return try await refresh()
            } catch IcebergError.unavailable {
                try await machine.sleep(wait)
                wait = min(.seconds(5), wait * 2)
            }
        }
    }

    private struct WrittenManifest {
        var manifest: Manifest
        var path: String
        var byteCount: Int
    }

    /// Manifests name no sequence number, so that every attempt can use them.
    private func writeManifests(_ change: LakeChange) async throws -> [WrittenManifest] {
        var written: [WrittenManifest] = []
        for (content, files) in [
            (DataFile.Content.data, change.dataFiles), (.positionDeletes, change.deleteFiles),
        ] where !files.isEmpty {
            let manifest = Manifest(
                content: content, schema: metadata.schema,
                entries: files.map(ManifestEntry.init(adding:)))
            let path = newPath("metadata", content == .data ? "-m0.avro" : "-m1.avro")
            let bytes = try manifest.encoded(syncMarker: syncMarker(path))
            try await write(bytes, at: path)
            written.append(
                WrittenManifest(manifest: manifest, path: path, byteCount: bytes.count))
        }
        return written
    }

    private func prepare(
        _ change: LakeChange, _ written: [WrittenManifest], _ machine: Machine
    ) async throws -> (Snapshot, TableMetadata) {
        let parent = metadata.current
        let sequence = metadata.lastSequenceNumber + 1
        let identifier = Int64(machine.entropy.next() >> 1) | 1
        var manifests: [ManifestFile] = []
        if let parent { manifests = try await manifestList(of: parent).manifests }
        manifests += written.map {
            ManifestFile(
                path: $0.path, byteCount: $0.byteCount, manifest: $0.manifest,
                sequenceNumber: sequence, snapshot: identifier)
        }
        let listPath =
            "\(metadata.location)/metadata/snap-\(identifier)-\(machine.entropy.uuid()).avro"
        let list = try ManifestList(manifests: manifests).encoded(
            snapshot: identifier, parent: parent?.identifier, sequenceNumber: sequence,
            syncMarker: syncMarker(listPath))
        try await write(list, at: listPath)
        let now = max(
            metadata.lastUpdatedMilliseconds, machine.clock.timestamp.millisecondsSinceEpoch)
        let snapshot = Snapshot(
            identifier: identifier, parent: parent?.identifier, sequenceNumber: sequence,
            timestampMilliseconds: now, manifestList: listPath,
            schemaIdentifier: metadata.schema.identifier,
            summary: summary(of: change, after: parent))
        var next = metadata
        next.lastSequenceNumber = sequence
        next.lastUpdatedMilliseconds = now
        next.snapshots.append(snapshot)
        next.currentSnapshot = identifier
        next.snapshotLog.append(
            TableMetadata.LogEntry(snapshot: identifier, timestampMilliseconds: now))
        next.metadataLog.append(
            TableMetadata.MetadataLogEntry(
                file: metadataLocation, timestampMilliseconds: metadata.lastUpdatedMilliseconds))
        for (name, value) in change.properties { next.setProperty(name, value) }
        return (snapshot, next)
    }

    /// What was added and what there is in total (spec, appendix F).
    private func summary(
        of change: LakeChange, after parent: Snapshot?
    ) -> [Snapshot.SummaryEntry] {
        func total(_ name: String, plus added: Int64) -> Snapshot.SummaryEntry {
            let before = parent?.summary(name).flatMap { Int64($0) } ?? 0
            return Snapshot.SummaryEntry(name, "\(before + added)")
        }
        let rows = change.dataFiles.reduce(0) { $0 + $1.recordCount }
        let deletes = change.deleteFiles.reduce(0) { $0 + $1.recordCount }
        let bytes = (change.dataFiles + change.deleteFiles).reduce(0) { $0 + $1.byteCount }
        let operation =
            change.deleteFiles.isEmpty
            ? "append" : change.dataFiles.isEmpty ? "delete" : "overwrite"
        var entries = [Snapshot.SummaryEntry("operation", operation)]
        func added(_ name: String, _ number: Int64) {
            if number > 0 { entries.append(Snapshot.SummaryEntry(name, "\(number)")) }
        }
        added("added-data-files", Int64(change.dataFiles.count))
        added("added-records", rows)
        added("added-delete-files", Int64(change.deleteFiles.count))
        added("added-position-delete-files", Int64(change.deleteFiles.count))
        added("added-position-deletes", deletes)
        added("added-files-size", bytes)
        entries += [
            total("total-data-files", plus: Int64(change.dataFiles.count)),
            total("total-records", plus: rows),
            total("total-delete-files", plus: Int64(change.deleteFiles.count)),
            total("total-position-deletes", plus: deletes),
            total("total-equality-deletes", plus: 0), total("total-files-size", plus: bytes),
        ]
        return entries + change.summary
    }

    /// Sixteen bytes that no data contains by accident, the same for the same file name.
    private func syncMarker(_ path: String) -> [UInt8] {
        var writer = ByteWriter()
        for seed in 0..<4 {
            writer.append(littleEndian: crc32c(Array(path.utf8), seed: UInt32(seed)))
        }
        return writer.bytes
    }

    private func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}
