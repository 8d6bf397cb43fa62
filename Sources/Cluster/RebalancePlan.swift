/// Which buckets have to move for servers to be laden evenly: a function of where all are.
///
/// Replicas go one by one from a server that has two more than another to that one; the leaders
/// follow along paths of servers, each of which holds a bucket that the one before leads, so that
/// no order of steps leaves a server with two more than another where lists could mend it. The sum
/// of the squares of the loads falls with each step, so it ends.
struct RebalancePlan {
    /// A bucket as it is before the plan.
    struct Placement: Hashable {
        var replicas: [String]
        /// Who leads now; nil if nobody does.
        var leader: String?
        var inSync: [String]
        /// Whether the plan may move it.
        var isMovable: Bool
    }

    /// By bucket, the replicas as the plan would have them.
    private(set) var lists: [BucketIdentifier: [String]] = [:]
    private let placements: [BucketIdentifier: Placement]
    private let buckets: [BucketIdentifier]
    /// In order of their names.
    private let servers: [String]

    init(_ placements: [BucketIdentifier: Placement], servers: [String]) {
        self.placements = placements
        self.servers = servers.sorted()
        buckets = placements.keys.sorted()
        for bucket in buckets { lists[bucket] = placements[bucket]!.replicas }
    }

    /// The moves that bring the goals about, in order of the buckets, at most `limit`.
    static func moves(
        _ placements: [BucketIdentifier: Placement], servers: [String], goals: [Rebalance.Goal],
        limit: Int
    ) -> [Rebalance.Move] {
        precondition(limit > 0, "a plan of nothing")
        var plan = RebalancePlan(placements, servers: servers)
        if goals.contains(.replicaDistribution) { plan.spreadReplicas() }
        if goals.contains(.leaderDistribution) { plan.spreadLeaders() }
        var moves: [Rebalance.Move] = []
        for bucket in plan.buckets where moves.count < limit {
            let before = placements[bucket]!
            let list = plan.lists[bucket]!
            let isLedElsewhere =
                goals.contains(.leaderDistribution) && before.leader != nil
                && before.leader != list[0] && before.inSync.contains(list[0])
                && plan.servers.contains(list[0])
            if before.isMovable, list != before.replicas || isLedElsewhere {
                moves.append(
                    Rebalance.Move(
                        bucket: bucket, source: before.replicas, target: list,
                        formerLeader: before.leader))
            }
        }
        return moves
    }

    private func isMovable(_ bucket: BucketIdentifier) -> Bool { placements[bucket]!.isMovable }

    // MARK: Replicas

    private mutating func spreadReplicas() {
        var loads = Loads(servers)
        for bucket in buckets { for server in lists[bucket]! { loads.add(server) } }
        while let step = replicaStep(loads) {
            let position = lists[step.bucket]!.firstIndex(of: step.source)!
            lists[step.bucket]![position] = step.target
            loads.move(from: step.source, to: step.target)
        }
    }

    private func replicaStep(
        _ loads: Loads
    ) -> (bucket: BucketIdentifier, source: String, target: String)? {
        let ascending = loads.ascending
        for source in ascending.reversed() {
            for target in ascending where loads[source] - loads[target] >= 2 {
                if let bucket = replica(toMoveFrom: source, to: target) {
                    return (bucket, source, target)
                }
            }
        }
        return nil
    }

    /// The bucket of which a replica goes: of the table that is the most uneven between the two,
    /// and rather one that the source does not lead.
    private func replica(toMoveFrom source: String, to target: String) -> BucketIdentifier? {
        var excess: [Int64: Int] = [:]
        for bucket in buckets {
            let list = lists[bucket]!
            if list.contains(source) { excess[bucket.table, default: 0] += 1 }
            if list.contains(target) { excess[bucket.table, default: 0] -= 1 }
        }
        var best: (bucket: BucketIdentifier, excess: Int, isLed: Bool)?
        for bucket in buckets where isMovable(bucket) {
            let list = lists[bucket]!
            if !list.contains(source) || list.contains(target) { continue }
            let candidate = (bucket, excess[bucket.table] ?? 0, list[0] == source)
            guard let known = best else {
                best = candidate
                continue
            }
            if candidate.1 > known.excess
                || candidate.1 == known.excess && known.isLed && !candidate.2
            {
                best = candidate
            }
        }
        return best?.bucket
    }

    // MARK: Leaders

    private mutating func spreadLeaders() {
        var loads = Loads(servers)
        for bucket in buckets { loads.add(lists[bucket]![0]) }
        while let path = leaderPath(loads) {
            for step in path {
                let list = lists[step.bucket]!
                lists[step.bucket] = [step.target] + list.filter { $0 != step.target }
            }
            loads.move(from: path[0].source, to: path.last!.target)
        }
    }

    private struct LeaderStep {
        var bucket: BucketIdentifier
        var source: String
        var target: String
    }

    /// The shortest way by which a leader less on one server is one more on another that has two
    /// fewer.
    private func leaderPath(_ loads: Loads) -> [LeaderStep]? {
        for source in loads.ascending.reversed() {
            var reachedBy: [String: LeaderStep] = [:]
            var queue = [source]
            var position = 0
            while position < queue.count {
                let server = queue[position]
                position += 1
                for bucket in buckets where isMovable(bucket) && lists[bucket]![0] == server {
                    for next in lists[bucket]!.dropFirst().sorted()
                    where next != source && reachedBy[next] == nil && loads.isKnown(next) {
                        reachedBy[next] = LeaderStep(bucket: bucket, source: server, target: next)
                        if loads[source] - loads[next] >= 2 { return path(to: next, reachedBy) }
                        queue.append(next)
                    }
                }
            }
        }
        return nil
    }

    private func path(to end: String, _ reachedBy: [String: LeaderStep]) -> [LeaderStep] {
        var path: [LeaderStep] = []
        var server = end
        while let step = reachedBy[server] {
            path.insert(step, at: 0)
            server = step.source
        }
        return path
    }

    /// How much each server has; others than those it began with count for nothing.
    private struct Loads {
        private var counts: [String: Int] = [:]

        init(_ servers: [String]) {
            for server in servers { counts[server] = 0 }
        }

        subscript(server: String) -> Int { counts[server]! }

        func isKnown(_ server: String) -> Bool { counts[server] != nil }

        mutating func add(_ server: String) {
            if isKnown(server) { counts[server]! += 1 }
        }

        mutating func move(from source: String, to target: String) {
            counts[source]! -= 1
            counts[target]! += 1
        }

        /// The servers, the least laden first.
        var ascending: [String] {
            counts.keys.sorted { (counts[$0]!, $0) < (counts[$1]!, $1) }
        }
    }
}
