import Cluster
import Iceberg
import JSON
import Platform
import Server

/// Looks at each commit that programs of others make, the moment it is made, and at each object
/// that they remove.
final class EndpointJudge {
    /// What is asked of the tables.
    enum Rule: String, CaseIterable {
        case noLiveObjectGone, noSnapshotLost, noFileTwice, lineage, readable, rowsOnceByKey
        case rowCount

        var meaning: String {
            switch self {
            case .noLiveObjectGone: "what a snapshot names is there"
            case .noSnapshotLost: "no snapshot that was committed goes without being removed"
            case .noFileTwice: "no data file is added by two snapshots"
            case .lineage: "the main branch goes on from where it was"
            case .readable: "the rows that the tables have in the end can be read"
            case .rowsOnceByKey: "no two rows have one key"
            case .rowCount: "there are as many rows as there must be"
            }
        }
    }

    struct Finding {
        var rule: Rule
        var message: String
    }

    /// A table as the last commit left it.
    private struct View {
        var metadata: TableMetadata
        /// Objects that its snapshots need; nil until somebody asks.
        var needed: Set<String>?
    }

    private let machine: Machine
    private let location = ClusterConfiguration.defaultLakeLocation
    private let allowsRollback: Bool
    private var views: [LakeTableName: View] = [:]
    /// What manifest lists and manifests hold, which never change.
    private var lists: [String: [ManifestFile]] = [:]
    private var manifests: [String: [ManifestEntry]] = [:]
    /// The snapshot that added each data file.
    private var adders: [LakeTableName: [String: Int64]] = [:]
    private(set) var findings: [Finding] = []
    private(set) var compared: [Rule: Int] = [:]
    private(set) var commitCount = 0

    init(_ machine: Machine, allowsRollback: Bool) {
        self.machine = machine
        self.allowsRollback = allowsRollback
    }

    func expect(_ holds: Bool, _ rule: Rule, _ message: @autoclosure () -> String) {
        compared[rule, default: 0] += 1
        if !holds && findings.count < 1000 {
            findings.append(Finding(rule: rule, message: message()))
        }
    }

    var tables: [LakeTableName] { views.keys.sorted() }

    // MARK: At the moment

    /// An object is about to be removed.
    func willDelete(_ key: String) {
        for name in views.keys.sorted() {
            expect(
                !needed(of: name).contains(key), .noLiveObjectGone,
                "\(key) was removed, and a snapshot of \(name) needs it")
        }
    }

    /// The keys of all objects that a table's snapshots need, as far as they could be read.
    private func needed(of name: LakeTableName) -> Set<String> {
        if let known = views[name]?.needed { return known }
        var paths: Set<String> = []
        for snapshot in views[name]?.metadata.snapshots ?? [] {
            paths.insert(snapshot.manifestList)
            for file in lists[snapshot.manifestList] ?? []
            where paths.insert(file.path).inserted {
                for entry in manifests[file.path] ?? [] where entry.status != .deleted {
                    paths.insert(entry.file.path)
                }
            }
        }
        let keys = Set(paths.compactMap { try? location.key(of: $0) })
        views[name]?.needed = keys
        return keys
    }

    func committed(_ commit: CatalogGateway.Commit) async throws {
        commitCount += 1
        let name = commit.table
        let metadata: TableMetadata
        do {
            metadata = try TableMetadata(commit.after, path: "\(name)")
        } catch {
            expect(false, .noLiveObjectGone, "\(name) cannot be read: \(error)")
            return
        }
        let before = views[name]?.metadata
        views[name] = View(metadata: metadata)
        for snapshot in metadata.snapshots where before?.snapshot(snapshot.identifier) == nil {
            try await look(at: snapshot, of: name)
        }
        guard let before else { return }
        let isRemoval = commit.actions.contains("remove-snapshots")
        for snapshot in before.snapshots {
            expect(
                isRemoval || metadata.snapshot(snapshot.identifier) != nil, .noSnapshotLost,
                "snapshot \(snapshot.identifier) of \(name) is gone, and no commit removed it")
        }
        guard let current = metadata.current, let former = before.currentSnapshot,
            current.identifier != former
        else { return }
        expect(
            allowsRollback || metadata.history.contains { $0.identifier == former }
                || isRemoval, .lineage,
            "snapshot \(current.identifier) of \(name) does not follow \(former), which was the "
                + "current one: what \(former) committed is lost")
    }

