import Cluster
import Platform

extension OracleName {
    public static let bounds = OracleName("bounds")
}

/// Nothing is built that is larger than it may be, and nothing waits or is kept without a bound.
final class Bounds: Oracle {
    static let description = OracleDescription(
        .bounds, "nothing is built over its limit, and nothing waits without a bound",
        compares: "seconds of the cluster with the limits of what it holds",
        needs: [.cluster, .store, .faults], isAmongAll: false)

    /// What etcd takes in one transaction unless it is told otherwise.
    static let transactionLimit = 128
    /// One object; larger ones would have to be uploaded in parts.
    static let objectLimit = 1 << 30
    /// Files that a process may have open unless it is told otherwise.
    static let openFileLimit = 1024

    private let evidence: Evidence
    private let tally: Tally
    private var oversizedFrames = 0
    private var told: Set<String> = []

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    func learned(_ fact: Fact) {
        guard case .second = fact else { return }
        let footprint = evidence.observation.footprint
        tally.expect(
            footprint.oversizedFrames == oversizedFrames,
            "\(footprint.oversizedFrames - oversizedFrames) frames were built over the limit of "
                + "\(frameSizeLimit) bytes")
        oversizedFrames = footprint.oversizedFrames
        hold("operations in a transaction", footprint.largestTransaction, Self.transactionLimit)
        hold("bytes in an object", footprint.largestObject, Self.objectLimit)
        hold("open files of one process", footprint.openFiles, Self.openFileLimit)
    }

    /// What stays over its limit is one violation.
    private func hold(_ what: String, _ value: Int, _ limit: Int) {
        tally.count()
        if value > limit, told.insert(what).inserted {
            tally.violated("\(value) \(what), where \(limit) are the limit")
        }
    }
}
