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
        let before = commit.previous?.offsets ?? [Int64](repeating: 0, count: offsets.count)
        tally.expect(
            commit.from == before,
            "\(commit.place) goes on from \(commit.from), the lake is at \(before)")
        tally.expect(
            zip(before, offsets).allSatisfy { $0 <= $1 },
            "\(commit.place) goes back from \(before) to \(offsets)")
    }
}
