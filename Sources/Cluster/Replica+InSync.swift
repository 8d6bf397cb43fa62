import Changelog
import Platform

extension Replica {
    /// Notes how far a follower has come; a fetch proves what is below its offset to be durable
    /// there.
    func followerFetched(
        _ server: String, incarnation: Int64, at offset: Int64, in leadership: Leadership
    ) {
        guard leadership.state.value.replicas.contains(server), server != machine.name else {
            return
        }
        let now = machine.clock.now
        let follower: Leadership.Follower
        if let known = leadership.followers[server] {
            follower = known
        } else {
            follower = Leadership.Follower(caughtUpAt: leadership.startedAt, lastFetchAt: now)
            leadership.followers[server] = follower
        }
        follower.endOffset = offset
        if offset >= log.endOffset {
            follower.caughtUpAt = now
        } else if offset >= follower.endAtLastFetch {
            follower.caughtUpAt = follower.lastFetchAt
        }
        follower.lastFetchAt = now
        follower.endAtLastFetch = log.endOffset
        advanceHighWatermark()
        let isNew = !leadership.state.value.inSync.contains(server)
        if isNew, leadership.proposedInSync == nil, offset >= highWatermark,
            offset >= leadership.startOffset, mirror.servers[server]?.incarnation == incarnation
        {
            let joined = leadership.state.value.replicas.filter {
                leadership.state.value.inSync.contains($0) || $0 == server
            }
            machine.spawn("join of \(server) in \(bucket)") {
                try await self.changeInSync(to: joined, in: leadership)
            }
        }
    }

    /// Takes followers that are gone or stay behind out of the in-sync set.
    func watchFollowers(_ leadership: Leadership) async throws {
        while !leadership.isEnded {
            let limit = configuration.replicaLagLimit
            let now = machine.clock.now
            let kept = leadership.state.value.inSync.filter { server in
                if server == machine.name { return true }
                let caughtUpAt =
                    leadership.followers[server]?.caughtUpAt ?? leadership.startedAt
                if now - caughtUpAt > limit { return false }
                // Not registered any more: do not wait for the limit.
                return mirror.servers[server] != nil || now - caughtUpAt < limit / 4
            }
            if kept.count < leadership.state.value.inSync.count,
                leadership.proposedInSync == nil
            {
                machine.observer.reached("in-sync set shrunk")
                try await changeInSync(to: kept, in: leadership)
            }
            _ = try await mirror.changed(.servers).wait(until: machine.clock.now + limit / 4)
        }
    }

    /// Writes another in-sync set, fenced by the state that it was decided on.
    private func changeInSync(to inSync: [String], in leadership: Leadership) async throws {
        if leadership.isEnded || leadership.proposedInSync != nil { return }
        precondition(inSync.contains(machine.name), "a leader leaves its own in-sync set")
        leadership.proposedInSync = inSync
        defer { leadership.proposedInSync = nil }
        var next = leadership.state.value
        next.inSync = inSync
        next.checkInvariants()
        let key = MetadataKey.bucket(bucket).text
        var retry = Backoff(configuration)
        let transaction = CoordinationTransaction(
            conditions: [.revision(key: key, leadership.state.revision)],
            operations: [.put(key: key, value: mirror.stored(next), lease: nil)])
        try await machine.keepApart("an in-sync set proposed and not written")
        do {
            let result = try await machine.coordination.commit(transaction)
            if case .committed(let revision) = result {
                accept(next, at: revision, in: leadership)
                return
            }
        } catch CoordinationError.unavailable {
            return
        } catch is CoordinationError {
            machine.observer.reached("in-sync change of unknown outcome")
        }
        // Refused or unknown: what stands there now decides, and until then both sets count.
        while !leadership.isEnded {
            do {
                guard let entry = try await machine.coordination.get(key) else { return }
                let state = try mirror.read(BucketState.self, from: entry.value)
                accept(state, at: entry.revision, in: leadership)
                return
            } catch is CoordinationError {
                try await machine.sleep(retry.next(machine.entropy))
            } catch let error as ClusterError {
                machine.observer.note(.warning, "state of \(bucket): \(error)")
                try await machine.sleep(retry.next(machine.entropy))
            }
        }
    }

    private func accept(_ state: BucketState, at revision: Revision, in leadership: Leadership) {
        mirror.learn(bucket, state, at: revision)
        if state.leaderEpoch != leadership.epoch {
            // Someone else leads by now; the reconciliation will hear of it too.
            leadership.end()
            moved()
            return
        }
        if leadership.state.revision < revision {
            leadership.state = MetadataMirror.Versioned(value: state, revision: revision)
        }
        leadership.proposedInSync = nil
        advanceHighWatermark()
    }
}
