import Columnar
import JSON
public import Platform

extension LakeTable {
    private static let attemptLimit = 20

    /// Commits a change; `validate` runs on the state that is to be replaced, in every attempt.
    ///
    /// What decides is one compare-and-swap in the catalog: of its pointer, or of what the
    /// requirements name where it writes the metadata itself. A conflict refreshes,
    /// validates again and builds again on the new state. After an unknown outcome nothing is
    /// deleted and nothing repeated before the table was read back: our metadata file is in its
    /// history or it is not. A swap that is still under way is harmless then: it lands before the
    /// next one, whose conflict leads to reading it back, or finds that the pointer has moved.
    ///
    /// Answers the snapshot that was made; nil if the change makes none. Throws what `validate`
    /// throws, and `IcebergError`: after `.outcomeUnknown` the change may still come into effect,
    /// after all others it does not.
    @discardableResult
    public func commit(
        _ change: LakeChange, on machine: Machine,
        validate: (TableMetadata) throws -> Void
    ) async throws -> Snapshot? {
        let manifests = try await writeManifests(change)
        let uuid = metadata.uuid
        var attempts = CommitAttempts()
        for attempt in 0..<Self.attemptLimit {
            try validate(metadata)
            do {
                if attempts.prepared.last?.commit.base != metadataLocation {
                    attempts.prepared.append(try await prepare(change, manifests, machine))
                }
            } catch IcebergError.unavailable where attempts.unsettledBase == metadataLocation {
                break
            }
            guard let prepared = attempts.prepared.last else {
                preconditionFailure("nothing to commit")
            }
            try await machine.keepApart("a lake commit prepared and not offered")
            switch try await offer(prepared.commit, machine) {
            case .done where catalogWritesMetadata:
                try await refreshPatiently(machine)
                return prepared.snapshot
            case .done:
                adopt(prepared.metadata, at: prepared.commit.replacement)
                await writeVersionHint(machine)
                return prepared.snapshot
            case .unknown:
                machine.observer.reached("lake commit of unknown outcome")
                attempts.unsettledBase = metadataLocation
                unsettled.insert(metadataLocation)
                // The request may still be under way: give it time to land before looking.
                try await machine.sleep(.seconds(1))
            case .conflict:
                machine.observer.reached("lake commit conflict")
                attempts.conflictCount += 1
            case .refused(let reason): attempts.refusal = reason
            }
            try await refreshPatiently(machine)
            if metadata.uuid != uuid {
                // Others dropped or renamed it, and another has its name: no attempt lands there.
                throw IcebergError.noSuchTable("\(name) of before")
            }
            // Any attempt of ours may have landed late, not just the last.
            if let found = attempts.prepared.first(where: isCommitted) {
                machine.observer.reached("lake commit of unknown outcome adopted")
                return found.snapshot
            }
            try await machine.sleep(.milliseconds(20 << min(attempt, 6)))
        }
        throw attempts.failure(of: name, at: metadataLocation)
    }

    /// What a commit has tried so far.
    private struct CommitAttempts {
        /// The last one serves again as long as the state that it replaces stands.
        var prepared: [PreparedCommit] = []
        /// What the last attempt of unknown outcome would replace: once that is gone, so is the
        /// doubt.
        var unsettledBase: String?
        var conflictCount = 0
        /// Why the catalog refused an attempt, if it did.
        var refusal: String?

        func failure(of table: LakeTableName, at location: String) -> IcebergError {
            if unsettledBase == location, let last = prepared.last {
                return .outcomeUnknown(
                    table: table.description, snapshot: last.snapshot?.identifier ?? 0)
            }
            if let refusal, conflictCount == 0 {
                return .unavailable(table: table.description, reason: refusal)
            }
            return .tooManyConflicts(table: table.description, attempts: conflictCount)
        }
    }

    struct PreparedCommit {
        var commit: LakeTableCommit
        var updates: [TableUpdate]
        var snapshot: Snapshot?
        var metadata: TableMetadata
    }

    /// Names the newest metadata file in the table's folder. It is a hint: without it nothing is
    /// lost, and an older one may come later than a newer.
    func writeVersionHint(_ machine: Machine) async {
        guard location.hasVersionHints, metadataLocation.hasSuffix(".metadata.json"),
            let slash = metadataLocation.lastIndex(of: "/"),
            let key = try? location.key(of: metadataLocation[...slash] + "version-hint.text")
        else { return }
        let name = metadataLocation[metadataLocation.index(after: slash)...]
        let hint = Array(name.dropLast(".metadata.json".count).utf8)
        _ = try? await machine.objectStore.put(hint, at: key, .always)
    }

    private enum OfferOutcome {
        case done, conflict, unknown
        case refused(reason: String)
    }

