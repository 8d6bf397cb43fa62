import Changelog
import Platform
public import RemoteLog

extension Replica {
    /// All offsets below are in the remote log, as far as this node has heard.
    public var remoteLogEndOffset: Int64 { remoteLog.manifest.endOffset }

    /// Where the remote log starts: all that is below has expired.
    public var remoteStartOffset: Int64 { remoteLog.manifest.startOffset }

    /// What the object store has of this bucket's log, as far as this node has heard.
    public var remoteManifest: RemoteLogManifest { remoteLog.manifest }

    /// The objects that the remote log needs, as far as this node has heard.
    public var remoteObjects: [String] {
        remoteLog.manifest.keys + (remoteLog.manifestKey.map { [$0] } ?? [])
    }

    /// Copies sealed segments to the remote log while this replica leads, lets what has expired go,
    /// and drops local copies.
    func runRemoteLogTask() async throws {
        while !isRetired {
            let due = machine.clock.now + configuration.remoteLogTaskInterval
            let isFull = try await spaceNeeded.wait(until: due)
            if isRetired { return }
            let retention = LogRetention(of: table, configuration)
            // What fails of one step, such as an upload, is no reason to leave the others out.
            try await attempt { try await followRemoteLog() }
            if let leadership {
                try await attempt { try await copySegments(in: leadership) }
                try await attempt { try await expireSegments(retention, in: leadership) }
            }
            try await attempt {
                try await dropLocalSegments(keeping: isFull ? 0 : retention.localSegmentCount)
            }
            if let leadership {
                try await attempt { try await collectRemoteObjects(in: leadership) }
            }
            // A full disk asks again and again: one try a second is enough.
            if isFull { try await machine.sleep(.seconds(1)) }
        }
    }

    private func attempt(_ step: () async throws -> Void) async throws {
        do {
            try await step()
        } catch let error as RemoteLogError {
            machine.observer.note(.debug, "\(bucket): \(error)")
        } catch let error as CoordinationError {
            machine.observer.note(.debug, "\(bucket): \(error)")
        } catch let error as ClusterError {
            machine.observer.note(.debug, "\(bucket): \(error)")
        }
    }

    /// Reads on from an offset that is no longer on this server's own disk.
    ///
    /// `.offsetOutOfRange` if it has expired: the error names the offsets that have not.
    func readRemote(from offset: Int64, byteCount: Int) async throws -> [UInt8] {
        do {
            if remoteLog.manifestKey == nil || offset >= remoteLog.manifest.endOffset {
                try await followRemoteLog()
            }
            while true {
                do {
                    return try await readRemoteOnce(from: offset, byteCount: byteCount)
                } catch RemoteLogError.gone(let key) {
                    // It may have expired while it was read: what stands now decides.
                    machine.observer.reached("remote segment gone under a reader")
                    let known = remoteLog.manifestKey
                    try await askForRemoteLog()
                    if remoteLog.manifestKey == known { throw RemoteLogError.gone(key: key) }
                }
            }
        } catch let error as RemoteLogError {
            switch error {
            case .damaged, .gone: throw ClusterError.damaged(bucket, detail: "\(error)")
            case .unavailable, .offsetOutOfRange: throw ClusterError.busy(reason: "\(error)")
            }
        } catch is CoordinationError {
            throw ClusterError.busy(reason: "nobody says where the remote log of \(bucket) starts")
        }
    }

    private func readRemoteOnce(from offset: Int64, byteCount: Int) async throws -> [UInt8] {
        if remoteLog.manifestKey != nil && offset < startOffset {
            throw ClusterError.offsetOutOfRange(
                bucket, offset: offset, start: startOffset, end: highWatermark)
        }
        return try await remoteLog.read(from: offset, byteCount: byteCount)
    }

    /// Loads the manifest that the coordination service names, as far as this node has heard.
    func followRemoteLog() async throws {
        guard let pointer = mirror.remoteLogs[bucket] else { return }
        do {
            try await remoteLog.load(pointer.value.key, at: pointer.revision)
        } catch RemoteLogError.gone {
            // Another is the current one by now.
            try await askForRemoteLog()
        }
    }

    /// Loads the manifest that the coordination service names at this moment.
    private func askForRemoteLog() async throws {
        let path = MetadataKey.remoteLog(bucket).text
        var missing: String?
        while true {
            guard let entry = try await machine.coordination.get(path) else { return }
            let pointer = try mirror.read(ManifestPointer.self, from: entry.value)
            do {
                return try await remoteLog.load(pointer.key, at: entry.revision)
            } catch RemoteLogError.gone(let key) {
                // Replaced between the two questions, unless it is still what is named.
                if missing == key { throw RemoteLogError.gone(key: key) }
                missing = key
            }
        }
    }

