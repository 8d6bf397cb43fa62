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
    private struct Needs {
        /// The manifest itself among them.
        var objects: Set<String>
        /// The manifests before it that are kept.
        var earlier: [String]
    }

    /// What manifests need, by their keys: a manifest never changes.
    private var needs: [String: Needs] = [:]

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    var hasWork: Bool { tally.compared > 0 }

    func learned(_ fact: Fact) {
        guard case .objectDeleted(let key) = fact, let owner = StoredReferences.owner(of: key)
        else { return }
        tally.expect(
            !needed(at: owner.pointerKey).contains(key),
            "\(evidence.place(of: owner.bucket)): object \(key) is deleted while the current "
                + "manifest needs it")
    }

    func conclude() {
        for bucket in evidence.logs.keys.sorted() {
            for pointerKey in StoredReferences.pointerKeys(of: bucket) {
                for key in needed(at: pointerKey).sorted() {
                    tally.expect(
                        evidence.observation.object(key) != nil,
                        "\(evidence.place(of: bucket)): object \(key) is gone, which the current "
                            + "manifest needs")
                }
            }
        }
    }

    /// All objects that what is current under a pointer needs, the manifest among them.
    private func needed(at pointerKey: String) -> Set<String> {
        guard let value = evidence.observation.coordinationValue(pointerKey),
            let manifest = StoredReferences.manifestKey(in: value)
        else { return [] }
        guard let own = needs(of: manifest) else { return [manifest] }
        // Those before it that are kept were the current ones once.
        return own.earlier.reduce(into: own.objects) { all, earlier in
            if let objects = needs[earlier]?.objects { all.formUnion(objects) }
        }
    }

    /// What one manifest needs by itself; nil if it is not there.
    private func needs(of manifest: String) -> Needs? {
        if let known = needs[manifest] { return known }
        guard let bytes = evidence.observation.object(manifest),
            let named = StoredReferences.needs(of: bytes, at: manifest)
        else { return nil }
        if needs.count > 4096 { needs.removeAll() }
        let found = Needs(
            objects: Set(named.objects).union([manifest]), earlier: named.manifests)
        needs[manifest] = found
        return found
    }
}
