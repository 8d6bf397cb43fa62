import Changelog
import Platform
import RemoteLog

/// What a replica does for its bucket as the leader.
extension Replica {
    // MARK: Appending

    /// Appends a batch and waits until it is acknowledged.
    func append(_ batch: LogBatch) async throws -> Acknowledgement {
        if table.isPrimaryKeyTable {
            throw ClusterError.invalidRequest(reason: "\(bucket) takes upserts, not batches")
        }
        let leadership = try requireLeadership()
        let appended = try await logGate.run {
            try self.requireInSync(leadership)
            return try self.append(batch, in: leadership)
        }
        return try await acknowledge(appended, in: leadership)
    }

    /// Puts a batch into the log; the caller holds `logGate`.
    func append(_ batch: LogBatch, in leadership: Leadership) throws -> AppendedRange {
        do {
            let appended = try log.append(
                asLeader: batch, leaderEpoch: leadership.epoch,
                commitTimestamp: machine.clock.timestamp)
            syncNeeded.notify()
            moved()
            return AppendedRange(
                baseOffset: appended.baseOffset, endOffset: appended.endOffset,
                isDuplicate: appended.isDuplicate)
        } catch {
            throw try translate(error)
        }
    }

    /// The in-sync replicas that an acknowledgement needs.
    private func neededInSync(_ leadership: Leadership) -> Int {
        min(configuration.minimumInSync, leadership.state.value.settledReplicaCount)
    }

    func requireInSync(_ leadership: Leadership) throws {
        if leadership.isEnded { throw ClusterError.notLeader(bucket) }
        let needed = neededInSync(leadership)
        let inSync = leadership.state.value.inSync.count
        if inSync < needed {
            throw ClusterError.notEnoughReplicas(bucket, inSync: inSync, needed: needed)
        }
    }

    /// Waits until an appended batch is committed in this very term.
    func acknowledge(
        _ appended: AppendedRange, in leadership: Leadership
    ) async throws -> Acknowledgement {
        precondition(appended.endOffset > appended.baseOffset, "nothing to acknowledge")
        let endOffset = appended.endOffset
        let deadline = machine.clock.now + configuration.callTimeout
        while highWatermark < endOffset {
            if leadership.isEnded { throw ClusterError.notLeader(bucket) }
            if try await !waitForMove(until: deadline) {
                throw ClusterError.timedOut("replication of \(bucket) up to \(endOffset)")
            }
        }
        // A fence is checked at the effect: the acknowledgement is one.
        if leadership.isEnded { throw ClusterError.notLeader(bucket) }
        return Acknowledgement(
            baseOffset: appended.baseOffset, endOffset: endOffset, leaderEpoch: leadership.epoch)
    }

    /// Syncs the log whenever it has grown; many appends share one sync.
    func syncLoop(_ leadership: Leadership) async throws {
        var retry = Backoff(configuration)
        while !leadership.isEnded {
            if log.syncedEndOffset >= log.endOffset {
                _ = try await syncNeeded.wait(until: machine.clock.now + .seconds(5))
                continue
            }
            do {
                try await log.sync()
                retry.reset()
                advanceHighWatermark()
            } catch ChangelogError.truncated {
                // It was cut after this term: who leads now decides what stands there.
            } catch let error as ChangelogError {
                _ = try translate(error)
                try await machine.sleep(retry.next(machine.entropy))
            }
        }
    }

    /// Raises the high watermark to what the whole in-sync set has made durable.
    func advanceHighWatermark() {
        // Most fetches come while nothing is to be committed.
        guard let leadership, highWatermark < log.endOffset else { return }
        let inSync = leadership.maximalInSync
        if leadership.state.value.inSync.count < neededInSync(leadership) { return }
        var end = log.syncedEndOffset
        for server in inSync where server != machine.name {
            end = min(end, leadership.followers[server]?.endOffset ?? 0)
        }
        if end > highWatermark { raiseHighWatermark(to: end) }
    }

    // MARK: Fetches

    /// What is to be said of one part of a fetch.
    enum FetchStep {
        case nothing
        case answer(FetchedBucket)
        /// Batches that end by the offset, to be read in that term.
        case read(below: Int64, Leadership)
    }

