import Changelog
import Cluster
import LakeTiering

extension OracleName {
    public static let fencing = OracleName("fencing")
}

/// Whoever was deposed neither acknowledges nor commits any more.
final class Fencing: Oracle {
    static let description = OracleDescription(
        .fencing, "a fenced epoch neither acknowledges nor deletes",
        compares: "acknowledgements and commits with the epochs before them")

    private let evidence: Evidence
    private let tally: Tally
    private var receipts: [BucketIdentifier: [TableWriter.Receipt]] = [:]

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    func learned(_ fact: Fact) {
        switch fact {
        case .acknowledged(let receipt, _): receipts[receipt.bucket, default: []].append(receipt)
        case .lakeCommitted(let commit):
            let before = commit.previous?.epoch ?? 0
            tally.expect(
                commit.progress.epoch >= before,
                "\(commit.place) was committed in epoch \(commit.progress.epoch), after one of "
                    + "epoch \(before)")
        default: break
        }
    }

    func conclude() {
        for bucket in evidence.logs.keys.sorted() {
            let log = evidence.logs[bucket]!
            for receipt in receipts[bucket] ?? [] {
                let told = receipt.acknowledgement
                if told.leaderEpoch == Acknowledgement.untoldEpoch { continue }
                guard let entry = log.entry(at: told.baseOffset) else { continue }
                tally.expect(
                    entry.leaderEpoch <= told.leaderEpoch,
                    "\(log.place): epoch \(told.leaderEpoch) acknowledged a batch of the later "
                        + "epoch \(entry.leaderEpoch) at offset \(told.baseOffset)")
            }
        }
    }
}
