import Changelog
import Platform
import RemoteLog

extension Replica {
    /// All offsets below are in the remote log, as far as this node has heard.
    public var remoteLogEndOffset: Int64 { remoteLog.manifest.endOffset }

    /// Copies sealed segments to the remote log while this replica leads, and drops local copies.
    func runRemoteLogTask() async throws {
        while !isRetired {
            let due = machine.clock.now + configuration.remoteLogTaskInterval
            let isFull = try await spaceNeeded.wait(until: due)
            if isRetired { return }
            do {
                try await followRemoteLog()
                if let leadership { try await copySegments(in: leadership) }
                try await dropRemoteSegments(keeping: isFull ? 0 : configuration.localSegmentCount)
            } catch let error as RemoteLogError {
                machine.observer.note(.debug, "\(bucket): \(error)")
            } catch let error as CoordinationError {
                machine.observer.note(.debug, "\(bucket): \(error)")
            } catch let error as ClusterError {
                machine.observer.note(.debug, "\(bucket): \(error)")
            }
            // A full disk asks again and again: one try a second is enough.
            if isFull { try await machine.sleep(.seconds(1)) }
        }
    }

    /// Reads on from an offset that is no longer on this server's own disk.
    func readRemote(from offset: Int64, byteCount: Int) async throws -> [UInt8] {
        do {
            if offset >= remoteLog.manifest.endOffset { try await followRemoteLog() }
            return try await remoteLog.read(from: offset, byteCount: byteCount)
        } catch let error as RemoteLogError {
            if case .damaged(let reason) = error {
                throw ClusterError.damaged(bucket, detail: reason)
            }
            throw ClusterError.busy(reason: "\(error)")
        }
    }

    /// Loads the manifest that the coordination service names, as far as this node has heard.
    func followRemoteLog() async throws {
        guard let pointer = mirror.remoteLogs[bucket]?.value else { return }
        if pointer.endOffset > remoteLog.manifest.endOffset {
            try await remoteLog.load(pointer.key)
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
            guard let end = try? LogBatch.split(bytes).last?.endOffset else { return }
            let state: [UInt8]
            do { state = try await log.stateSnapshot(at: end) } catch let error as ChangelogError {
                throw RemoteLogError.unavailable(reason: "\(try translate(error))")
            } catch let error as DiskError {
                throw RemoteLogError.unavailable(reason: "\(translate(error))")
            }
            let (key, manifest) = try await remoteLog.upload(
                bytes, from: from, to: end, state: state, leaderEpoch: leadership.epoch)
            let pointer = ManifestPointer(
                key: key, endOffset: end, leaderEpoch: leadership.epoch)
            let path = MetadataKey.remoteLog(bucket).text
            if try await publish(pointer, at: path, known, in: leadership) {
                remoteLog.adopt(key, manifest)
            } else {
                return
            }
        }
    }

    /// Makes a manifest the current one if this term still stands and nobody else has written one.
    ///
    /// The fence is inside the transaction: it holds only while the bucket's state is the one under
    /// which this replica leads.
    func publish(
        _ pointer: ManifestPointer, at path: String,
        _ known: MetadataMirror.Versioned<ManifestPointer>?, in leadership: Leadership
    ) async throws -> Bool {
        let transaction = CoordinationTransaction(
            conditions: [
                .revision(
                    key: MetadataKey.bucket(bucket).text, leadership.state.revision),
                known.map { .revision(key: path, $0.revision) } ?? .absent(key: path),
            ],
            operations: [.put(key: path, value: mirror.stored(pointer), lease: nil)])
        do {
            switch try await machine.coordination.commit(transaction) {
            case .committed: break
            case .conflict: return false
            }
        } catch CoordinationError.outcomeUnknown {
            machine.observer.reached("manifest commit of unknown outcome")
            // What stands there decides; the objects stay in any case.
            guard let entry = try await machine.coordination.get(path) else { return false }
            if try mirror.read(ManifestPointer.self, from: entry.value) != pointer { return false }
        }
        // The next commit is fenced by this one's revision: wait until the mirror has it.
        let deadline = machine.clock.now + configuration.callTimeout
        while mirror.pointer(at: path)?.value != pointer {
            if try await !mirror.changed(.bucket(bucket)).wait(until: deadline) { break }
        }
        return true
    }

    /// As `followRemoteLog`; an object store that does not answer is waited for.
    func followRemoteLogPatiently() async throws {
        do { try await followRemoteLog() } catch let error as RemoteLogError {
            throw ClusterError.busy(reason: "\(bucket): \(error)")
        }
    }

    /// Drops local segments that the remote log has, but for the newest few.
    private func dropRemoteSegments(keeping count: Int) async throws {
        let copied = min(remoteLog.manifest.endOffset, highWatermark)
        let droppable = log.sealedSegments.dropLast(count)
        guard let end = droppable.last(where: { $0.endOffset <= copied })?.endOffset,
            end > log.startOffset
        else { return }
        try await logGate.run {
            do {
                try await log.deleteSegments(below: end)
            } catch let error as ChangelogError {
                throw try translate(error)
            }
        }
    }
}
