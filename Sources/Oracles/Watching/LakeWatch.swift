public import Cluster
import Iceberg
public import LakeTiering
public import Platform
import Server

/// Reads every commit to the lake the moment it is made, from the objects as they are then.
public final class LakeWatch {
    /// One table's lake, as all commits so far make it.
    private final class View {
        var name: LakeTableName
        /// As it was made.
        let firstName: LakeTableName
        var seenSnapshots: Set<Int64> = []
        /// By their identities: deletion vectors may share a file.
        var files: [String: LakeFile] = [:]
        var states: [Int64: LakeState] = [:]
        var snapshots: [Int64] = []
        var current: Int64?
        var progress: LakeProgress?
        var objects = ReachableObjects()
        var metadata: TableMetadata?
        /// Of the object with its metadata.
        var metadataKey = ""
        /// Of the objects that its metadata names beside those of its snapshots.
        var namedKeys: Set<String> = []
        /// Of all objects that any state of it so far has needed.
        var everNeeded: Set<String> = []

        init(_ name: LakeTableName) {
            self.name = name
            firstName = name
        }

        /// Whether another program gave it a name by which no tierer looks for it.
        var isRenamed: Bool { name != firstName }

        func needs(_ key: String) -> Bool {
            objects.contains(key) || metadataKey == key || namedKeys.contains(key)
        }
    }

    private unowned let observation: any Observation
    private var location: LakeLocation {
        observation.deployment.configuration.lakeLocation
    }
    /// By UUID, in the order in which they were first seen.
    private var views: [String: View] = [:]
    private var order: [String] = []
    private var manifestFiles: [String: ReachableObjects.ManifestFiles] = [:]
    /// Hears what is found.
    var tell: (Fact) -> Void = { _ in }

    init(_ observation: any Observation) {
        self.observation = observation
    }

    /// How far the lake reflects a table, by bucket; nil before its first commit.
    public func offsets(of table: TableDescription) -> LakeOffsets? {
        view(of: table)?.progress?.offsets
    }

    /// As `offsets(of:)`, of the table that was the last to have a name.
    public func offsets(of table: String) -> LakeOffsets? { view(of: table)?.progress?.offsets }

    /// The snapshots of a table, oldest first.
    public func snapshots(of table: TableDescription) -> [Int64] {
        view(of: table)?.snapshots ?? []
    }

    /// Whether a table still has a snapshot.
    func has(_ snapshot: Int64, of table: TableDescription) -> Bool {
        view(of: table)?.metadata?.snapshot(snapshot) != nil
    }

    /// The files of a snapshot that a table has, or has had not long ago.
    public func state(of table: String, at snapshot: Int64) -> LakeState? {
        order.reversed().lazy.compactMap { self.views[$0] }.first {
            $0.name.name == table && $0.states[snapshot] != nil
        }?.states[snapshot]
    }

    /// The last lake table of just this table, and of none that had its name before.
    private func view(of table: TableDescription) -> View? {
        order.reversed().lazy.compactMap { self.views[$0] }.first {
            $0.progress?.tableIdentifier == table.identifier
        }
    }

    /// The table that was the last to have a name.
    private func view(of table: String) -> View? {
        order.reversed().lazy.compactMap { self.views[$0] }.first { $0.name.name == table }
    }

    public var commitCount: Int { views.values.reduce(0) { $0 + $1.seenSnapshots.count } }

    /// Whether a snapshot that a table still has, or that a reader holds, needs an object.
    func needs(_ key: String) -> Bool {
        views.values.contains { $0.needs(key) }
    }

    /// The keys in a table's folder that nothing needs, in order.
    func unneededKeys(in folder: Folder) -> [String] {
        // Nearly all are of the table itself.
        let owner = views[folder.metadata.uuid]
        return observation.objectKeys(prefix: folder.prefix).filter {
            owner?.needs($0) != true && !needs($0)
        }
    }

    /// Whether any state of a table that was seen so far has needed an object.
    func hasNeeded(_ key: String) -> Bool {
        views.values.contains { $0.everNeeded.contains(key) }
    }

    /// A table as its last commit left it, with who writes it and the keys of its objects.
    struct Folder {
        var name: LakeTableName
        var metadata: TableMetadata
        /// The epoch of the tierer that wrote the table's state.
        var epoch: Int64
        var prefix: String
    }

    /// The folders of all tables that our tierers write, those aside whose name another has now,
    /// and those that others renamed.
    var folders: [Folder] {
        order.compactMap { identity in
            guard let view = views[identity], !view.isRenamed, let metadata = view.metadata,
                let progress = view.progress,
                self.view(of: view.name.name)?.metadata?.uuid == identity,
                let prefix = try? location.key(of: metadata.location + "/")
            else { return nil }
            return Folder(
                name: view.name, metadata: metadata, epoch: progress.epoch, prefix: prefix)
        }
    }

    /// The keys of what a table's metadata names beside the files of its snapshots: the metadata
    /// before it, and files of statistics.
    private func keysNamed(by metadata: TableMetadata) -> Set<String> {
        Set(
            (Array(metadata.previousFiles) + metadata.statisticsFiles).compactMap {
                try? location.key(of: $0)
            })
    }

    var neededKeys: [String] {
        views.values.flatMap {
            $0.objects.keys + [$0.metadataKey] + $0.namedKeys.sorted()
        }.sorted()
    }

