import Changelog
import Cluster
import Platform
import ScenarioFiles
import Server
import Simulation
import Vectors

/// What a healed cluster still waits for.
struct Stall {
    /// The same as long as the same thing is waited for, however far it has come.
    var key: String
    /// Which node waits for whom or what, in words.
    var text: String
}

/// The liveness phase: all faults are over, and the cluster has to become whole.
extension TankRun {
    /// Waits until nothing is missing, or tells what each is waiting for and since when.
    func settle(_ machine: Machine) async throws {
        let deadline = machine.clock.now + Self.settleLimit / 2
        var since: [String: Int64] = [:]
        while true {
            let stalls = stalls()
            since = Dictionary(
                uniqueKeysWithValues: stalls.map { ($0.key, since[$0.key] ?? world.nanoseconds) })
            let told = stalls.prefix(5).map { stall in
                let start = Duration.nanoseconds(since[stall.key]! / 1_000_000 * 1_000_000)
                return "\(stall.text), since \(start.shortText)"
            }
            let more = stalls.count > 5 ? "; and \(stalls.count - 5) more" : ""
            stall = stalls.isEmpty ? nil : told.joined(separator: "; ") + more
            tallies[.liveness].count()
            guard let stall else { return }
            if machine.clock.now >= deadline {
                tallies[.liveness].violated(
                    "a healed cluster did not converge in \(Self.settleLimit / 2): \(stall)")
                return
            }
            try await machine.sleep(.seconds(1))
        }
    }

    /// All that is missing, one for each bucket or table at most; empty if all is well.
    private func stalls() -> [Stall] {
        var found: [Stall] = []
        for (number, driver) in drivers.enumerated() where !driver.isSettled {
            let open = driver.sentCount - driver.settledCount
            found.append(
                Stall(key: "writes \(number)", text: "\(open) writes of clients have no outcome"))
        }
        for table in tables {
            for bucket in table.buckets {
                let place = "\(table.name) bucket \(bucket.bucket)"
                if let text = replicationStall(bucket) {
                    found.append(Stall(key: place, text: "\(place): \(text)"))
                } else if let text = indexStall(bucket, table) {
                    found.append(Stall(key: place + " index", text: "\(place): \(text)"))
                }
            }
            if let text = lakeStall(table) {
                found.append(Stall(key: table.name + " lake", text: "\(table.name): \(text)"))
            }
        }
        return found
    }

    private func replicationStall(_ bucket: BucketIdentifier) -> String? {
        let leaders = deployment.runningServers.filter {
            $0.server.replicas[bucket]?.isLeader == true
        }
        guard leaders.count == 1, let replica = leaders[0].server.replicas[bucket],
            let state = leaders[0].server.mirror.buckets[bucket]?.value
        else { return leaderStall(bucket, leaders.map(\.name.description)) }
        let leader = "\(leaders[0].name) leads in epoch \(replica.leaderEpoch) and waits for"
        let lost = Set(faults.lost.map(\.description))
        let outOfSync = state.replicas.filter { !lost.contains($0) && !state.inSync.contains($0) }
        if !outOfSync.isEmpty {
            return "\(leader) \(copies(outOfSync, of: bucket)) to be in sync with "
                + "\(replica.log.endOffset)"
        }
        if replica.highWatermark < replica.log.endOffset {
            let behind = state.inSync.filter { $0 != leaders[0].name.description }
            return "\(leader) \(copies(behind, of: bucket)): \(replica.highWatermark) of "
                + "\(replica.log.endOffset) is committed"
        }
        let sealed = replica.log.sealedSegments.last?.endOffset ?? 0
        if replica.remoteLogEndOffset < sealed {
            return "\(leaders[0].name) leads and has tiered \(replica.remoteLogEndOffset) of "
                + "\(sealed)"
        }
        guard let log = auditor?.logs[bucket] else { return "it is not audited" }
        return log.endOffset < replica.highWatermark
            ? "the auditor reads from \(leaders[0].name) and is at \(log.endOffset) of "
                + "\(replica.highWatermark)" : nil
    }

    /// Why a bucket has not exactly one leader.
    private func leaderStall(_ bucket: BucketIdentifier, _ leaders: [String]) -> String {
        if leaders.count > 1 { return "\(leaders.joined(separator: " and ")) lead it" }
        let mirrors = deployment.runningServers.map(\.server.mirror)
        let coordinator = mirrors.compactMap(\.coordinator).first ?? "no coordinator"
        let states = mirrors.compactMap { $0.buckets[bucket] }
        guard let state = states.max(by: { $0.revision < $1.revision })?.value else {
            return "0 leaders, and no server knows of it; \(coordinator) leads"
        }
        let chosen = state.leader?.server ?? "nobody"
        return "0 leaders: \(chosen) was chosen by \(coordinator) for epoch \(state.leaderEpoch), "
            + "in sync are \(copies(state.inSync, of: bucket))"
    }

    /// Servers with how far each one's copy reaches.
    private func copies(_ servers: [String], of bucket: BucketIdentifier) -> String {
        let running = deployment.runningServers
        return servers.map { name in
            guard let server = running.first(where: { $0.name.description == name })?.server else {
                return "\(name) (down)"
            }
            guard let log = server.replicas[bucket]?.log else { return "\(name) (without a copy)" }
            return "\(name) (synced to \(log.syncedEndOffset))"
        }.joined(separator: ", ")
    }

    private func indexStall(_ bucket: BucketIdentifier, _ table: TableDescription) -> String? {
        if table.vectorColumn == nil || scenario.cluster.indexers == 0 { return nil }
        let end = auditor?.logs[bucket]?.endOffset ?? 0
        let consumed = consumedOffset(of: bucket)
        if let consumed, consumed >= end { return nil }
        let indexers = deployment.runningIndexers.filter { $0.indexer.indexes[bucket] != nil }
        let who = indexers.map(\.name.description).joined(separator: ", ")
        return who.isEmpty
            ? "no indexer has opened its index" : "\(who) has indexed \(consumed ?? 0) of \(end)"
    }

    private func lakeStall(_ table: TableDescription) -> String? {
        if !table.isInLake || scenario.cluster.tierers == 0 { return nil }
        let ends = table.buckets.map { auditor?.logs[$0]?.endOffset ?? 0 }
        let offsets = lake.offsets(of: table.name)
        if offsets == ends || offsets == nil && ends.allSatisfy({ $0 == 0 }) { return nil }
        let tierers = deployment.tierers.keys.sorted().map(\.description).joined(separator: ", ")
        return "the lake waits for \(tierers.isEmpty ? "a tierer" : tierers): it has "
            + "\(offsets.map { "\($0)" } ?? "nothing") of \(ends)"
    }
}