    private func copySegments(in leadership: Leadership) async throws {
        let sealed = min(log.sealedSegments.last?.endOffset ?? 0, highWatermark)
        while !leadership.isEnded, remoteLog.manifest.endOffset < sealed {
            let known = mirror.remoteLogs[bucket]
            // The next manifest must be built on the very one that it replaces.
            if known?.value.key != remoteLog.manifestKey { return }
            let from = remoteLog.manifest.endOffset
            if from < log.startOffset {
                throw RemoteLogError.damaged(
                    reason:
                        "offsets \(from)..<\(log.startOffset) are neither on this disk nor in the "
                        + "remote log"
                )
            }
            let bytes: [UInt8]
            do {
                bytes = try await log.read(
                    from: from, below: sealed,
                    maximumByteCount: Int(configuration.segmentByteCount))
            } catch let error as ChangelogError {
                // What is damaged here, another replica has: this one has to make place for it.
                throw RemoteLogError.unavailable(reason: "\(try translate(error))")
            } catch let error as DiskError {
                throw RemoteLogError.unavailable(reason: "\(translate(error))")
            }
            guard let batches = try? LogBatch.split(bytes), let end = batches.last?.endOffset else {
                return
            }
            let state: [UInt8]
            do { state = try await log.stateSnapshot(at: end) } catch let error as ChangelogError {
                throw RemoteLogError.unavailable(reason: "\(try translate(error))")
            } catch let error as DiskError {
                throw RemoteLogError.unavailable(reason: "\(translate(error))")
            }
            // A reader may have loaded another leader's manifest meanwhile.
            if known?.value.key != remoteLog.manifestKey { return }
            let draft = try await remoteLog.upload(
                batches, state: state, leaderEpoch: leadership.epoch,
                version: mirror.format < .expiring
                    ? RemoteLogManifest.untimedVersion : RemoteLogManifest.newestVersion)
            if try await !publish(draft, known, in: leadership) { return }
        }
    }

    /// Makes an uploaded manifest of the remote log the current one; false if it may not be.
    func publish(
        _ draft: RemoteLog.Draft, _ known: MetadataMirror.Versioned<ManifestPointer>?,
        if conditions: [CoordinationTransaction.Condition] = [], in leadership: Leadership
    ) async throws -> Bool {
        let pointer = ManifestPointer(
            key: draft.key, endOffset: draft.manifest.endOffset, leaderEpoch: leadership.epoch)
        let path = MetadataKey.remoteLog(bucket).text
        guard
            let revision = try await publish(
                pointer, at: path, known, if: conditions, in: leadership)
        else { return false }
        remoteLog.adopt(draft, at: revision)
        return true
    }

    /// Makes a manifest the current one if this term still stands and nobody else has written one.
    ///
    /// The fence is inside the transaction: it holds only while the bucket's state is the one under
    /// which this replica leads. Answers the change that did it, nil if none did.
    func publish(
        _ pointer: ManifestPointer, at path: String,
        _ known: MetadataMirror.Versioned<ManifestPointer>?,
        if further: [CoordinationTransaction.Condition] = [], in leadership: Leadership
    ) async throws -> Revision? {
        let transaction = CoordinationTransaction(
            conditions: further + [
                .revision(
                    key: MetadataKey.bucket(bucket).text, leadership.state.revision),
                known.map { .revision(key: path, $0.revision) } ?? .absent(key: path),
            ],
            operations: [.put(key: path, value: mirror.stored(pointer), lease: nil)])
        try await machine.keepApart("a manifest uploaded and not current")
        let revision: Revision
        do {
            switch try await machine.coordination.commit(transaction) {
            case .committed(let committed): revision = committed
            case .conflict: return nil
            }
        } catch CoordinationError.outcomeUnknown {
            machine.observer.reached("manifest commit of unknown outcome")
            // What stands there decides; the objects stay in any case.
            guard let entry = try await machine.coordination.get(path) else { return nil }
            if try mirror.read(ManifestPointer.self, from: entry.value) != pointer { return nil }
            revision = entry.revision
        }
        // The next commit is fenced by this one's revision: wait until the mirror has it.
        let deadline = machine.clock.now + configuration.callTimeout
        while mirror.pointer(at: path)?.value != pointer {
            if try await !mirror.changed(.bucket(bucket)).wait(until: deadline) { break }
        }
        return revision
    }

    /// As `followRemoteLog`; an object store that does not answer is waited for.
    func followRemoteLogPatiently() async throws {
        do { try await followRemoteLog() } catch let error as RemoteLogError {
            throw ClusterError.busy(reason: "\(bucket): \(error)")
        }
    }

    /// Drops local segments that the remote log has, but for the newest few, and those that have
    /// expired.
    private func dropLocalSegments(keeping count: Int) async throws {
        let copied = min(remoteLog.manifest.endOffset, highWatermark)
        let expired = min(remoteLog.manifest.startOffset, highWatermark)
        let sealed = log.sealedSegments
        let droppable = sealed.dropLast(count).last { $0.endOffset <= copied }?.endOffset ?? 0
        let end = max(droppable, sealed.last { $0.endOffset <= expired }?.endOffset ?? 0)
        guard end > log.startOffset else { return }
        try await logGate.run {
            do {
                try await log.deleteSegments(below: end)
            } catch let error as ChangelogError {
                throw try translate(error)
            }
        }
    }
}
