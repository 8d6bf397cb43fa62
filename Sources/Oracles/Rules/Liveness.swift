import Changelog
import Cluster
import LakeTiering
import Platform
import Server
import VectorSinks
import Vectors

extension OracleName {
    public static let liveness = OracleName("liveness")
}

/// What a healed cluster still waits for.
public struct Stall {
    /// The same as long as the same thing is waited for, however far it has come.
    public let key: String
    /// Which node waits for whom or what, in words.
    public let text: String
}

/// Once all faults are over, the cluster becomes whole within a bound: in-sync sets are full,
/// everything is committed, tiered and indexed, and no writer waits. Once it rests, nothing is left
/// of dropped tables, replicas that moved and former terms, and leaders are where they belong.
public final class Liveness: Oracle {
    public static let description = OracleDescription(
        .liveness, "a healed cluster converges within a bound",
        compares: "looks at what a healed cluster waits for", demandsService: true)

    private let evidence: Evidence
    private let tally: Tally
    private let homes: LeaderHomes
    private var seconds = 0
    private static let homeInterval = 10
    private var observation: any Observation { evidence.observation }

    public init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
        homes = LeaderHomes(evidence)
    }

    public func learned(_ fact: Fact) {
        switch fact {
        case .lookedForStalls: tally.count()
        case .didNotSettle(let reason): tally.violated(reason)
        case .second:
            seconds += 1
            if seconds % Self.homeInterval == 0 { homes.overdue().forEach(tally.violated) }
        default: break
        }
    }

    /// All that is missing, one for each bucket or table at most; empty if all is well.
    public func stalls() -> [Stall] {
        var found: [Stall] = []
        for (number, driver) in observation.workloads.enumerated() where !driver.isSettled {
            let open = driver.sentCount - driver.settledCount
            if open > 0 || driver.openActs.isEmpty {
                found.append(
                    Stall(
                        key: "writes \(number)", text: "\(open) writes of clients have no outcome"))
            }
            for act in driver.openActs {
                found.append(Stall(key: act, text: "a client waits for this to be done: \(act)"))
            }
        }
        for table in observation.tables {
            for bucket in evidence.buckets(of: table) {
                let place = evidence.place(of: bucket)
                if let text = replicationStall(bucket) {
                    found.append(Stall(key: place, text: "\(place): \(text)"))
                } else if let text = indexStall(bucket, table) {
                    found.append(Stall(key: place + " index", text: "\(place): \(text)"))
                } else if let text = sinkStall(bucket, table) {
                    found.append(Stall(key: place + " sink", text: "\(place): \(text)"))
                }
            }
            if let text = leftoverStall(table) {
                found.append(Stall(key: table.name + " sink", text: "\(table.name): \(text)"))
            }
            if let text = lakeStall(table) {
                found.append(Stall(key: table.name + " lake", text: "\(table.name): \(text)"))
            }
        }
        return found
    }

    /// What a cluster that has rested should not have any more, and leaders that are not where they
    /// belong; empty if all is well.
    public func remains() -> [Stall] { Remains(evidence).found() + homes.stalls() }

    private func replicationStall(_ bucket: BucketIdentifier) -> String? {
        let leaders = observation.deployment.runningServers.filter {
            $0.server.replicas[bucket]?.isLeader == true
        }
        guard leaders.count == 1, let replica = leaders[0].server.replicas[bucket],
            let state = leaders[0].server.mirror.buckets[bucket]?.value
        else { return leaderStall(bucket, leaders.map(\.name.description)) }
        let leader = "\(leaders[0].name) leads in epoch \(replica.leaderEpoch) and waits for"
        let lost = observation.lostNodes
        let outOfSync = state.replicas.filter { !lost.contains($0) && !state.inSync.contains($0) }
        if !outOfSync.isEmpty {
            return "\(leader) \(copies(outOfSync, of: bucket)) to be in sync with "
                + "\(replica.log.endOffset)"
        }
        if let reassignment = state.reassignment {
            return "\(leader) its replicas to be \(copies(reassignment.target, of: bucket))"
        }
        if replica.highWatermark < replica.log.endOffset {
            let behind = state.inSync.filter { $0 != leaders[0].name.description }
            let wanted = min(
                observation.deployment.configuration.minimumInSync, state.settledReplicaCount)
            let alone =
                state.inSync.count < wanted
                ? "\(wanted) replicas in sync, of which there are \(state.inSync.count)"
                : "its own disk"
            let whom = behind.isEmpty ? alone : copies(behind, of: bucket)
            return "\(leader) \(whom): \(replica.highWatermark) of "
                + "\(replica.log.endOffset) is committed"
        }
        let sealed = replica.log.sealedSegments.last?.endOffset ?? 0
        if replica.remoteLogEndOffset < sealed {
            return "\(leaders[0].name) leads and has tiered \(replica.remoteLogEndOffset) of "
                + "\(sealed)"
        }
        guard let log = evidence.logs[bucket] else { return "it is not audited" }
        return log.endOffset < replica.highWatermark
            ? "the auditor reads from \(leaders[0].name) and is at \(log.endOffset) of "
                + "\(replica.highWatermark)" : nil
    }

    /// Why a bucket has not exactly one leader.
    private func leaderStall(_ bucket: BucketIdentifier, _ leaders: [String]) -> String {
        if leaders.count > 1 { return "\(leaders.joined(separator: " and ")) lead it" }
        let mirrors = observation.deployment.runningServers.map(\.server.mirror)
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
        let running = observation.deployment.runningServers
        return servers.map { name in
            guard let server = running.first(where: { $0.name.description == name })?.server else {
                return "\(name) (down)"
            }
            guard let log = server.replicas[bucket]?.log else { return "\(name) (without a copy)" }
            return "\(name) (synced to \(log.syncedEndOffset))"
        }.joined(separator: ", ")
    }

    private func indexStall(_ bucket: BucketIdentifier, _ table: TableDescription) -> String? {
        if table.vectorColumn == nil || !observation.has(.indexer) { return nil }
        let end = evidence.logs[bucket]?.endOffset ?? 0
        // A copy that is behind would be no help once it has to answer.
        let consumed = evidence.consumedOffsets(of: bucket).min()
        if let consumed, consumed >= end { return nil }
        let indexers = observation.deployment.runningIndexers.filter {
            $0.indexer.indexes[bucket] != nil
        }
        let who = indexers.map(\.name.description).joined(separator: ", ")
        return who.isEmpty
            ? "no indexer has opened its index" : "\(who) has indexed \(consumed ?? 0) of \(end)"
    }

    private func sinkStall(_ bucket: BucketIdentifier, _ table: TableDescription) -> String? {
        if !observation.has(.sink) || !ClusterSinks.takes(table) { return nil }
        let end = evidence.logs[bucket]?.endOffset ?? 0
        guard let confirmed = evidence.sunkOffset(of: bucket) else {
            return "no sink brings it to the vector service"
        }
        return confirmed < end ? "the vector service has confirmed \(confirmed) of \(end)" : nil
    }

    /// Where a vector service has points of a partition that was dropped.
    private func leftoverStall(_ table: TableDescription) -> String? {
        if !observation.has(.sink) || !ClusterSinks.takes(table) || !table.isPartitioned {
            return nil
        }
        let present = Set(evidence.buckets(of: table).map(\.partition))
        for collection in VectorCollection.all(of: table) {
            let points = observation.vectorPoints(of: collection.name) ?? []
            guard let left = points.first(where: { !present.contains($0.partition) }) else {
                continue
            }
            return "collection \(collection.name) still has points of partition "
                + "\(left.partition.map { "\($0)" } ?? "none"), which was dropped"
        }
        return nil
    }

    private func lakeStall(_ table: TableDescription) -> String? {
        if !table.isInLake || !observation.has(.tierer) { return nil }
        var ends = LakeOffsets()
        for bucket in evidence.buckets(of: table) {
            ends[bucket.inLake] = evidence.logs[bucket]?.endOffset ?? 0
        }
        let offsets = evidence.lake.offsets(of: table)
        let gone = offsets?.buckets.first { !ends.names($0) }
        if ends.entries.allSatisfy({ $0.offset == offsets?[$0.bucket] ?? 0 }) && gone == nil {
            return nil
        }
        let tierers = observation.deployment.tierers.keys.sorted().map(\.description).joined(
            separator: ", ")
        if let gone {
            return "the lake still has \(gone), which was dropped, and waits for "
                + "\(tierers.isEmpty ? "a tierer" : tierers)"
        }
        return "the lake waits for \(tierers.isEmpty ? "a tierer" : tierers): it has "
            + "\(offsets.map { "\($0)" } ?? "nothing") of \(ends)"
    }
}
