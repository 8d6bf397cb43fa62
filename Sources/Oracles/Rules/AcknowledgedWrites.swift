import Changelog
import Cluster

extension OracleName {
    public static let acknowledgedWrites = OracleName("acknowledgedWrites")
}

/// An acknowledged batch is in every later committed log, once, in its writer's order.
final class AcknowledgedWrites: Oracle {
    static let description = OracleDescription(
        .acknowledgedWrites, "an acknowledged write is in every later log, once and in order",
        compares: "acknowledged batches, and batches with those of their writer before them")

    private let evidence: Evidence
    private let tally: Tally
    private var receipts: [BucketIdentifier: [TableWriter.Receipt]] = [:]

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    func learned(_ fact: Fact) {
        guard case .acknowledged(let receipt, _) = fact else { return }
        receipts[receipt.bucket, default: []].append(receipt)
    }

    func conclude() {
        for bucket in evidence.logs.keys.sorted() {
            let log = evidence.logs[bucket]!
            for receipt in receipts[bucket] ?? [] {
                let told = receipt.acknowledgement
                let entry =
                    told.baseOffset == Acknowledgement.untoldOffset
                    ? log.entry(endingAt: told.endOffset) : log.entry(at: told.baseOffset)
                tally.expect(
                    entry?.writer == receipt.writer && entry?.sequence == receipt.sequence,
                    "\(log.place): batch \(receipt.sequence) of writer \(receipt.writer) was "
                        + "acknowledged at \(told.baseOffset)..<\(told.endOffset) and is not there")
            }
            checkOrder(log)
        }
    }

    private func checkOrder(_ log: CommittedLog) {
        var last: [Int64: Int32] = [:]
        for entry in log.entries where entry.writer >= 0 {
            let expected = last[entry.writer].map { $0 == .max ? 0 : $0 + 1 } ?? 0
            tally.expect(
                entry.sequence == expected,
                "\(log.place): writer \(entry.writer) has batch \(entry.sequence) at "
                    + "\(entry.baseOffset) where \(expected) should be")
            last[entry.writer] = entry.sequence
        }
    }
}