    /// Judges one part of a fetch; nothing is waited for.
    ///
    /// Whatever is wrong with this bucket is said of this bucket: the other parts of the call have
    /// nothing to do with it.
    func judgeFetch(
        _ part: FetchRequest.Part, from replica: String?, incarnation: Int64
    ) -> FetchStep {
        do throws(ClusterError) {
            if let replica {
                return try judge(part, ofFollower: replica, incarnation: incarnation)
            }
            return try judge(part)
        } catch {
            return .answer(failure(error))
        }
    }

    private func judge(
        _ part: FetchRequest.Part, ofFollower server: String, incarnation: Int64
    ) throws(ClusterError) -> FetchStep {
        let leadership = try requireLeadership()
        if part.leaderEpoch < leadership.epoch {
            throw .fencedEpoch(bucket, epoch: part.leaderEpoch)
        }
        if part.leaderEpoch > leadership.epoch { throw .notLeader(bucket) }
        if let divergence = divergence(of: part) {
            machine.observer.reached("divergent follower told to truncate")
            var answer = failure(nil)
            answer.divergence = divergence
            return .answer(answer)
        }
        if part.offset < 0 {
            throw outOfRange(part.offset, from: log.startOffset, end: log.endOffset)
        }
        followerFetched(server, incarnation: incarnation, at: part.offset, in: leadership)
        if part.offset >= log.endOffset { return .nothing }
        if part.offset < log.startOffset {
            // The follower reads the remote log itself: it would be in the way of the others here.
            throw outOfRange(part.offset, from: log.startOffset, end: log.endOffset)
        }
        return .read(below: log.endOffset, leadership)
    }

    private func judge(_ part: FetchRequest.Part) throws(ClusterError) -> FetchStep {
        let leadership = try requireLeadership()
        let limit = highWatermark
        if part.offset > limit && limit < leadership.startOffset {
            // What a former leader acknowledged is here, but this one has not heard yet how far.
            machine.observer.reached("read beyond a watermark that is not known yet")
            throw .recovering(bucket)
        }
        if part.offset > limit || part.offset < 0
            || part.offset < startOffset && remoteLog.manifestKey != nil
        {
            throw outOfRange(part.offset, from: startOffset, end: limit)
        }
        if part.offset >= limit { return .nothing }
        return .read(below: limit, leadership)
    }

    /// The batches that `judgeFetch` found to be read.
    func readFetch(
        _ part: FetchRequest.Part, below limit: Int64, byteCount: Int, in leadership: Leadership
    ) async throws -> FetchedBucket {
        do {
            let batches = try await read(from: part.offset, below: limit, byteCount: byteCount)
            if leadership.isEnded { return failure(.notLeader(bucket)) }
            var answer = failure(nil)
            answer.batches = batches
            return answer
        } catch let error as ClusterError {
            return failure(error)
        }
    }

    /// Where the log starts, and up to where it is committed.
    ///
    /// A new leader that has not heard yet how far that is refuses: who reads the table up to there
    /// would take less for all of it than a former leader has acknowledged.
    func committedOffsets() async throws -> LogOffsets {
        let leadership = try requireLeadership()
        try await learnWhereLogStarts()
        if leadership.isEnded { throw ClusterError.notLeader(bucket) }
        if highWatermark < leadership.startOffset {
            machine.observer.reached("read beyond a watermark that is not known yet")
            throw ClusterError.recovering(bucket)
        }
        return LogOffsets(start: startOffset, highWatermark: highWatermark)
    }

    /// Loads the manifest of the remote log where local segments are gone and none was read yet.
    ///
    /// A leader that was just started has perhaps not looked; until then the local log's start
    /// passes for that of the whole log.
    func learnWhereLogStarts() async throws {
        if remoteLog.manifestKey == nil && log.startOffset > 0 {
            try await followRemoteLogPatiently()
        }
    }

    private func outOfRange(_ offset: Int64, from start: Int64, end: Int64) -> ClusterError {
        .offsetOutOfRange(bucket, offset: offset, start: start, end: end)
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
            bucket: bucket, error: error, highWatermark: highWatermark, batches: [],
            divergence: nil)
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
}
