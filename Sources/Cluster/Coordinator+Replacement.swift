import Platform

/// Replicas on servers that do not come back are given to servers that are there.
extension Coordinator {
    /// Since when a server has been as it is.
    struct Presence: Hashable {
        /// Nil while it is not registered.
        var incarnation: Int64?
        var seenAt: Instant
    }

    /// Notes which servers are registered, and since when as far as this term has seen.
    func notePresence() {
        let now = machine.clock.now
        var names = Set(mirror.servers.keys)
        for state in mirror.buckets.values { names.formUnion(state.value.replicas) }
        for name in names.sorted() {
            let incarnation = mirror.servers[name]?.incarnation
            if let known = presence[name], known.incarnation == incarnation { continue }
            presence[name] = Presence(incarnation: incarnation, seenAt: now)
        }
    }

    /// Gives replicas of servers that have been away for long to others, the least laden first.
    ///
    /// Only what is not in sync is given away, and only where someone leads who is: nothing that
    /// was acknowledged rests on it. The new replica begins at the end of the remote log.
    func replaceLostReplicas() async throws {
        guard let delay = configuration.replacementDelay else { return }
        let now = machine.clock.now
        let lost = Set(
            presence.filter { $0.value.incarnation == nil && now - $0.value.seenAt >= delay }.keys)
        if lost.isEmpty { return }
        var load: [String: Int] = [:]
        for name in mirror.servers.keys { load[name] = mirror.buckets(on: name).count }
        var changes: [StateChange] = []
        for name in lost.sorted() {
            for bucket in mirror.buckets(on: name) {
                guard let current = mirror.buckets[bucket], let leader = current.value.leader,
                    isAlive(leader), !current.value.inSync.contains(name),
                    !changes.contains(where: { $0.bucket == bucket }),
                    let next = replacement(of: name, in: bucket, current.value, &load)
                else { continue }
                changes.append(StateChange(bucket: bucket, current: current, next: next))
                if changes.count == Self.transactionLimit { break }
            }
        }
        if changes.isEmpty { return }
        machine.observer.reached("replica of a lost server replaced")
        try await commit(changes, "given another replica")
    }

    /// The state in which the least laden of the others has the place of a lost server; nil if
    /// there is none, or if the lost one leaves anyhow.
    private func replacement(
        of name: String, in bucket: BucketIdentifier, _ state: BucketState,
        _ load: inout [String: Int]
    ) -> BucketState? {
        let spare = load.keys.sorted().filter { !state.replicas.contains($0) }.min {
            load[$0]! < load[$1]!
        }
        guard let spare else { return turnedBack(state, without: name) }
        guard let next = state.replacing(name, by: spare) else { return nil }
        load[spare]! += 1
        machine.observer.note(.information, "\(bucket): \(spare) takes the place of \(name)")
        return next
    }
}