    /// Whether a commit that was tried has come into effect, as far as the table can tell.
    private func isCommitted(_ attempt: PreparedCommit) -> Bool {
        if let snapshot = attempt.snapshot, metadata.snapshot(snapshot.identifier) != nil {
            return true
        }
        if catalogWritesMetadata {
            // Whoever made the table so, nothing of the change is left to be done.
            return attempt.snapshot == nil && metadata.reflects(attempt.updates)
        }
        return metadataLocation == attempt.commit.replacement
            || metadata.metadataLog.contains { $0.file == attempt.commit.replacement }
    }

    private func offer(_ commit: LakeTableCommit, _ machine: Machine) async throws -> OfferOutcome {
        do {
            let isDone = try await machine.lakeCatalog.commit(name, commit)
            return isDone ? .done : .conflict
        } catch LakeCatalogError.outcomeUnknown {
            return .unknown
        } catch let error as LakeCatalogError {
            return .refused(reason: "\(error)")
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

    func prepare(
        _ change: LakeChange, _ written: [ManifestFile], _ machine: Machine
    ) async throws -> PreparedCommit {
        guard (2...3).contains(metadata.formatVersion) else {
            throw IcebergError.unsupported(
                reason: "a commit to \(name), which is of format version "
                    + "\(metadata.formatVersion): only versions 2 and 3 are written")
        }
        let base = metadataLocation
        var updates: [TableUpdate] = []
        let now = max(
            metadata.lastUpdatedMilliseconds, machine.clock.timestamp.millisecondsSinceEpoch)
        var snapshot: Snapshot?
        if change.hasSnapshot {
            let made = try await makeSnapshot(change, written, now, machine)
            snapshot = made
            updates = [
                .addSnapshot(made),
                .setSnapshotReference(
                    SnapshotReference(SnapshotReference.main, made.identifier, .branch)),
            ]
        }
        if !change.properties.isEmpty {
            updates.append(
                .setProperties(change.properties.map { JSONMember($0.0, .string($0.1)) }))
        }
        updates += change.updates
        let next = try metadata.applying(updates, replacing: base, at: now)
        var path = ""
        if !catalogWritesMetadata {
            path =
                "\(metadata.location)/metadata/\(zeroPadded(version(of: base) + 1, digits: 5))-"
                + "\(freshIdentifier()).metadata.json"
            try await write(Array(next.json.compact.utf8), at: path)
        }
        precondition(base == metadataLocation, "the table moved on while a commit was prepared")
        precondition(next.uuid == metadata.uuid, "a commit makes another table of it")
        let commit = LakeTableCommit(
            base: base, replacement: path,
            requirements: metadata.requirements(of: updates).map(\.json),
            updates: updates.map(\.json))
        return PreparedCommit(
            commit: commit, updates: updates, snapshot: snapshot, metadata: next)
    }

    private func makeSnapshot(
        _ change: LakeChange, _ written: [ManifestFile], _ now: Int64, _ machine: Machine
    ) async throws -> Snapshot {
        let parent = metadata.current
        let sequence = metadata.lastSequenceNumber + 1
        let identifier = Int64(machine.entropy.next() >> 1) | 1
        var manifests: [ManifestFile] = []
        var removed = RemovedFiles()
        if let parent {
            manifests = try await manifestList(of: parent).manifests
            if !change.removedFiles.isEmpty {
                (manifests, removed) = try await without(
                    change.removedFiles, manifests, sequence, identifier)
            }
            manifests = try await merged(manifests, sequence, identifier)
        }
        manifests += written.map { $0.added(by: identifier, at: sequence) }
        let listPath =
            "\(metadata.location)/metadata/snap-\(identifier)-\(freshIdentifier()).avro"
        var list = ManifestList(manifests: manifests)
        var rows: Range<Int64>?
        if metadata.formatVersion >= 3 {
            let first = metadata.number("next-row-id") ?? 0
            rows = first..<list.assignRows(from: first)
        }
        try await write(
            try list.encoded(
                snapshot: identifier, parent: parent?.identifier, sequenceNumber: sequence,
                syncMarker: syncMarker(listPath), formatVersion: metadata.formatVersion),
            at: listPath)
        var snapshot = Snapshot(
            identifier: identifier, parent: parent?.identifier, sequenceNumber: sequence,
            timestampMilliseconds: now, manifestList: listPath,
            schemaIdentifier: metadata.currentSchemaIdentifier,
            summary: change.fullSummary(after: parent, removing: removed))
        snapshot.rows = rows
        return snapshot
    }

    /// The number at the beginning of a metadata file's name, as in `00012-….metadata.json` and
    /// `v12.metadata.json`.
    func version(of path: String) -> Int {
        var name = path.split(separator: "/").last ?? ""
        if name.first == "v" { name = name.dropFirst() }
        return Int(name.prefix { $0.isNumber }) ?? 0
    }
}
