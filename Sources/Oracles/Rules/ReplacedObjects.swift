import Cluster
import Platform
import RemoteLog
import Server
import Vectors

extension OracleName {
    public static let replacedObjects = OracleName("replacedObjects")
}

/// What manifests of remote logs, row snapshots and vector indexes gave up, and what earlier
/// leaders left without a manifest, is gone from the object store within the time that its
/// collector may take.
///
/// The collector is the bucket's leader, or the indexer that writes the index. The time is three of
/// the intervals at which it collects and `Evidence.patience`; it counts while it has been the
/// collector, nobody holds the object, and nothing has disturbed it or the services. An object that
/// came into the store after the term began may stay until the leader looks for orphans again, and
/// so may one whose upload was in doubt, which can land after it was given up and deleted. What the
/// present term has uploaded and not named is judged once a later manifest is the current one:
/// before that its commit may be under way.
public final class ReplacedObjects: Oracle {
    public static let description = OracleDescription(
        .replacedObjects, "objects that manifests gave up are collected in time",
        compares: "objects that no manifest needs", needs: [.cluster, .store, .faults])

    private static let interval: Int64 = 5

    /// An object that is in the store.
    private struct Known {
        var firstSeen: Int64
        var wasNamed = false
        /// Since when nothing needs it; nil while something does.
        var unneededSince: Int64?
        /// Since when a manifest has been the current one that was not yet when this came into the
        /// store: whatever it was uploaded for has become the current one before that, or never
        /// will.
        var supersededSince: Int64?
    }

    /// Who collects in one folder.
    private struct Collector: Equatable {
        var node: String
        /// The leader's epoch, or the opening of the index.
        var term: String
        /// Nil for an indexer, which lists its folder when it opens the index, and once more when
        /// the uploads of earlier openings have landed.
        var epoch: Int32?
        var bound: Duration
    }

    /// Objects that one manifest decides about.
    private struct Folder {
        var bucket: BucketIdentifier
        var named: Set<String>
        /// When its present manifest was first seen to be the current one.
        var changedAt: Int64
        var collector: Collector?
        /// Since when that has been the collector.
        var since: Int64
    }

    private let evidence: Evidence
    private let tally: Tally
    private var seconds: Int64 = 0
    private var known: [String: Known] = [:]
    /// Uploads whose outcome their uploader was not told.
    private var inDoubt: Set<String> = []
    private var collectors: [String: (collector: Collector, since: Int64)] = [:]
    /// The current manifests, by the keys that name them, and when each was first seen.
    private var manifests: [String: (value: [UInt8], since: Int64)] = [:]

    private var observation: any Observation { evidence.observation }
    private var now: Int64 { observation.nanoseconds }
    private var configuration: ClusterConfiguration { observation.deployment.configuration }

    public init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    /// A run may be over before anything was given up.
    public var hasWork: Bool { tally.compared > 0 }

    public func learned(_ fact: Fact) {
        switch fact {
        case .second:
            seconds += 1
            if seconds % Self.interval == 0 { look() }
        case .restingSecond: look()
        case .putInDoubt(let key, _): inDoubt.insert(key)
        default: break
        }
    }

    /// Objects that were there at the last look and are to be collected soon; those that may stay
    /// until orphans are looked for again are not among them.
    public private(set) var pending: [Stall] = []

    private func look() {
        var present: [String: Known] = [:]
        var collecting: [String: (collector: Collector, since: Int64)] = [:]
        pending = []
        for root in ["remote-log/", "snapshots/", "vectors/"] {
            var name = ""
            var folder: Folder?
            for key in observation.objectKeys(prefix: root) {
                let end = key.lastIndex(of: "/")!
                if key[..<end] != name {
                    name = String(key[..<end])
                    folder = self.folder(name, of: key, &collecting)
                }
                guard let folder else { continue }
                present[key] = looked(at: key, in: folder)
            }
        }
        known = present
        collectors = collecting
    }

    private func looked(at key: String, in folder: Folder) -> Known {
        var object = known[key] ?? Known(firstSeen: now)
        if folder.named.contains(key) {
            object.wasNamed = true
            object.unneededSince = nil
            return object
        }
        let since = object.unneededSince ?? now
        object.unneededSince = since
        if object.supersededSince == nil, object.firstSeen < folder.changedAt {
            object.supersededSince = now
        }
        guard let bound = bound(of: object, key, folder) else { return object }
        tally.count()
        if bound == folder.collector?.bound {
            pending.append(
                Stall(
                    key: key,
                    text: "object \(key) of \(evidence.place(of: folder.bucket)) is needed by no "
                        + "manifest, and \(folder.collector!.node) has not collected it"))
        }
        guard let calm = calm(folder) else { return object }
        let begun = object.wasNamed ? since : max(since, object.supersededSince ?? since)
        let kept = Duration.nanoseconds(now - max(begun, calm))
        if kept <= bound { return object }
        tally.violated(
            "\(evidence.place(of: folder.bucket)): object \(key) is needed by no manifest and "
                + "still there after \(kept.components.seconds) s in which nothing disturbed "
                + "\(folder.collector!.node), which collects it")
        // Said again only after as much time.
        object.unneededSince = now
        if object.supersededSince != nil { object.supersededSince = now }
        return object
    }

