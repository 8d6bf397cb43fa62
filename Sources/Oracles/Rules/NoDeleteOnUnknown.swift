import Cluster

extension OracleName {
    public static let noDeleteOnUnknown = OracleName("noDeleteOnUnknown")
}

/// Watches what writers were left in doubt about: what a commit in doubt names must stay.
///
/// An object that some manifest names is deleted only by someone who knows whether that manifest
/// was committed. So, from the moment on at which the writer of an object got no answer until
/// somebody has read or written it with one, nothing that it names may be deleted, and if it
/// landed, it stays.
final class NoDeleteOnUnknown: Oracle {
    static let description = OracleDescription(
        .noDeleteOnUnknown, "nothing is deleted on an unknown outcome",
        compares: "deletions, and commits of unknown outcome", needs: [.cluster, .store])

    private let evidence: Evidence
    private let tally: Tally
    /// Objects in doubt, each with the keys that its bytes name.
    private var doubts: [String: Set<String>] = [:]
    /// How often a writer was left in doubt.
    private var doubtCount = 0

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    var hasWork: Bool { doubtCount > 0 || tally.compared > 0 }

    func learned(_ fact: Fact) {
        switch fact {
        case .putInDoubt(let key, let bytes):
            doubtCount += 1
            // What is put there commits nothing: the coordination service does, and
            // `ManifestReferences` looks at that.
            if StoredReferences.owner(of: key) != nil { return }
            doubts[key] = named(by: bytes, besides: key)
        case .swapInDoubt(let path):
            doubtCount += 1
            doubts[path] = named(by: Array(path.utf8), besides: "")
        case .outcomeKnown(let key):
            if let named = doubts.removeValue(forKey: key) { expectAll(named, by: key) }
        // Whatever bears the identifier of a table that was dropped is garbage.
        case .objectDeleted(let key) where !evidence.isOfDroppedTable(key):
            let doubt = doubts.keys.sorted().first { doubts[$0]!.contains(key) }
            tally.expect(
                doubt == nil,
                "object \(key) was deleted while \(doubt ?? "") names it, whose writer had "
                    + "no answer")
        default: break
        }
    }

    /// The objects in the same folder whose keys occur in `bytes`.
    private func named(by bytes: [UInt8], besides key: String) -> Set<String> {
        let text = String(decoding: bytes, as: UTF8.self)
        let folder = key.split(separator: "/").dropLast().joined(separator: "/")
        return Set(
            evidence.observation.objectKeys(prefix: folder).filter {
                $0 != key && text.contains($0)
            })
    }

    /// Looks whether all is there that is named by what is still in doubt.
    func conclude() {
        for key in doubts.keys.sorted() { expectAll(doubts[key]!, by: key) }
    }

    private func expectAll(_ named: Set<String>, by key: String) {
        let gone = named.sorted().first {
            evidence.observation.object($0) == nil && !evidence.isOfDroppedTable($0)
        }
        tally.expect(
            gone == nil, "object \(gone ?? "") is gone, which \(key) of unknown outcome names")
    }
}
