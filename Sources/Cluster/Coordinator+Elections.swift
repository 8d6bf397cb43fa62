import Platform

/// Who leads each bucket: elections of the buckets that news concerns, many in one transaction.
extension Coordinator {
    /// Another state of a bucket, and the one that it is to replace.
    struct StateChange {
        var bucket: BucketIdentifier
        var current: MetadataMirror.Versioned<BucketState>
        var next: BucketState
    }

    /// etcd takes 128 operations a transaction unless it is told otherwise, and as many conditions.
    static let transactionLimit = 100

    /// Elects leaders for those of the buckets that need one.
    func elect(_ buckets: [BucketIdentifier]) async throws {
        var changes: [StateChange] = []
        for bucket in buckets {
            guard let current = mirror.buckets[bucket],
                let next = successor(of: current.value)
            else { continue }
            changes.append(StateChange(bucket: bucket, current: current, next: next))
        }
        try await commit(changes, "elected")
    }

    /// The state that should follow, or nil if all is well or nothing can be done.
    private func successor(of state: BucketState) -> BucketState? {
        if let leader = state.leader, isAlive(leader) { return nil }
        let lost = state.leader?.server
        let alive = state.inSync.filter { mirror.servers[$0] != nil }
        // A restarted leader is passed over where another in-sync replica is there: it must recover
        // first.
        guard let chosen = alive.first(where: { $0 != lost }) ?? alive.first else {
            if state.leader == nil { return nil }
            var next = state
            next.leader = nil
            return next
        }
        return state.led(by: chosen, mirror.servers[chosen]!)
    }

    func isAlive(_ leader: BucketState.Leader) -> Bool {
        mirror.servers[leader.server]?.incarnation == leader.incarnation
    }

    // MARK: Preferred leaders

    /// Gives buckets back to the replica that comes first in their list, by which leaders are
    /// spread over the servers: it has to be in sync, and registered for a while, so that a server
    /// that comes and goes is not made a leader each time.
    func restoreLeaders() async throws {
        guard let delay = configuration.preferredLeaderDelay else { return }
        let now = machine.clock.now
        var changes: [StateChange] = []
        for bucket in mirror.buckets.keys.sorted() {
            guard let current = mirror.buckets[bucket], let leader = current.value.leader,
                current.value.reassignment == nil,
                let preferred = current.value.replicas.first, leader.server != preferred,
                isAlive(leader), current.value.inSync.contains(preferred),
                let since = presence[preferred], let registration = mirror.servers[preferred],
                since.incarnation == registration.incarnation, now - since.seenAt >= delay
            else { continue }
            changes.append(
                StateChange(
                    bucket: bucket, current: current,
                    next: current.value.led(by: preferred, registration)))
            if changes.count == Self.transactionLimit { break }
        }
        if changes.isEmpty { return }
        machine.observer.reached("leader moved back to the preferred replica")
        try await commit(changes, "moved back")
    }

    // MARK: Committing

    /// Writes states, each only in the place of the one that it was decided on.
    ///
    /// Many share a transaction; where one of them was changed by others, each is tried alone.
    func commit(_ changes: [StateChange], _ what: String) async throws {
        for start in stride(from: 0, to: changes.count, by: Self.transactionLimit) {
            let portion = Array(changes[start..<min(start + Self.transactionLimit, changes.count)])
            if try await commitTogether(portion, what) || portion.count == 1 { continue }
            machine.observer.reached("election of many made one by one")
            for change in portion { _ = try await commitTogether([change], what) }
        }
    }

    /// False if one of the states was not the one that it was decided on.
    private func commitTogether(_ changes: [StateChange], _ what: String) async throws -> Bool {
        var transaction = CoordinationTransaction(conditions: [], operations: [])
        for change in changes {
            change.next.checkInvariants()
            precondition(
                change.next.leaderEpoch >= change.current.value.leaderEpoch, "an epoch went back")
            let key = MetadataKey.bucket(change.bucket).text
            transaction.conditions.append(.revision(key: key, change.current.revision))
            transaction.operations.append(
                .put(key: key, value: mirror.stored(change.next), lease: nil))
        }
        do {
            guard case .committed(let revision) = try await machine.coordination.commit(transaction)
            else { return false }
            for change in changes {
                mirror.learn(change.bucket, change.next, at: revision)
                let leader = change.next.leader?.server ?? "nobody"
                machine.observer.note(
                    .information,
                    "\(change.bucket): \(leader) leads epoch \(change.next.leaderEpoch), \(what)")
            }
        } catch is CoordinationError {
            // Whether it was done or not, the watch or the next round tells.
            machine.observer.reached("election of unknown outcome")
            for change in changes { mirror.attend(to: change.bucket) }
        }
        return true
    }
}