    /// Reads what a new snapshot names.
    private func look(at snapshot: Snapshot, of name: LakeTableName) async throws {
        do {
            guard let list = try await read(snapshot.manifestList, name, snapshot) else { return }
            let files = try ManifestList(decoding: list, path: snapshot.manifestList).manifests
            lists[snapshot.manifestList] = files
            for file in files {
                for entry in try await entries(of: file, name, snapshot)
                where entry.status == .added {
                    try await added(entry, file, snapshot, name)
                }
            }
        } catch let error as IcebergError {
            expect(false, .noLiveObjectGone, "snapshot \(snapshot.identifier) of \(name): \(error)")
        }
    }

    private func added(
        _ entry: ManifestEntry, _ file: ManifestFile, _ snapshot: Snapshot, _ name: LakeTableName
    ) async throws {
        let adder = entry.snapshot ?? file.addedSnapshot
        guard adder == snapshot.identifier else { return }
        let key = try location.key(of: entry.file.path)
        let isThere = try await machine.objectStore.head(key) != nil
        expect(
            isThere, .noLiveObjectGone,
            "snapshot \(snapshot.identifier) of \(name) names \(key), which is not there")
        let earlier = adders[name, default: [:]].updateValue(
            snapshot.identifier, forKey: entry.file.path)
        expect(
            earlier == nil || earlier == snapshot.identifier, .noFileTwice,
            "\(key) was added to \(name) by snapshot \(earlier ?? 0), and again by "
                + "\(snapshot.identifier)")
    }

    private func entries(
        of file: ManifestFile, _ name: LakeTableName, _ snapshot: Snapshot
    ) async throws -> [ManifestEntry] {
        if let known = manifests[file.path] { return known }
        guard let bytes = try await read(file.path, name, snapshot) else { return [] }
        let entries = try Manifest(decoding: bytes, path: file.path).entries
        manifests[file.path] = entries
        return entries
    }

    private func read(
        _ path: String, _ name: LakeTableName, _ snapshot: Snapshot
    ) async throws -> [UInt8]? {
        let key = try location.key(of: path)
        do {
            let bytes = try await machine.objectStore.get(key)
            expect(true, .noLiveObjectGone, "")
            return bytes
        } catch ObjectStoreError.notFound {
            expect(
                false, .noLiveObjectGone,
                "snapshot \(snapshot.identifier) of \(name) names \(key), which is not there")
            return nil
        }
    }

    // MARK: In the end

    /// Whether all is still there, and how much is there that nothing names.
    func conclude() async throws -> (orphanCount: Int, orphanByteCount: Int64) {
        var needed: Set<String> = []
        for name in views.keys.sorted() {
            let view = views[name]!
            let live = self.needed(of: name)
            for key in live.sorted() {
                let isThere = try await machine.objectStore.head(key) != nil
                expect(
                    isThere, .noLiveObjectGone, "a snapshot of \(name) needs \(key), which is gone")
            }
            needed.formUnion(live)
            let others = view.metadata.previousFiles.compactMap { try? location.key(of: $0) }
            needed.formUnion(others)
            if let state = try await machine.lakeCatalog.load(name),
                let key = try? location.key(of: state.metadataLocation)
            {
                needed.insert(key)
            }
        }
        var count = 0
        var byteCount: Int64 = 0
        var last: String?
        while true {
            let page = try await machine.objectStore.list(
                prefix: ObjectGateway.keyPrefix, after: last, limit: 1000)
            for object in page where !needed.contains(object.key) {
                count += 1
                byteCount += object.byteCount
            }
            last = page.last?.key
            if page.count < 1000 { return (count, byteCount) }
        }
    }
}