    /// An object goes just now: if it is a lease, what it held is needed no more for its sake.
    func deleted(_ key: String) {
        guard key.contains("/\(LakeTable.leaseFolder)/") else { return }
        for identity in order {
            guard let view = views[identity], let metadata = view.metadata else { continue }
            view.objects.keep(
                metadata.snapshots.map(\.identifier) + heldSnapshots(of: metadata, besides: key))
        }
    }

    // MARK: At the moment of a commit

    /// The catalog's pointer of a table was moved to the metadata at `path`.
    public func changed(_ name: LakeTableName, _ path: String) {
        do {
            guard let bytes = try object(path) else { return }
            let metadata = try TableMetadata(decoding: bytes, path: path)
            let view = views[metadata.uuid] ?? View(name)
            if views.updateValue(view, forKey: metadata.uuid) == nil { order.append(metadata.uuid) }
            view.name = name
            view.metadataKey = try location.key(of: path)
            view.namedKeys = keysNamed(by: metadata)
            view.everNeeded.formUnion(view.namedKeys.union([view.metadataKey]))
            for snapshot in metadata.snapshots
            where view.seenSnapshots.insert(snapshot.identifier).inserted {
                try take(snapshot, of: metadata, name, view)
            }
            // Others may have rolled it back.
            view.current = metadata.currentSnapshot
            view.progress = try LakeProgress.current(of: metadata)
            let kept = metadata.snapshots.map(\.identifier)
            view.objects.keep(kept + heldSnapshots(of: metadata))
            forget(view, besides: kept)
            tell(.lakeMetadata(name, before: view.metadata, now: metadata))
            view.metadata = metadata
        } catch {
            tell(.lakeUnreadable(name, reason: "\(error)"))
        }
    }

    /// Snapshots that expire now although a reader had a lease before that. Other programs know of
    /// no leases.
    private func heldSnapshots(of metadata: TableMetadata, besides gone: String = "") -> [Int64] {
        if observation.hasForeignWriters { return [] }
        guard let place = try? location.key(of: metadata.location + "/") else { return [] }
        let leases = observation.objectKeys(prefix: place + LakeTable.leaseFolder + "/")
        return leases.filter { $0 != gone }.compactMap { key in
            Int64((key.split(separator: "/").last ?? "").prefix { $0 != "-" })
        }
    }

    /// Lets states go that the table has no more, but for the last few.
    private func forget(_ view: View, besides kept: [Int64]) {
        let kept = Set(kept + view.snapshots.suffix(16))
        for snapshot in view.states.keys.sorted() where !kept.contains(snapshot) {
            view.states[snapshot] = nil
        }
        let live = Set(view.states.values.flatMap { $0.files.map(\.file.identity) })
        for name in view.files.keys.sorted() where !live.contains(name) { view.files[name] = nil }
    }

    private func take(
        _ snapshot: Snapshot, of metadata: TableMetadata, _ name: LakeTableName, _ view: View
    ) throws {
        guard let listBytes = try object(snapshot.manifestList) else { return }
        let list = try ManifestList(decoding: listBytes, path: snapshot.manifestList)
        let progress = try LakeProgress.at(snapshot, of: metadata)
        let from = LakeProgress.start(of: snapshot)
        var commit = LakeCommit(
            table: name, identity: metadata.uuid, snapshot: snapshot, progress: progress,
            from: from ?? progress.offsets, previous: view.progress,
            previousSnapshot: view.current)
        commit.kept = Set(metadata.snapshots.map(\.identifier))
        commit.formatVersion = metadata.formatVersion
        commit.state.partitions = progress.partitions ?? []
        let manifests = try liveFiles(of: list, &commit, metadata)
        let listKey = try location.key(of: snapshot.manifestList)
        view.objects.add(snapshot.identifier, listKey, manifests)
        view.everNeeded.formUnion([listKey] + manifests.flatMap { [$0.key] + $0.keys })
        for entry in manifests.flatMap(\.entries) {
            var file = view.files[entry.file.identity]
            if file == nil {
                // An oracle judges that there is one.
                let made = LakeFile(
                    entry.file, entry.values, try object(entry.file.path) ?? [])
                file = made
                view.files[entry.file.identity] = made
                commit.added.insert(entry.file.path)
                if entry.file.content == .data && !commit.isRewrite {
                    commit.rowCount += entry.file.recordCount
                }
            }
            commit.state.files.append(
                LakeState.LiveFile(file: file!, sequence: entry.sequenceNumber))
        }
        view.states[snapshot.identifier] = commit.state
        view.progress = progress
        view.current = snapshot.identifier
        view.snapshots.append(snapshot.identifier)
        tell(.lakeCommitted(commit))
    }

    /// The live files of each manifest; those of one that was seen before are known, the others
    /// are the commit's.
    private func liveFiles(
        of list: ManifestList, _ commit: inout LakeCommit, _ metadata: TableMetadata
    ) throws -> [ReachableObjects.ManifestFiles] {
        try list.manifests.map { manifest in
            let key = try location.key(of: manifest.path)
            if let known = manifestFiles[manifest.path] { return known }
            var found = ReachableObjects.ManifestFiles(key: key)
            if let bytes = try object(manifest.path) {
                let content = try Manifest(decoding: bytes, path: manifest.path)
                commit.manifests.append(
                    LakeCommit.WrittenManifest(
                        described: manifest, content: content, byteCount: bytes.count))
                for entry in content.entries where entry.status != .deleted {
                    let values = content.header.identityValues(
                        of: entry.file, in: metadata.schema.columns)
                    found.entries.append(
                        ReachableObjects.LiveFile(
                            file: entry.file, values: values,
                            sequenceNumber: entry.sequenceNumber ?? manifest.sequenceNumber))
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
