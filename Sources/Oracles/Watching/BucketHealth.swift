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
    /// When each server was last seen to need the object store for the bucket: it could not catch
    /// up, or open its rows, before.
    private(set) var storeNeeds: [String: Int64]

    /// Nil while nobody leads the bucket; `storeNeeds` are those of the health that was asked last.
    init?(
        _ observation: any Observation, _ bucket: BucketIdentifier, storeNeeds: [String: Int64]
    ) {
        guard let state = observation.state(of: bucket), let leader = state.leader?.server,
            state.inSync.contains(leader)
        else { return nil }
        self.observation = observation
        self.bucket = bucket
        self.state = state
        self.leader = leader
        self.storeNeeds = storeNeeds
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
        // Writes to a log need no rows, and scans of one may need its remote segments.
        let needsRows = !isWrite || replica?.table.isPrimaryKeyTable != false
        if needsRows && !hasRows { storeNeeds[leader] = observation.nanoseconds }
        least = min(least, calmOfStore(for: leader))
        needed = [leader]
        for name in [leader] + observation.clients { least = min(least, calm(of: name)) }
        if isWrite {
            // Writers go through them.
            for node in observation.deployment.nodes where node.role == .gateway {
                least = min(least, calm(of: node.description))
            }
        }
        if isYoung {
            let coordinators = observation.deployment.nodes.filter { $0.role == .coordinator }
            for node in coordinators { least = min(least, calm(of: node.description)) }
        }
        // A leader whose rows are open answers by itself, once it has heard its followers.
        if isWrite || !hasRows || replica?.knowsWatermark != true {
            let wanted = min(
                observation.deployment.configuration.minimumInSync, state.settledReplicaCount)
            var others: [(name: String, calm: Int64)] = []
            for name in state.replicas where name != leader {
                others.append((name, calmAsFollower(name, of: replica)))
            }
            let chosen = others.sorted { $0.calm > $1.calm }.prefix(wanted - 1)
            for other in chosen { least = min(least, other.calm) }
            needed += chosen.map(\.name)
        }
        return least < 0 ? nil : .nanoseconds(least)
    }

    /// How long the object store has been there for a server that needs it, or none was needed.
    private func calmOfStore(for server: String) -> Int64 {
        guard let last = storeNeeds[server] else { return .max }
        let now = observation.nanoseconds
        return last == now ? shared(withStore: true) : now - last
    }

    /// Of a replica that is not in sync any more, also how long it has been able to become so.
    private mutating func calmAsFollower(_ name: String, of leader: Replica?) -> Int64 {
        let own = calm(of: name)
        if state.inSync.contains(name) { return own }
        guard let leader, let replica = replica(on: name) else { return -1 }
        if replica.log.endOffset < leader.log.startOffset {
            storeNeeds[name] = observation.nanoseconds
        }
        return min(own, calmOfStore(for: name))
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
