import Platform

/// Reassignments: replicas of a bucket move to other servers because somebody asks for it.
extension Coordinator {
    /// Has the replicas of a bucket move; an empty list cancels what is under way. Asked again it
    /// changes nothing.
    ///
    /// It decides on what the coordination service has, not on what this node has heard of it.
    func reassign(_ bucket: BucketIdentifier, to servers: [String]) async throws {
        let key = MetadataKey.bucket(bucket).text
        guard let entry = try await machine.coordination.get(key), !mirror.isGone(bucket) else {
            throw ClusterError.invalidRequest(reason: "there is no \(bucket)")
        }
        let state = try mirror.read(BucketState.self, from: entry.value)
        let target = servers.isEmpty ? state.reassignment?.former : servers
        guard let target else {
            machine.observer.reached("reassignment found done")
            return
        }
        if !servers.isEmpty { try check(target, of: bucket, state) }
        let isDone =
            state.reassignment.map { $0.target == target }
            ?? (state.replicas == target && state.leader?.server == target[0])
        if isDone {
            machine.observer.reached("reassignment found done")
            return
        }
        let next = state.reassigned(to: target)
        next.checkInvariants()
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [.revision(key: key, entry.revision)],
                operations: [.put(key: key, value: mirror.stored(next), lease: nil)]))
        guard case .committed(let revision) = result else {
            throw ClusterError.busy(reason: "\(bucket) is being changed")
        }
        mirror.learn(bucket, next, at: revision)
        if servers.isEmpty {
            machine.observer.reached("reassignment canceled")
        } else {
            machine.observer.reached("reassignment begun")
        }
        machine.observer.note(
            .information,
            "\(bucket): its replicas move from \(state.replicas.joined(separator: ", ")) to "
                + target.joined(separator: ", "))
    }

    private func check(
        _ target: [String], of bucket: BucketIdentifier, _ state: BucketState
    ) throws {
        if mirror.format < .reassigned {
            throw ClusterError.invalidRequest(
                reason: "the cluster's format \(mirror.format) has no reassignments: upgrade all "
                    + "servers first")
        }
        if Set(target).count != target.count {
            throw ClusterError.invalidRequest(reason: "the replicas of \(bucket) repeat a server")
        }
        let count = state.settledReplicaCount
        if target.count != count {
            throw ClusterError.invalidRequest(
                reason: "\(bucket) has \(count) replicas, and \(target.count) are given")
        }
        for name in target where !state.replicas.contains(name) && mirror.servers[name] == nil {
            throw ClusterError.invalidRequest(reason: "no server \(name) is up")
        }
    }

    /// Takes the next step of the reassignments of those of the buckets that can.
    func advanceReassignments(_ buckets: [BucketIdentifier]) async throws {
        var changes: [StateChange] = []
        for bucket in buckets {
            guard let current = mirror.buckets[bucket], let leader = current.value.leader,
                isAlive(leader), let next = current.value.advanced(among: mirror.servers)
            else { continue }
            if next.reassignment == nil {
                machine.observer.reached("reassignment concluded")
            } else {
                machine.observer.reached("leader handed to a replica that stays")
            }
            changes.append(StateChange(bucket: bucket, current: current, next: next))
        }
        try await commit(changes, "reassigned")
    }

    /// Where a server that was to get a replica is lost and no other is there: back to where the
    /// replicas were; nil if that names the lost one, too.
    func turnedBack(_ state: BucketState, without lost: String) -> BucketState? {
        guard let reassignment = state.reassignment, !reassignment.isCancellation,
            !reassignment.former.contains(lost)
        else { return nil }
        machine.observer.reached("reassignment turned back for want of a server")
        return state.reassigned(to: reassignment.former)
    }
}