    /// How long an object may stay that nothing needs; nil where nobody has to collect it yet.
    private func bound(of object: Known, _ key: String, _ folder: Folder) -> Duration? {
        guard let collector = folder.collector else { return nil }
        if object.wasNamed { return collector.bound }
        guard let own = collector.epoch else {
            // Uploads of earlier openings may land for a while.
            let landing = EpochObjects.landingTime
            let isFormer = !(key.split(separator: "/").last ?? "").hasPrefix(collector.term)
            return isFormer && object.firstSeen < folder.since + landing.nanoseconds
                ? collector.bound + landing : nil
        }
        guard let epoch = StoredReferences.leaderEpoch(of: key), epoch <= own else { return nil }
        if epoch == own {
            if object.supersededSince == nil { return nil }
            return inDoubt.contains(key)
                ? collector.bound + EpochObjects.landingTime + configuration.orphanCheckInterval
                : collector.bound
        }
        return object.firstSeen < folder.since
            ? collector.bound : collector.bound + configuration.orphanCheckInterval
    }

    /// Since when its collector could have collected undisturbed; nil if it could not.
    private func calm(_ folder: Folder) -> Int64? {
        let node = folder.collector!.node
        if observation.damagedNodes.contains(node) { return nil }
        let disturbed = max(
            observation.lastDisturbance(of: node) ?? 0,
            observation.lastDisturbance(withStore: true) ?? 0)
        return disturbed == .max ? nil : max(folder.since, disturbed)
    }

    // MARK: Folders

    /// Nil for what belongs to a table or partition that is not there any more.
    private func folder(
        _ name: String, of key: String,
        _ collecting: inout [String: (collector: Collector, since: Int64)]
    ) -> Folder? {
        let found =
            key.hasPrefix("vectors/") ? indexFolder(name) : logFolder(name, of: key)
        guard let found, !evidence.isGone(found.bucket),
            observation.tables.contains(where: { $0.identifier == found.bucket.table })
        else { return nil }
        var since = now
        if let collector = found.collector {
            if let before = collectors[name], before.collector == collector {
                since = before.since
            }
            collecting[name] = (collector, since)
        }
        return Folder(
            bucket: found.bucket, named: found.named, changedAt: changed(key, name),
            collector: found.collector, since: since)
    }

    /// When the manifest of a log or of rows that is the current one was first seen to be that.
    private func changed(_ key: String, _ name: String) -> Int64 {
        guard let owner = StoredReferences.owner(of: key),
            let value = observation.coordinationValue(owner.pointerKey)
        else { return 0 }
        if let before = manifests[name], before.value == value { return before.since }
        manifests[name] = (value, now)
        return now
    }

    private func logFolder(
        _ name: String, of key: String
    ) -> (bucket: BucketIdentifier, named: Set<String>, collector: Collector?)? {
        guard let owner = StoredReferences.owner(of: key) else { return nil }
        let isLog = name.hasPrefix("remote-log/")
        var named = evidence.stored.needed(at: owner.pointerKey)
        if !isLog {
            for lease in observation.coordinationKeys(
                prefix: StoredReferences.leasePrefix(of: owner.bucket))
            {
                guard let value = observation.coordinationValue(lease),
                    let manifest = StoredReferences.manifestKey(in: value)
                else { continue }
                named.formUnion(evidence.stored.needed(by: manifest))
            }
        }
        for (node, server) in observation.deployment.runningServers {
            guard let replica = server.replicas[owner.bucket], replica.isLeader,
                isLog || replica.committedRows != nil, server.mirror.format >= .expiring
            else { continue }
            let interval =
                isLog ? configuration.remoteLogTaskInterval : configuration.snapshotInterval
            let collector = Collector(
                node: node.description, term: "\(replica.leaderEpoch)",
                epoch: replica.leaderEpoch, bound: interval * 3 + evidence.patience)
            return (owner.bucket, named, collector)
        }
        return (owner.bucket, named, nil)
    }

    /// The segments of an index stand in a folder beside its manifest.
    private func indexFolder(
        _ name: String
    ) -> (bucket: BucketIdentifier, named: Set<String>, collector: Collector?)? {
        let parts = name.split(separator: "/")
        guard parts.last == "segments" else { return nil }
        let manifest = parts.dropLast().joined(separator: "/") + "/manifest.json"
        let place = parts.dropFirst().dropLast().filter { !$0.hasPrefix("column-") }
        guard let bucket = BucketIdentifier(path: place.map(String.init)[...]),
            let bytes = observation.object(manifest),
            let references = VectorReferences(manifest: bytes, at: manifest)
        else { return nil }
        let owners = observation.deployment.runningIndexers.filter {
            $0.indexer.indexes[bucket]?.isOwner == true
        }
        let collector = owners.count == 1 ? owners.first : nil
        return (
            bucket, Set(references.segments),
            collector.map {
                Collector(
                    node: $0.name.description, term: references.writer, epoch: nil,
                    bound: configuration.lakeInterval * 3 + evidence.patience)
            }
        )
    }
}
