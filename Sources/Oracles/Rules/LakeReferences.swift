import Iceberg
import Platform

extension OracleName {
    public static let lakeReferences = OracleName("lakeReferences")
}

/// Every committed snapshot and manifest names only objects that exist; what another program put
/// into a table stays, whoever commits.
final class LakeReferences: Oracle {
    static let description = OracleDescription(
        .lakeReferences, "committed snapshots name only objects that exist",
        compares: "references of the lake's metadata", needs: [.cluster, .store])

    private let evidence: Evidence
    private let tally: Tally

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    var hasWork: Bool { evidence.hasLake }

    func learned(_ fact: Fact) {
        switch fact {
        case .lakeObject(let path, let exists):
            tally.expect(exists, "a committed snapshot names \(path), which does not exist")
        case .lakeUnreadable(let table, let reason): tally.violated("\(table): \(reason)")
        case .objectDeleted(let key):
            tally.expect(
                !evidence.lake.needs(key),
                "object \(key) is deleted while a snapshot or the metadata needs it")
            evidence.lake.deleted(key)
        case .lakeMetadata(let table, let before, let now):
            guard let before else { return }
            for loss in before.losses(in: now) {
                tally.violated("\(table): \(loss) is gone from \(now.location)")
            }
            tally.expect(
                now.lastColumnIdentifier >= before.lastColumnIdentifier,
                "\(table): last-column-id went back to \(now.lastColumnIdentifier)")
        default: break
        }
    }

    /// Looks once more whether all that the last states name is still there.
    func conclude() {
        for key in evidence.lake.neededKeys {
            tally.expect(
                evidence.observation.object(key) != nil,
                "a snapshot needs object \(key), which is gone")
        }
    }
}
