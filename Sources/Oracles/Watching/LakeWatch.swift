import Cluster
import Iceberg
import LakeTiering
public import Platform

/// Reads every commit to the lake the moment it is made, from the objects as they are then.
public final class LakeWatch {
    /// One table's lake, as all commits so far make it.
    private final class View {
        var seenSnapshots: Set<Int64> = []
        var seenManifests: Set<String> = []
        var seenFiles: Set<String> = []
        var snapshots: [Int64] = []
        var current: Int64?
        var progress: LakeProgress?
        var objects = ReachableObjects()
        var metadata: TableMetadata?
    }

    private unowned let observation: any Observation
    private let location = ClusterConfiguration.defaultLakeLocation
    private var views: [LakeTableName: View] = [:]
    private var manifestFiles: [String: ReachableObjects.ManifestFiles] = [:]
    /// Hears what is found.
    var tell: (Fact) -> Void = { _ in }

    init(_ observation: any Observation) {
        self.observation = observation
    }

    /// How far the lake reflects a table, by bucket; nil before its first commit.
    public func offsets(of table: String) -> [Int64]? { view(of: table)?.progress?.offsets }

    /// The snapshots of a table, oldest first.
    public func snapshots(of table: String) -> [Int64] { view(of: table)?.snapshots ?? [] }

    private func view(of table: String) -> View? {
        views.keys.sorted().first { $0.name == table }.map { views[$0]! }
    }

    public var commitCount: Int { views.values.reduce(0) { $0 + $1.seenSnapshots.count } }

    /// Whether a snapshot that a table still has needs an object.
    func needs(_ key: String) -> Bool { views.values.contains { $0.objects.contains(key) } }

    var neededKeys: [String] { views.values.flatMap(\.objects.keys).sorted() }

    /// Has a file that is live no more read again if a later commit adds it.
    func forget(_ file: String, of table: LakeTableName) {
        views[table]?.seenFiles.remove(file)
    }

    // MARK: At the moment of a commit

    /// The catalog's pointer of a table was moved to the metadata at `path`.
    public func changed(_ name: LakeTableName, _ path: String) {
        let view = views[name] ?? View()
        views[name] = view
        do {
            guard let bytes = try object(path) else { return }
            let metadata = try TableMetadata(decoding: bytes, path: path)
            for snapshot in metadata.snapshots
            where view.seenSnapshots.insert(snapshot.identifier).inserted {
                try take(snapshot, of: metadata, name, view)
            }
            view.objects.keep(metadata.snapshots.map(\.identifier))
            tell(.lakeMetadata(name, before: view.metadata, now: metadata))
            view.metadata = metadata
        } catch {
            tell(.lakeUnreadable(name, reason: "\(error)"))
        }
    }

    private func take(
        _ snapshot: Snapshot, of metadata: TableMetadata, _ name: LakeTableName, _ view: View
    ) throws {
        guard let listBytes = try object(snapshot.manifestList) else { return }
        let list = try ManifestList(decoding: listBytes, path: snapshot.manifestList)
        let progress = try LakeProgress.at(snapshot, of: metadata)
        let from = snapshot.summary(LakeProgress.fromProperty).flatMap(LakeProgress.parse)
        var commit = LakeCommit(
            table: name, snapshot: snapshot, progress: progress, from: from ?? progress.offsets,
            previous: view.progress, previousSnapshot: view.current)
        commit.isRewrite = snapshot.summary("operation") == "replace"
        for manifest in list.manifests {
            guard view.seenManifests.insert(manifest.path).inserted,
                let bytes = try object(manifest.path)
            else { continue }
            let decoded = try Manifest(decoding: bytes, path: manifest.path)
            for entry in decoded.entries where entry.status == .added {
                if !view.seenFiles.insert(entry.file.path).inserted { continue }
                commit.contents[entry.file.path] = try object(entry.file.path)
                if entry.file.content == .data {
                    commit.dataFiles.append(entry.file.path)
                    commit.rowCount += entry.file.recordCount
                } else {
                    commit.deleteFiles.append(entry.file.path)
                }
            }
        }
        let manifests = try liveFiles(of: list)
        view.objects.add(
            snapshot.identifier, try location.key(of: snapshot.manifestList), manifests)
        if commit.isRewrite {
            commit.live = Set(manifests.flatMap(\.files))
            commit.rowCount = 0
        }
        view.progress = progress
        view.current = snapshot.identifier
        view.snapshots.append(snapshot.identifier)
        tell(.lakeCommitted(commit))
    }

    /// The live files of each manifest; those of one that was seen before are known.
    private func liveFiles(of list: ManifestList) throws -> [ReachableObjects.ManifestFiles] {
        try list.manifests.map { manifest in
            let key = try location.key(of: manifest.path)
            if let known = manifestFiles[manifest.path] { return known }
            var found = ReachableObjects.ManifestFiles(key: key)
            if let bytes = try object(manifest.path) {
                for entry in try Manifest(decoding: bytes, path: manifest.path).entries
                where entry.status != .deleted {
                    found.files.append(entry.file.path)
                    found.keys.append(try location.key(of: entry.file.path))
                }
            }
            manifestFiles[manifest.path] = found
            return found
        }
    }

    /// The bytes of an object that a snapshot names; that there are some is for an oracle to judge.
    private func object(_ path: String) throws -> [UInt8]? {
        let bytes = observation.object(try location.key(of: path))
        tell(.lakeObject(path: path, exists: bytes != nil))
        return bytes
    }
}
