import Cluster
import UnionRead

extension OracleName {
    public static let freshness = OracleName("freshness")
}

/// A read of now reflects all that was acknowledged before it began, in every bucket.
///
/// A search is not held to it: its answer says up to which offset it is fresh.
final class Freshness: Oracle {
    static let description = OracleDescription(
        .freshness, "a read of now reflects all that was acknowledged before it began",
        compares: "answers with the acknowledgements before them")

    private let evidence: Evidence
    private let tally: Tally

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    func learned(_ fact: Fact) {
        switch fact {
        case .lookedUp(let answer): judge("lookup", answer.log.place, answer.offset, answer.known)
        case .scanned(let answer): judge("scan", answer.log.place, answer.offset, answer.known)
        case .readWhole(let read) where read.snapshot == nil:
            for (bucket, known) in read.known.enumerated() {
                judge(
                    "union read", "\(read.table.name) bucket \(bucket)",
                    read.answer.offsets[bucket], known)
            }
        default: break
        }
    }

    private func judge(_ what: String, _ place: String, _ offset: Int64, _ known: Int64) {
        tally.expect(
            offset >= known,
            "\(place): a \(what) of now reflects offset \(offset), though all below "
                + "\(known) was acknowledged before it began")
    }
}
