import Platform

/// Fetching: one loop for each leader that this server follows, with all its buckets in one call.
///
/// The buckets share the call and nothing else. What is refused for one of them is left out of the
/// next fetches for a while; the answers are applied at the same time, so that the logs share the
/// sync of the disk; and each call begins with another bucket, so that none always comes last.
extension TabletServer {
    func fetch(from leader: String) {
        precondition(leader != machine.name, "\(leader) would follow itself")
        if !fetchers.insert(leader).inserted { return }
        machine.spawn("fetcher from \(leader)") {
            defer { self.fetchers.remove(leader) }
            try await self.fetchLoop(from: leader)
        }
    }

    private func fetchLoop(from leader: String) async throws {
        var retry = Backoff(configuration)
        let fullWait = configuration.followerFetchWait
        var turn = 0
        while true {
            let now = machine.clock.now
            var parts: [FetchRequest.Part] = []
            var resumption: Instant?
            var isFollowing = false
            for replica in heldReplicas {
                guard let part = replica.fetchPart(following: leader) else { continue }
                isFollowing = true
                if let end = replica.fetchPause.endsAt, end > now {
                    resumption = min(resumption ?? end, end)
                } else {
                    parts.append(part)
                }
            }
            if !isFollowing { return }
            if parts.isEmpty {
                try await machine.sleep(until: resumption ?? now + configuration.retryWait)
                continue
            }
            turn = (turn + 1) % parts.count
            parts = Array(parts[turn...] + parts[..<turn])
            let wait = min(fullWait, resumption.map { $0 - now } ?? fullWait)
            if try await fetch(parts, from: leader, waiting: wait) {
                retry.reset()
            } else {
                try await machine.sleep(retry.next(machine.entropy))
            }
        }
    }

    /// One call and what comes of it; false if the leader did not answer.
    private func fetch(
        _ parts: [FetchRequest.Part], from leader: String, waiting wait: Duration
    ) async throws -> Bool {
        let request = FetchRequest(
            replica: machine.name, incarnation: incarnation,
            waitMilliseconds: wait.nanoseconds / 1_000_000,
            byteCount: configuration.fetchByteCount, parts: parts)
        let answers: [FetchedBucket]
        do {
            let response = try await calls.call(
                Address(host: leader, port: configuration.port), .fetch(request),
                allowing: configuration.fetchWait)
            guard case .fetched(let fetched) = response else {
                throw ClusterError.malformedMessage(reason: "no fetch answer")
            }
            answers = fetched
        } catch is ClusterError {
            return false
        }
        try await apply(answers, to: parts, from: leader)
        return true
    }

    /// Applies all answers at the same time and waits until that is done.
    private func apply(
        _ answers: [FetchedBucket], to parts: [FetchRequest.Part], from leader: String
    ) async throws {
        // A leader answers in the order of the parts, and not all of them.
        var known: [(FetchedBucket, FetchRequest.Part)] = []
        var position = 0
        for answer in answers where replicas[answer.bucket] != nil {
            let rest = parts[position...].firstIndex { $0.bucket == answer.bucket }
            guard let found = rest ?? parts.firstIndex(where: { $0.bucket == answer.bucket })
            else { continue }
            known.append((answer, parts[found]))
            position = found + 1
        }
        if known.count == 1 {
            try await apply(known[0].0, to: known[0].1, from: leader)
            return
        }
        var remaining = known.count
        let done = Signal(machine)
        for (answer, part) in known {
            machine.spawn("fetched part of \(answer.bucket)") {
                defer {
                    remaining -= 1
                    if remaining == 0 { done.notify() }
                }
                try await self.apply(answer, to: part, from: leader)
            }
        }
        while remaining > 0 { _ = try await done.wait() }
    }

    private func apply(
        _ answer: FetchedBucket, to part: FetchRequest.Part, from leader: String
    ) async throws {
        guard let replica = replicas[answer.bucket] else { return }
        do {
            try await replica.apply(answer, to: part, from: leader)
            replica.fetchPause.reset()
        } catch let error as ClusterError {
            machine.observer.reached("part of a fetch refused")
            machine.observer.note(.debug, "fetch of \(answer.bucket) from \(leader): \(error)")
            replica.fetchPause.extend(from: machine.clock.now, machine.entropy)
        }
    }
}
