import Cluster
import Platform
import Server

/// Which buckets are led by another server than the first of their replicas, where the cluster's
/// settings have leaders move back.
final class LeaderHomes {
    /// A delay that a run waits for at its end; longer ones are judged while it lasts.
    private static let waitedDelay = Duration.seconds(30)

    private let evidence: Evidence
    private var observation: any Observation { evidence.observation }
    private var configuration: ClusterConfiguration { observation.deployment.configuration }
    /// Since when a bucket has been led by that other server, in that epoch.
    private var since: [BucketIdentifier: (epoch: Int32, nanoseconds: Int64)] = [:]

    init(_ evidence: Evidence) { self.evidence = evidence }

    /// Those that should be led elsewhere and are waited for.
    func stalls() -> [Stall] {
        guard let delay = configuration.preferredLeaderDelay, delay <= Self.waitedDelay else {
            return []
        }
        return strangers().map { bucket, state in
            let place = evidence.place(of: bucket)
            return Stall(key: place + " home", text: "\(place): \(text(state))")
        }
    }

    /// Those that have been led elsewhere for longer than settings allow, in calm; each once.
    func overdue() -> [String] {
        guard let delay = configuration.preferredLeaderDelay else { return [] }
        let bound = delay + configuration.placementInterval * 2 + evidence.patience
        var found: [String] = []
        var present: [BucketIdentifier: (epoch: Int32, nanoseconds: Int64)] = [:]
        let now = observation.nanoseconds
        let calm = calmSince
        for (bucket, state) in strangers() {
            var known = since[bucket] ?? (state.leaderEpoch, now)
            if known.epoch != state.leaderEpoch { known = (state.leaderEpoch, now) }
            present[bucket] = known
            guard let calm, known.nanoseconds != .max else { continue }
            let away = Duration.nanoseconds(now - max(calm, known.nanoseconds))
            if away <= bound { continue }
            present[bucket] = (state.leaderEpoch, .max)
            found.append(
                "\(evidence.place(of: bucket)): \(text(state)) since \(away.components.seconds) s "
                    + "in which nothing disturbed the cluster")
        }
        since = present
        return found
    }

    private func text(_ state: BucketState) -> String {
        "\(state.leader!.server) leads it in epoch \(state.leaderEpoch), and \(state.replicas[0]), "
            + "which is in sync, should"
    }

    private func strangers() -> [(BucketIdentifier, BucketState)] {
        let gone = observation.lostNodes.union(observation.nodesWithoutDisk)
        return observation.tables.flatMap { table in
            evidence.buckets(of: table).compactMap { bucket in
                guard let state = observation.state(of: bucket), state.reassignment == nil,
                    let leader = state.leader?.server, let preferred = state.replicas.first,
                    leader != preferred, state.inSync.contains(preferred),
                    !gone.contains(preferred)
                else { return nil }
                return (bucket, state)
            }
        }
    }

    /// Since when nothing has disturbed the cluster; nil while something does.
    private var calmSince: Int64? {
        var last = observation.lastDisturbance(withStore: true) ?? 0
        for node in observation.deployment.nodes
        where node.role == .server || node.role == .coordinator {
            if observation.lostNodes.contains(node.description) { continue }
            last = max(last, observation.lastDisturbance(of: node.description) ?? 0)
        }
        return last == .max ? nil : last
    }
}
