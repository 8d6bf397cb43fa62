import Cluster
import Iceberg
import LakeTiering

extension OracleName {
    public static let lakeContinuity = OracleName("lakeContinuity")
}

/// Each commit to the lake goes on just where the one before it ended.
final class LakeContinuity: Oracle {
    static let description = OracleDescription(
        .lakeContinuity, "lake offsets are contiguous and never go back",
        compares: "commits to the lake with those before them", needs: [.cluster, .lake])

    private let evidence: Evidence
    private let tally: Tally
    /// Buckets that commits took out of the lake: their partitions were dropped.
    private var removed: Set<BucketIdentifier> = []

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    var hasWork: Bool { evidence.hasLake }

    func learned(_ fact: Fact) {
        guard case .lakeCommitted(let commit) = fact else { return }
        let offsets = commit.progress.offsets
        tally.expect(
            commit.snapshot.parent == commit.previousSnapshot,
            "\(commit.place) does not follow snapshot "
                + "\(commit.previousSnapshot.map { "\($0)" } ?? "none")")
        let isPartitioned = commit.progress.partitions != nil
        let start = LakeOffsets(startOf: isPartitioned ? [] : offsets.buckets)
        let before = commit.previous?.offsets ?? start
        tally.expect(
            commit.from == before,
            "\(commit.place) goes on from \(commit.from), the lake is at \(before)")
        tally.expect(
            before.entries.allSatisfy {
                !offsets.names($0.bucket) || $0.offset <= offsets[$0.bucket]
            },
            "\(commit.place) goes back from \(before) to \(offsets)")
        for bucket in before.buckets where !offsets.names(bucket) {
            removed.insert(BucketIdentifier(table: commit.progress.tableIdentifier, bucket))
        }
    }

    func conclude() {
        for bucket in removed.sorted() {
            tally.expect(
                bucket.partition != nil && evidence.isGone(bucket),
                "\(evidence.place(of: bucket)) was taken out of the lake, and is there")
        }
    }
}
