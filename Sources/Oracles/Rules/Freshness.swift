import Cluster
import LakeTiering
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
    /// Buckets that union reads left out, though they had something: their partitions were dropped.
    private var leftOut: Set<BucketIdentifier> = []

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    func learned(_ fact: Fact) {
        switch fact {
        case .lookedUp(let answer): judge("lookup", answer.log.place, answer.offset, answer.known)
        case .scanned(let answer): judge("scan", answer.log.place, answer.offset, answer.known)
        case .readWhole(let read) where read.snapshot == nil:
            for entry in read.known.entries {
                let bucket = BucketIdentifier(table: read.table.identifier, entry.bucket)
                if entry.offset > 0, !read.answer.reflects(entry.bucket) {
                    leftOut.insert(bucket)
                    continue
                }
                judge(
                    "union read", "\(read.table.name) \(entry.bucket)",
                    read.answer.offsets[entry.bucket], entry.offset)
            }
        default: break
        }
    }

    func conclude() {
        for bucket in leftOut.sorted() {
            tally.expect(
                evidence.isGone(bucket),
                "\(evidence.place(of: bucket)): a union read of now left it out, though it is "
                    + "there and had rows")
        }
    }

    private func judge(_ what: String, _ place: String, _ offset: Int64, _ known: Int64) {
        tally.expect(
            offset >= known,
            "\(place): a \(what) of now reflects offset \(offset), though all below "
                + "\(known) was acknowledged before it began")
    }
}
