import Cluster

extension OracleName {
    public static let manifestReferences = OracleName("manifestReferences")
}

/// No object goes that the current manifest of a remote log, or of a bucket's rows, needs; and
/// whatever has become the current one names objects that are there, in whatever order commits and
/// deletions took effect.
final class ManifestReferences: Oracle {
    static let description = OracleDescription(
        .manifestReferences, "current manifests of logs and rows name only objects that exist",
        compares: "deletions of their objects, and objects at the end",
        needs: [.cluster, .store])

    private let evidence: Evidence
    private let tally: Tally

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    var hasWork: Bool { tally.compared > 0 }

    func learned(_ fact: Fact) {
        guard case .objectDeleted(let key) = fact, let owner = StoredReferences.owner(of: key)
        else { return }
        tally.expect(
            !evidence.stored.needed(at: owner.pointerKey).contains(key),
            "\(evidence.place(of: owner.bucket)): object \(key) is deleted while the current "
                + "manifest needs it")
    }

    func conclude() {
        for bucket in evidence.logs.keys.sorted() {
            for pointerKey in StoredReferences.pointerKeys(of: bucket) {
                for key in evidence.stored.needed(at: pointerKey).sorted() {
                    tally.expect(
                        evidence.observation.object(key) != nil,
                        "\(evidence.place(of: bucket)): object \(key) is gone, which the current "
                            + "manifest needs")
                }
            }
        }
    }
}
