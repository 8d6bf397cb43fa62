import Changelog
import Cluster
import LakeTiering
import RunReports
import ScenarioFiles
import Server

/// Looks at the buckets of a running cluster at each sample, and keeps what changed.
final class StateSampler {
    private let deployment: Deployment
    /// How far the lake has a table's buckets; nil for a table that is in no lake.
    var lakeOffsets: (String) -> LakeOffsets? = { _ in nil }
    private var names: [BucketIdentifier: String] = [:]
    private var tables: [BucketIdentifier: String] = [:]
    private var metadata: [BucketIdentifier: MetadataMirror.Versioned<BucketState>] = [:]
    private var changes: [BucketIdentifier: [BucketHistory.Change]] = [:]

    init(_ deployment: Deployment) { self.deployment = deployment }

    func sample(at seconds: Double) {
        var leaders: [BucketIdentifier: Int64] = [:]
        for (_, server) in deployment.runningServers {
            for bucket in server.replicas.keys.sorted() {
                let replica = server.replicas[bucket]!
                names[bucket] = "\(replica.table.name)/\(bucket.bucket)"
                tables[bucket] = replica.table.name
                if replica.isLeader {
                    leaders[bucket] = max(leaders[bucket] ?? 0, replica.highWatermark)
                }
                guard let seen = server.mirror.buckets[bucket] else { continue }
                if metadata[bucket].map({ $0.revision < seen.revision }) ?? true {
                    metadata[bucket] = seen
                }
            }
        }
        for bucket in metadata.keys.sorted() {
            let state = metadata[bucket]!.value
            let table = tables[bucket] ?? ""
            let before = changes[bucket]?.last
            let lake = lakeOffsets(table).flatMap { offsets in
                offsets.names(bucket.inLake) ? offsets[bucket.inLake] : nil
            }
            let now = BucketHistory.Change(
                atSeconds: seconds, leader: state.leader?.server ?? "",
                epoch: Int(state.leaderEpoch), inSync: state.inSync,
                highWatermark: leaders[bucket].map(Int.init) ?? before?.highWatermark ?? 0,
                lakeOffset: lake.map(Int.init) ?? before?.lakeOffset)
            if before.map({ !$0.isSame(as: now) }) ?? true {
                changes[bucket, default: []].append(now)
            }
        }
    }

    var histories: [BucketHistory] {
        changes.keys.sorted().map {
            BucketHistory(bucket: names[$0] ?? $0.path, changes: changes[$0]!)
        }
    }
}
