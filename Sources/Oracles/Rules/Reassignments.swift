import Cluster
import Platform
import Server

extension OracleName {
    public static let reassignments = OracleName("reassignments")
}

/// Replicas that are to move to other servers get there in time, and nobody lets a copy go before
/// those that stay hold everything.
///
/// "In time" is within twice `Evidence.patience` in which nothing disturbed the servers of the
/// bucket, the coordinators, the network and the services. A rebalance has as long for each step.
final class Reassignments: Oracle {
    static let description = OracleDescription(
        .reassignments, "replicas that move get there, and no copy is let go too early",
        compares: "states of buckets, and rebalances",
        needs: [.cluster, .engine, .faults])

    /// A reassignment, or a step of a rebalance, that has not ended.
    private struct Pending<Subject: Equatable> {
        var subject: Subject
        var since: Int64
        var isTold = false
    }

    private let evidence: Evidence
    private let tally: Tally
    /// The states as they were when last looked at.
    private var known: [BucketIdentifier: BucketState] = [:]
    private var pending: [BucketIdentifier: Pending<[String]>] = [:]
    private var rebalance: Pending<Rebalance>?

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    private var observation: any Observation { evidence.observation }
    private var now: Int64 { observation.nanoseconds }
    private var bound: Duration { evidence.patience * 2 }

    func learned(_ fact: Fact) {
        switch fact {
        case .second:
            for (bucket, table) in buckets { look(at: bucket, table) }
            lookAtRebalance()
        case .reached("reassignment concluded", _):
            for (bucket, _) in buckets { judgeLetGo(bucket) }
        case .reached("rebalance completed", _): judgeLoads()
        default: break
        }
    }

    private var buckets: [(BucketIdentifier, TableDescription)] {
        observation.tables.flatMap { table in
            evidence.buckets(of: table).map { ($0, table) }
        }
    }

    // MARK: Buckets

    private func look(at bucket: BucketIdentifier, _ table: TableDescription) {
        guard let state = observation.state(of: bucket) else { return }
        known[bucket] = state
        guard let reassignment = state.reassignment else {
            pending[bucket] = nil
            tally.expect(
                state.replicas.count == table.replicationFactor,
                "\(evidence.place(of: bucket)): its replicas are "
                    + "\(state.replicas.joined(separator: ", ")), its table has "
                    + "\(table.replicationFactor), and none is on its way")
            return
        }
        if pending[bucket]?.subject != reassignment.target {
            pending[bucket] = Pending(subject: reassignment.target, since: now)
        }
        tally.count()
        let servers = Set(state.replicas)
        guard let calm = calm(of: servers), pending[bucket]?.isTold == false else { return }
        let age = min(calm, now - pending[bucket]!.since)
        if age <= bound.nanoseconds { return }
        pending[bucket]!.isTold = true
        tally.violated(
            "\(evidence.place(of: bucket)): its replicas have been on their way to "
                + "\(reassignment.target.joined(separator: ", ")) for "
                + "\(age / 1_000_000_000) s in which nothing disturbed them; in sync are "
                + state.inSync.joined(separator: ", "))
    }

    /// At the moment in which replicas are let go, all that stay are in sync: their leader has not
    /// had the time to find otherwise, if nothing has disturbed them.
    private func judgeLetGo(_ bucket: BucketIdentifier) {
        guard let state = observation.state(of: bucket), state.reassignment == nil,
            let before = known[bucket], Set(before.replicas) != Set(state.replicas)
        else { return }
        known[bucket] = state
        let servers = Set(before.replicas + state.replicas)
        guard let calm = calm(of: servers), calm > evidence.patience.nanoseconds else { return }
        tally.expect(
            state.inSync.count == state.replicas.count,
            "\(evidence.place(of: bucket)): replicas were let go while of "
                + "\(state.replicas.joined(separator: ", ")) only "
                + "\(state.inSync.joined(separator: ", ")) were in sync")
    }

    /// For how many nanoseconds nothing has disturbed these servers and what they share; nil while
    /// something does, or one is lost.
    private func calm(of servers: Set<String>) -> Int64? {
        if !servers.isDisjoint(with: observation.lostNodes)
            || !servers.isDisjoint(with: observation.damagedNodes)
        {
            return nil
        }
        let coordinators = observation.deployment.nodes.filter { $0.role == .coordinator }
        var last = observation.lastDisturbance(withStore: true) ?? 0
        for name in servers.sorted() + coordinators.map(\.description) {
            last = max(last, observation.lastDisturbance(of: name) ?? 0)
        }
        return last == .max ? nil : now - last
    }

    // MARK: Rebalances

    private var storedRebalance: Rebalance? {
        observation.coordinationValue(Rebalance.key).flatMap {
            try? Rebalance(reading: $0, observation.deployment.configuration)
        }
    }

    private var servers: Set<String> {
        Set(observation.deployment.nodes.filter { $0.role == .server }.map(\.description))
    }

    private func lookAtRebalance() {
        guard let found = storedRebalance, !found.status.isFinal else {
            rebalance = nil
            return
        }
        if rebalance?.subject != found { rebalance = Pending(subject: found, since: now) }
        tally.count()
        guard let calm = calm(of: servers), rebalance?.isTold == false else { return }
        let age = min(calm, now - rebalance!.since)
        if age <= bound.nanoseconds { return }
        rebalance!.isTold = true
        let open = found.moves.filter { !$0.status.isFinal }
        tally.violated(
            "rebalance \(found.identifier) has not got on for \(age / 1_000_000_000) s in which "
                + "nothing disturbed the servers: \(open.count) of \(found.moves.count) moves are "
                + "open")
    }

    /// A rebalance of replicas that has ended in calm leaves no server with two more than another.
    private func judgeLoads() {
        guard let ended = storedRebalance, ended.status == .completed,
            ended.goals.contains(.replicaDistribution), let calm = calm(of: servers),
            calm > evidence.patience.nanoseconds
        else { return }
        var loads: [String: Int] = [:]
        for name in servers.sorted() { loads[name] = 0 }
        for (bucket, _) in buckets {
            guard let state = observation.state(of: bucket), known[bucket] != nil else { return }
            for name in state.intendedReplicas { loads[name, default: 0] += 1 }
        }
        // In any order: the least and the most are sought.
        let (least, most) = (loads.values.min() ?? 0, loads.values.max() ?? 0)
        tally.expect(
            most - least <= 1,
            "rebalance \(ended.identifier) is complete, and one server holds \(most) replicas "
                + "where another holds \(least)")
    }
}
