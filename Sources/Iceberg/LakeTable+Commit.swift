import Columnar
import JSON
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
    /// What decides is one compare-and-swap of the catalog's pointer. A conflict refreshes,
    /// validates again and builds again on the new state. After an unknown outcome nothing is
    /// deleted and nothing repeated before the table was read back: our snapshot is in its history
    /// or it is not. A swap that is still under way is harmless then: it lands before the next one,
    /// whose conflict leads to reading it back, or finds that the pointer has moved.
    ///
    /// Throws what `validate` throws, and `IcebergError`: after `.outcomeUnknown` the change may
    /// still come into effect, after all others it does not.
    public func commit(
        _ change: LakeChange, on machine: Machine,
        validate: (TableMetadata) throws -> Void
    ) async throws -> Snapshot {
        let manifests = try await writeManifests(change)
        var attempts = CommitAttempts()
        for attempt in 0..<Self.attemptLimit {
            try validate(metadata)
            do {
                if attempts.prepared?.base != metadataLocation {
                    attempts.prepared = try await prepare(change, manifests, machine)
                }
            } catch IcebergError.unavailable where attempts.unsettledBase == metadataLocation {
                break
            }
            guard let prepared = attempts.prepared else { preconditionFailure("nothing to swap") }
            attempts.snapshots.append(prepared.snapshot.identifier)
            switch try await swap(to: prepared.path, machine) {
            case .done:
                adopt(prepared.metadata, at: prepared.path)
                return prepared.snapshot
            case .unknown:
                machine.observer.reached("lake commit of unknown outcome")
                attempts.unsettledBase = metadataLocation
                // The request may still be under way: give it time to land before looking.
                try await machine.sleep(.seconds(1))
            case .conflict: machine.observer.reached("lake commit conflict")
            case .refused: break
            }
            try await refreshPatiently(machine)
            // Any attempt of ours may have landed late, not just the last.
            if let found = history.first(where: { attempts.snapshots.contains($0.identifier) }) {
                machine.observer.reached("lake commit of unknown outcome adopted")
                return found
            }
            try await machine.sleep(.milliseconds(20 << min(attempt, 6)))
        }
        if attempts.unsettledBase == metadataLocation, let last = attempts.snapshots.last {
            throw IcebergError.outcomeUnknown(table: name.description, snapshot: last)
        }
        throw IcebergError.tooManyConflicts(table: name.description, attempts: Self.attemptLimit)
    }

    /// What a commit has tried so far.
    private struct CommitAttempts {
        var snapshots: [Int64] = []
        /// Serves again as long as the state that it replaces stands.
        var prepared: PreparedCommit?
        /// What the last attempt of unknown outcome would replace: once that is gone, so is the
        /// doubt.
        var unsettledBase: String?
    }

    private struct PreparedCommit {
        var base: String
        var path: String
        var snapshot: Snapshot
        var metadata: TableMetadata
    }

    private enum SwapOutcome {
        case done, conflict, unknown, refused
    }

    /// The current snapshot, its parent and so on.
    private var history: [Snapshot] {
        var found: [Snapshot] = []
        var next = metadata.current
        while let snapshot = next, found.count < metadata.snapshots.count {
            found.append(snapshot)
            next = snapshot.parent.flatMap(metadata.snapshot)
        }
        return found
    }

    private func swap(to path: String, _ machine: Machine) async throws -> SwapOutcome {
        do {
            let isDone = try await machine.lakeCatalog.swap(name, from: metadataLocation, to: path)
            return isDone ? .done : .conflict
        } catch LakeCatalogError.outcomeUnknown {
            return .unknown
        } catch is LakeCatalogError {
            return .refused
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

    private func prepare(
        _ change: LakeChange, _ written: [ManifestFile], _ machine: Machine
    ) async throws -> PreparedCommit {
        let base = metadataLocation
        let parent = metadata.current
        let sequence = metadata.lastSequenceNumber + 1
        let identifier = Int64(machine.entropy.next() >> 1) | 1
        var manifests: [ManifestFile] = []
        if let parent {
            manifests = try await merged(
                try await manifestList(of: parent).manifests, sequence, identifier)
        }
        manifests += written.map { $0.added(by: identifier, at: sequence) }
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
        next.append(snapshot, replacing: base)
        for (name, value) in change.properties { next.setProperty(name, value) }
        let path =
            "\(metadata.location)/metadata/\(zeroPadded(version(of: base) + 1, digits: 5))-"
            + "\(machine.entropy.uuid()).metadata.json"
        try await write(Array(next.json.compact.utf8), at: path)
        precondition(base == metadataLocation, "the table moved on while a commit was prepared")
        return PreparedCommit(base: base, path: path, snapshot: snapshot, metadata: next)
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

    /// The number at the beginning of a metadata file's name.
    private func version(of path: String) -> Int {
        let name = path.split(separator: "/").last ?? ""
        return Int(name.prefix { $0.isNumber }) ?? 0
    }
}
