import Changelog
import Cluster
import Platform
import Server

/// How long nothing has disturbed what a bucket needs to serve.
///
/// It needs its leader and, for a write, as many replicas beside it as an acknowledgement waits
/// for; not those that are in sync and sick, which the leader has to take out of the set, and not
/// the object store, unless a replica or the leader's rows have to be fetched from there.
struct BucketHealth {
    let observation: any Observation
    let bucket: BucketIdentifier
    let state: BucketState
    let leader: String

    /// Nil while nobody leads the bucket.
    init?(_ observation: any Observation, _ bucket: BucketIdentifier) {
        guard let state = observation.state(of: bucket), let leader = state.leader?.server,
            state.inSync.contains(leader)
        else { return nil }
        self.observation = observation
        self.bucket = bucket
        self.state = state
        self.leader = leader
    }

    /// Who has to do with it if it does not serve: for messages.
    private(set) var needed: [String] = []

    /// For how long the bucket has been able to take writes, or to answer lookups; nil if something
    /// that it needs is disturbed now.
    ///
    /// - Parameter isYoung: Whether its leader may not have led for as long, so that coordinators
    ///   had to choose it meanwhile.
    mutating func calm(forWrite isWrite: Bool, isYoung: Bool) -> Duration? {
        let replica = replica(on: leader)
        let hasRows = replica?.rowFiles != nil
        var least = shared(withStore: false)
        if !isWrite && !hasRows { least = min(least, shared(withStore: true)) }
        needed = [leader]
        for name in [leader] + observation.clients { least = min(least, calm(of: name)) }
        if isYoung {
            let coordinators = observation.deployment.nodes.filter { $0.role == .coordinator }
            for node in coordinators { least = min(least, calm(of: node.description)) }
        }
        // A leader whose rows are open answers by itself.
        if isWrite || !hasRows {
            let wanted = min(
                observation.deployment.configuration.minimumInSync, state.replicas.count)
            let others = state.replicas.filter { $0 != leader }
                .map { (name: $0, calm: calmAsFollower($0, of: replica)) }
                .sorted { $0.calm > $1.calm }.prefix(wanted - 1)
            for other in others { least = min(least, other.calm) }
            needed += others.map(\.name)
        }
        return least < 0 ? nil : .nanoseconds(least)
    }

    /// Of a replica that is not in sync any more, also how long it has been able to become so.
    private func calmAsFollower(_ name: String, of leader: Replica?) -> Int64 {
        let own = calm(of: name)
        if state.inSync.contains(name) { return own }
        guard let leader, let replica = replica(on: name) else { return -1 }
        let needsStore = replica.log.endOffset < leader.log.startOffset
        return needsStore ? min(own, shared(withStore: true)) : own
    }

    private func replica(on name: String) -> Replica? {
        observation.deployment.runningServers.first { $0.name.description == name }?
            .server.replicas[bucket]
    }

    /// Nanoseconds since a fault was last at work on a node; -1 while one is.
    private func calm(of node: String) -> Int64 {
        if observation.damagedNodes.contains(node) || observation.lostNodes.contains(node) {
            return -1
        }
        return since(observation.lastDisturbance(of: node))
    }

    private func shared(withStore: Bool) -> Int64 {
        since(observation.lastDisturbance(withStore: withStore))
    }

    private func since(_ last: Int64?) -> Int64 {
        last == .max ? -1 : observation.nanoseconds - (last ?? 0)
    }
}
