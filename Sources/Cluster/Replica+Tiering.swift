import Changelog
import Platform
import Tiering

extension Replica {
    /// All offsets below are tiered, as far as this node has heard.
    public var tieredEndOffset: Int64 { tieredLog.manifest.endOffset }

    /// Sends sealed segments to the object store while this replica leads, and drops what is
    /// tiered.
    func tierSegments() async throws {
        while true {
            try await machine.sleep(configuration.segmentTieringInterval)
            do {
                try await followTieredLog()
                if let leadership { try await tier(in: leadership) }
                try await dropTieredSegments()
            } catch let error as TieringError {
                machine.observer.note(.debug, "\(bucket): \(error)")
            } catch let error as CoordinationError {
                machine.observer.note(.debug, "\(bucket): \(error)")
            }
        }
    }

    /// Reads on from an offset that is no longer on this server's own disk.
    func readTiered(from offset: Int64, byteCount: Int) async throws -> [UInt8] {
        do {
            if offset >= tieredLog.manifest.endOffset { try await followTieredLog() }
            return try await tieredLog.read(from: offset, byteCount: byteCount)
        } catch let error as TieringError {
            if case .damaged(let reason) = error {
                throw ClusterError.damaged(bucket, detail: reason)
            }
            throw ClusterError.busy(reason: "\(error)")
        }
    }

    /// Loads the manifest that the coordination service names, as far as this node has heard.
    private func followTieredLog() async throws {
        guard let pointer = mirror.tieredLogs[bucket]?.value else { return }
        if pointer.endOffset > tieredLog.manifest.endOffset {
            try await tieredLog.load(pointer.key)
        }
    }

    private func tier(in leadership: Leadership) async throws {
        let sealed = min(log.sealedSegments.last?.endOffset ?? 0, highWatermark)
        while !leadership.isEnded, tieredLog.manifest.endOffset < sealed {
            let known = mirror.tieredLogs[bucket]
            // The next manifest must be built on the very one that it replaces.
            if known?.value.key != tieredLog.manifestKey { return }
            let from = tieredLog.manifest.endOffset
            if from < log.startOffset {
                throw TieringError.damaged(
                    reason: "offsets \(from)..<\(log.startOffset) are neither here nor tiered")
            }
            let bytes: [UInt8]
            do {
                bytes = try await log.read(
                    from: from, below: sealed,
                    maximumByteCount: Int(configuration.segmentByteCount))
            } catch let error as ChangelogError {
                // What is damaged here, another replica has: this one has to make place for it.
                throw TieringError.unavailable(reason: "\(try translate(error))")
            } catch let error as DiskError {
                throw TieringError.unavailable(reason: "\(translate(error))")
            }
            guard let end = try? LogBatch.split(bytes).last?.endOffset else { return }
            let (key, manifest) = try await tieredLog.upload(
                bytes, from: from, to: end, leaderEpoch: leadership.epoch)
            let pointer = ManifestPointer(
                key: key, endOffset: end, leaderEpoch: leadership.epoch)
            let path = MetadataKey.tieredLog(bucket).text
            if try await publish(pointer, at: path, known, in: leadership) {
                tieredLog.adopt(key, manifest)
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
            operations: [.put(key: path, value: pointer.encoded, lease: nil)])
        do {
            switch try await machine.coordination.commit(transaction) {
            case .committed: break
            case .conflict: return false
            }
        } catch CoordinationError.outcomeUnknown {
            machine.observer.reached("manifest commit of unknown outcome")
            // What stands there decides; the objects stay in any case.
            guard let entry = try await machine.coordination.get(path) else { return false }
            if try ManifestPointer(decoding: entry.value) != pointer { return false }
        }
        // The next commit is fenced by this one's revision: wait until the mirror has it.
        let deadline = machine.clock.now + configuration.callTimeout
        while mirror.pointer(at: path)?.value != pointer {
            if try await !mirror.changed(.bucket(bucket)).wait(until: deadline) { break }
        }
        return true
    }

    /// Drops local segments that are tiered, but for the newest few.
    private func dropTieredSegments() async throws {
        let tiered = min(tieredLog.manifest.endOffset, highWatermark)
        let droppable = log.sealedSegments.dropLast(configuration.localSegmentCount)
        guard let end = droppable.last(where: { $0.endOffset <= tiered })?.endOffset,
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
