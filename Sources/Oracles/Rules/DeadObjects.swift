import Cluster
import Iceberg
import LakeTiering
import Platform
import Server

extension OracleName {
    public static let deadObjects = OracleName("deadObjects")
}

/// What no snapshot of a lake table needs any more, no metadata names and no reader holds is gone
/// within the time that its tierer may take for it.
///
/// Files are judged that our own tierers wrote, as their names tell, under an epoch that the table
/// has reached: what another program wrote may belong to a commit that is still to come. The time
/// is an interval of collection and what a round may take; it counts while one tierer has been the
/// leader, has committed under its own epoch, and nothing has disturbed it or the services. What
/// another program wrote, and nothing has named yet, stays as long as such a commit may take.
final class DeadObjects: Oracle {
    static let description = OracleDescription(
        .deadObjects, "what a lake table needs no more is gone in time, and nothing else before",
        compares: "objects of lake tables that nothing needs", needs: [.cluster, .store, .faults])

    private static let interval: Int64 = 5

    private struct Tierer: Equatable {
        var node: String
        var epoch: Int64
    }

    private let evidence: Evidence
    private let tally: Tally
    private var seconds: Int64 = 0
    /// Since when an object has been needed by nothing.
    private var deadSince: [String: Int64] = [:]
    /// When a file of another program was first seen that nothing had named.
    private var foreignSince: [String: Int64] = [:]
    /// Who has written a table's last state and leads the tierers, and since when, by UUID.
    private var writers: [String: (tierer: Tierer, since: Int64)] = [:]

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    /// Dead objects are rare in a short run.
    var hasWork: Bool { tally.compared > 0 }

    private var now: Int64 { evidence.observation.nanoseconds }

    /// How long a dead object may be there.
    private var bound: Duration {
        let configuration = evidence.observation.deployment.configuration
        return configuration.lakeTiering.collectionInterval + configuration.lakeInterval * 3
            + evidence.patience
    }

    func learned(_ fact: Fact) {
        switch fact {
        case .second:
            seconds += 1
            if seconds % Self.interval == 0 { look() }
        case .objectDeleted(let key): judgeForeign(key)
        default: break
        }
    }

    /// Whether a file that no tierer of ours wrote is one of a commit: leases and hints are not.
    private func isForeign(_ key: String) -> Bool {
        !key.contains("/\(LakeTable.leaseFolder)/")
            && !key.hasSuffix("version-hint.text")
    }

    /// A file of another program, of a commit that may still come, must not go.
    private func judgeForeign(_ key: String) {
        guard let since = foreignSince.removeValue(forKey: key), !evidence.lake.hasNeeded(key)
        else { return }
        let limit = evidence.observation.deployment.configuration.lakeTiering.foreignOrphanAge
        // It may have been there for an interval before it was seen.
        let age = Duration.nanoseconds(now - since) + .seconds(Self.interval)
        tally.expect(
            age >= limit,
            "object \(key) of another program is deleted after \(age.components.seconds) s, and "
                + "its commit may come within \(limit.components.seconds) s")
    }

    private func look() {
        var stillDead: [String: Int64] = [:]
        var stillWriting: [String: (tierer: Tierer, since: Int64)] = [:]
        for folder in evidence.lake.folders {
            let since = leading(folder, &stillWriting)
            for key in evidence.lake.unneededKeys(in: folder) {
                guard let epoch = LakeTable.writerEpoch(in: key) else {
                    if foreignSince[key] == nil, isForeign(key) { foreignSince[key] = now }
                    continue
                }
                if epoch > folder.epoch { continue }
                let dead = deadSince[key] ?? now
                stillDead[key] = dead
                if let since, judge(key, folder, since: max(dead, since)) { stillDead[key] = now }
            }
        }
        deadSince = stillDead
        writers = stillWriting
    }

    /// Since when its tierer could have collected in a table undisturbed; nil if it could not.
    private func leading(
        _ folder: LakeWatch.Folder, _ writers: inout [String: (tierer: Tierer, since: Int64)]
    ) -> Int64? {
        let observation = evidence.observation
        let tierers = observation.deployment.tierers
        guard
            let node = tierers.keys.sorted().first(where: { tierers[$0]!.epoch == folder.epoch })
        else { return nil }
        let tierer = Tierer(node: node.description, epoch: folder.epoch)
        let known = self.writers[folder.metadata.uuid]
        let since = known?.tierer == tierer ? known!.since : now
        writers[folder.metadata.uuid] = (tierer, since)
        let disturbed = [
            observation.lastDisturbance(of: tierer.node) ?? 0,
            observation.lastDisturbance(withStore: true) ?? 0,
        ].max()!
        return disturbed == .max ? nil : max(since, disturbed)
    }

    /// Whether the object should be gone; one is one violation, until as much time has gone again.
    private func judge(_ key: String, _ folder: LakeWatch.Folder, since: Int64) -> Bool {
        let kept = Duration.nanoseconds(now - since)
        tally.expect(
            kept <= bound,
            "\(folder.name): object \(key) is needed by nothing and still there after "
                + "\(kept.components.seconds) s in which nothing disturbed its tierer")
        return kept > bound
    }
}
