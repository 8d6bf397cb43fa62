import Changelog
import Cluster
import LakeTiering
import Oracles
import ScenarioFiles
import Server

/// What faults name by what it does, and what they wait for.
extension TankRun {
    func resolve(_ reference: NodeReference) -> NodeName? {
        switch reference {
        case .leader(let table, let bucket): holders(table, bucket).first { $0.leads }?.name
        case .follower(let table, let bucket): holders(table, bucket).first { !$0.leads }?.name
        case .activeCoordinator:
            deployment.runningServers.compactMap(\.server.mirror.coordinator).first
                .flatMap { NodeName($0) }
        }
    }

    func holds(_ condition: FaultCondition) -> Bool {
        switch condition {
        case .tiering(let table):
            guard let identifier = description(of: table)?.identifier else { return false }
            return deployment.tierers.keys.sorted().contains {
                deployment.tierers[$0]!.tablesInRound.contains(identifier)
            }
        case .inSync(let table, let bucket, let count):
            guard let bucket = self.bucket(table, bucket) else { return false }
            return deployment.runningServers.contains {
                let mirror = $0.server.mirror
                return mirror.buckets[bucket].map { $0.value.inSync.count < count } ?? false
            }
        case .lakeLag(let table, let count):
            guard let description = description(of: table) else { return false }
            let offsets = lake.offsets(of: description)
            let lag = oracles.evidence.buckets(of: description).map { bucket in
                (oracles.evidence.logs[bucket]?.endOffset ?? 0) - (offsets?[bucket.inLake] ?? 0)
            }
            return lag.reduce(0, +) > count
        }
    }

    private func description(of table: String) -> TableDescription? {
        tables.first { $0.name == table }
    }

    private func bucket(_ table: String, _ number: Int) -> BucketIdentifier? {
        description(of: table)?.buckets.first { Int($0.bucket) == number }
    }

    /// The running servers that hold a bucket, in order.
    private func holders(_ table: String, _ number: Int) -> [(name: NodeName, leads: Bool)] {
        guard let bucket = bucket(table, number) else { return [] }
        return deployment.runningServers.compactMap { name, server in
            server.replicas[bucket].map { (name, $0.isLeader) }
        }
    }
}
