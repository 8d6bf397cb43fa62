import Changelog
import Platform

extension Replica {
    /// Answers one part of a fetch; nil while there is nothing new to say.
    func answerFetch(
        _ part: FetchRequest.Part, from replica: String?, incarnation: Int64, byteCount: Int
    ) async throws -> FetchedBucket? {
        guard let leadership else { return failure(.notLeader(bucket)) }
        if replica != nil {
            if part.leaderEpoch < leadership.epoch {
                return failure(.fencedEpoch(bucket, epoch: part.leaderEpoch))
            }
            if part.leaderEpoch > leadership.epoch { return failure(.notLeader(bucket)) }
            if let divergence = divergence(of: part) {
                machine.observer.reached("divergent follower told to truncate")
                var answer = failure(nil)
                answer.divergence = divergence
                return answer
            }
        }
        let limit = replica == nil ? highWatermark : log.endOffset
        if part.offset > limit && replica == nil || part.offset < 0 {
            return failure(
                .offsetOutOfRange(bucket, offset: part.offset, start: 0, end: limit))
        }
        if let replica {
            followerFetched(replica, incarnation: incarnation, at: part.offset, in: leadership)
        }
        if part.offset >= limit { return nil }
        let batches = try await read(from: part.offset, below: limit, byteCount: byteCount)
        if leadership.isEnded { return failure(.notLeader(bucket)) }
        var answer = failure(nil)
        answer.batches = batches
        return answer
    }

    /// Whole batches from `offset`, local or remote.
    func read(from offset: Int64, below limit: Int64, byteCount: Int) async throws
        -> [UInt8]
    {
        if offset < log.startOffset {
            return try await readRemote(from: offset, byteCount: byteCount)
        }
        do {
            return try await log.read(from: offset, below: limit, maximumByteCount: byteCount)
        } catch let error as ChangelogError {
            // Local segments may have been dropped while the read was under way.
            if offset < log.startOffset {
                return try await readRemote(from: offset, byteCount: byteCount)
            }
            throw try translate(error)
        } catch let error as DiskError {
            throw translate(error)
        }
    }

    private func failure(_ error: ClusterError?) -> FetchedBucket {
        FetchedBucket(
            bucket: bucket, error: error, highWatermark: highWatermark,
            startOffset: 0, batches: [], divergence: nil)
    }

    /// Where the follower's log departs from this one, by the epochs of both (KIP-101, KIP-279).
    private func divergence(of part: FetchRequest.Part) -> EpochEnd? {
        if part.lastEpoch < 0 || part.offset == 0 { return nil }
        guard let end = log.end(ofEpoch: part.lastEpoch) else {
            return EpochEnd(epoch: -1, endOffset: 0)
        }
        if end.epoch == part.lastEpoch && part.offset <= end.endOffset { return nil }
        return EpochEnd(epoch: end.epoch, endOffset: end.endOffset)
    }

    // MARK: As a follower

    /// What this replica asks of the leader it follows; nil if it follows someone else by now.
    func fetchPart(following leader: String) -> FetchRequest.Part? {
        guard case .following(leader) = role else { return nil }
        return FetchRequest.Part(
            bucket: bucket, leaderEpoch: leaderEpoch, offset: log.syncedEndOffset,
            lastEpoch: log.leaderEpochs.latest ?? -1)
    }

    /// Takes in what the leader answered to `part`.
    func takeFetched(
        _ answer: FetchedBucket, to part: FetchRequest.Part, from leader: String
    ) async throws {
        try await logGate.run {
            guard case .following(leader) = role, leaderEpoch == part.leaderEpoch else { return }
            if log.endOffset != part.offset {
                // A tail of an earlier term was not durable yet when the question went out: it may
                // not be the leader's, so nothing is learned before it was asked about too.
                machine.observer.reached("fetch answered beside a tail of an earlier term")
                try await syncLog()
                return
            }
            do {
                if let divergence = answer.divergence {
                    try await truncate(to: divergence)
                    return
                }
                if !answer.batches.isEmpty {
                    try log.append(asFollower: answer.batches)
                    try await syncLog()
                }
            } catch let error as ChangelogError {
                throw try translate(error)
            } catch let error as DiskError {
                throw translate(error)
            }
            guard case .following(leader) = role, leaderEpoch == part.leaderEpoch else { return }
            learnHighWatermark(answer.highWatermark)
            moved()
        }
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
}
