import Cluster

extension OracleName {
    public static let singleLeader = OracleName("singleLeader")
}

/// At most one server acknowledges per bucket and leader epoch.
final class SingleLeader: Oracle {
    static let description = OracleDescription(
        .singleLeader, "one leader acknowledges per bucket and epoch",
        compares: "acknowledgements with the leaders of their epochs",
        needs: [.cluster, .engine])

    private let evidence: Evidence
    private let tally: Tally
    private var leaders: [BucketIdentifier: [Int32: String]] = [:]
    /// Whether a writer was not told in which epoch, as those behind gateways are.
    private var wasUntold = false

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    var hasWork: Bool { !wasUntold || !leaders.isEmpty }

    func learned(_ fact: Fact) {
        guard case .acknowledged(let receipt, let server?) = fact else { return }
        let epoch = receipt.acknowledgement.leaderEpoch
        if epoch == Acknowledgement.untoldEpoch {
            wasUntold = true
            return
        }
        let known = leaders[receipt.bucket, default: [:]][epoch]
        tally.expect(
            known == nil || known == server,
            "\(evidence.place(of: receipt.bucket)): \(server) and \(known ?? "") both acknowledge "
                + "in epoch \(epoch)")
        leaders[receipt.bucket, default: [:]][epoch] = server
    }
}
