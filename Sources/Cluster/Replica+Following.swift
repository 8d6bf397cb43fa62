import Changelog
import Platform
import RemoteLog

/// What a replica does as a follower: it asks its leader on and takes in what it is answered.
extension Replica {
    /// What this replica asks of the leader it follows; nil if it follows someone else by now.
    func fetchPart(following leader: String) -> FetchRequest.Part? {
        guard case .following(leader) = role else { return nil }
        return FetchRequest.Part(
            bucket: bucket, leaderEpoch: leaderEpoch, offset: log.syncedEndOffset,
            lastEpoch: log.latestLeaderEpoch ?? -1)
    }

    /// Applies what the leader answered to `part`; throws where this bucket has to wait a while.
    func apply(
        _ answer: FetchedBucket, to part: FetchRequest.Part, from leader: String
    ) async throws {
        precondition(answer.bucket == bucket && part.bucket == bucket, "an answer went astray")
        if let error = answer.error {
            if case .offsetOutOfRange(_, _, let start, _) = error, part.offset < start {
                try await restartFromRemoteLog(leader, epoch: part.leaderEpoch)
                return
            }
            throw error
        }
        if !answer.batches.isEmpty, try await beginsAtRemoteLog(leader, epoch: part.leaderEpoch) {
            return
        }
        try await logGate.run {
            guard isFollowing(leader, epoch: part.leaderEpoch) else { return }
            do {
                if log.endOffset != part.offset {
                    // A tail of an earlier term was not durable yet when the question went out: it
                    // may not be the leader's, so nothing is learned before it was asked about too.
                    machine.observer.reached("fetch answered beside a tail of an earlier term")
                    try await log.sync()
                    return
                }
                if let divergence = answer.divergence {
                    try await truncate(to: divergence)
                    return
                }
                if !answer.batches.isEmpty {
                    try log.append(asFollower: answer.batches)
                    try await log.sync()
                }
            } catch ChangelogError.truncated {
                return
            } catch let error as ChangelogError {
                throw try translate(error)
            } catch let error as DiskError {
                throw translate(error)
            }
            guard isFollowing(leader, epoch: part.leaderEpoch) else { return }
            learnHighWatermark(answer.highWatermark)
            moved()
        }
    }

    /// Learns the leader's high watermark from its answer.
    private func learnHighWatermark(_ offset: Int64) {
        let known = min(offset, log.endOffset)
        if known > highWatermark { raiseHighWatermark(to: known) }
    }

    /// Cuts what the leader does not have.
    private func truncate(to divergence: EpochEnd) async throws {
        let end = log.truncationOffset(
            for: LeaderEpochCache.End(epoch: divergence.epoch, endOffset: divergence.endOffset))
        if end >= log.endOffset { return }
        machine.observer.reached("divergent tail truncated")
        if end < highWatermark {
            machine.observer.note(
                .error,
                "\(bucket): truncation to \(end) would cut below the high watermark "
                    + "\(highWatermark)")
        }
        try await log.truncate(to: end)
    }

    /// Whether a replica that holds nothing has gone to the end of the remote log: what is below
    /// would only come through its leader to be dropped. An object store that does not answer is no
    /// reason to wait.
    private func beginsAtRemoteLog(_ leader: String, epoch: Int32) async throws -> Bool {
        guard log.endOffset == log.startOffset, let pointer = mirror.remoteLogs[bucket]?.value,
            pointer.endOffset > log.endOffset
        else { return false }
        do { try await restartFromRemoteLog(leader, epoch: epoch) } catch ClusterError.busy {
            return false
        }
        machine.observer.reached("empty replica began at the end of the remote log")
        return true
    }

    /// Goes on at the end of the remote log: the leader has dropped what this replica lacks.
    ///
    /// All that is below stands in the remote log, so it need not be fetched; what the log must
    /// know of it, its writers and epochs, is read from there too. The leader has just said that
    /// this replica's own batches are a part of its log, so nothing is lost by dropping them.
    private func restartFromRemoteLog(_ leader: String, epoch: Int32) async throws {
        let (end, state): (Int64, [UInt8])
        do {
            try await followRemoteLog()
            end = remoteLog.manifest.endOffset
            if end <= log.endOffset {
                throw ClusterError.busy(reason: "the remote log of \(bucket) is not known yet")
            }
            state = try await remoteLog.readState()
        } catch let error as RemoteLogError {
            throw ClusterError.busy(reason: "\(bucket) on \(machine.name): \(error)")
        }
        try await logGate.run {
            guard isFollowing(leader, epoch: epoch), log.endOffset < end else { return }
            precondition(log.endOffset >= highWatermark, "committed batches are not here")
            do {
                try await log.truncateFullyAndStart(at: end, snapshot: state)
            } catch let error as ChangelogError {
                throw try translate(error)
            }
            machine.observer.reached("replica restarted from the remote log")
            raiseHighWatermark(to: end)
            moved()
        }
    }
}
