import Columnar
import KeyValue
import Platform
import RemoteLog

/// The snapshots of one bucket's rows in the object store, as its leader keeps them for a term.
///
/// A snapshot shares files with the one before it. The current one is what the coordination service
/// names; that one names the few before it that are kept; and readers keep others by leases. What
/// none of them needs is deleted, after the snapshot that replaced it has become the current one
/// and the leases were asked for: from then on nobody can take a lease on it.
final class RowSnapshots {
    struct Snapshot {
        var key: String
        var manifest: RowSnapshotManifest

        /// Everything that the snapshot needs.
        var objects: [String] { [key] + manifest.fileKeys }
    }

    private let machine: Machine
    private let mirror: MetadataMirror
    private let bucket: BucketIdentifier
    private let epoch: Int32
    private let objects: EpochObjects
    /// What was uploaded in this term for a snapshot that is not known to be the current one, by
    /// content.
    private var uploaded: [String: String] = [:]
    /// Those that may be needed, by key.
    private var known: [String: Snapshot] = [:]
    /// The current one.
    private(set) var current: Snapshot?
    /// Whether objects of the current one are gone: the next is made in any case, of its own files.
    var isLost = false
    /// All snapshots that are needed have the changes below; nil while that is not known.
    private(set) var neededOffset: Int64?

    init(
        _ machine: Machine, _ mirror: MetadataMirror, _ bucket: BucketIdentifier, epoch: Int32
    ) {
        self.machine = machine
        self.mirror = mirror
        self.bucket = bucket
        self.epoch = epoch
        objects = EpochObjects(machine, folder: "snapshots/\(bucket.path)")
    }

    // MARK: Reading

    /// Reads the manifest at a key, `anew` even if it was read before; throws `ObjectStoreError`
    /// and `KeyValueError`.
    func load(_ key: String, anew isAnew: Bool = false) async throws -> Snapshot {
        if !isAnew, let known = known[key] { return known }
        let bytes = try await machine.objectStore.get(key)
        let snapshot = Snapshot(
            key: key, manifest: try RowSnapshotManifest(decoding: bytes, at: key))
        known[key] = snapshot
        return snapshot
    }

    /// Takes a snapshot that the coordination service names for the current one.
    func adopt(_ snapshot: Snapshot) { current = snapshot }

    // MARK: Making

    /// Uploads what a store has gained and a manifest of it, which is to become the current one.
    ///
    /// Only what the current snapshot has is taken for there: another leader may be deleting
    /// anything else. Nil if the term ended meanwhile.
    func upload(
        _ store: KeyValueStore, keeping count: Int, while isWanted: () -> Bool
    ) async throws -> Snapshot? {
        let snapshot = try await store.snapshot()
        defer { store.release(snapshot) }
        let isPlain = mirror.format < .expiring
        let shared = isLost ? [:] : current?.manifest.keysByContent ?? [:]
        var keys: [String] = []
        for file in snapshot.files {
            if !isWanted() { return nil }
            if let key = shared[file.contentName] ?? uploaded[file.contentName] {
                keys.append(key)
                continue
            }
            let key =
                isPlain
                ? "snapshots/\(bucket.path)/\(file.contentName)"
                : objects.newKey(at: snapshot.appliedOffset, leaderEpoch: epoch, "table")
            do {
                _ = try await machine.objectStore.put(
                    try await store.read(file, of: snapshot), at: key, .ifAbsent)
            } catch ObjectStoreError.preconditionFailed where isPlain {
                // The name says what is in it: the same file was uploaded before.
            }
            uploaded[file.contentName] = key
            keys.append(key)
        }
        var manifest = RowSnapshotManifest(
            endOffset: snapshot.appliedOffset, earlier: [], fileKeys: keys,
            store: snapshot.manifest)
        if let current, !isLost {
            let last = RowSnapshotManifest.Earlier(
                key: current.key, endOffset: current.manifest.endOffset)
            manifest.earlier = Array(([last] + current.manifest.earlier).prefix(max(1, count) - 1))
        }
        let key = objects.newKey(at: manifest.endOffset, leaderEpoch: epoch, "manifest")
        _ = try await machine.objectStore.put(
            isPlain ? manifest.store : manifest.encoded(), at: key, .ifAbsent)
        return Snapshot(key: key, manifest: manifest)
    }

    /// Notes that what `upload` made has become the current one.
    func published(_ snapshot: Snapshot) {
        known[snapshot.key] = snapshot
        current = snapshot
        uploaded = [:]
        isLost = false
        // A set is made of them, so any order will do.
        objects.settle(named: Set(known.values.flatMap(\.objects)), former: [])
    }

    // MARK: Collection

    /// Deletes what no snapshot that is kept, or held by a reader's lease, needs; `isDue` also what
    /// leaders before this one left, and the answer is whether it looked for that. Throws
    /// `ObjectStoreError`, `CoordinationError`, `KeyValueError`.
    func collect(
        orphans isDue: Bool, while isWanted: () -> Bool, isCurrent: () async throws -> Bool
    ) async throws -> Bool {
        guard mirror.format >= .expiring, let current, isWanted() else { return false }
        var needed = [current]
        for earlier in current.manifest.earlier {
            do { needed.append(try await load(earlier.key)) } catch ObjectStoreError.notFound {
                // Lost: it is no help to anyone, and what it shares with others is theirs.
            }
        }
        for lease in try await leases() where !needed.contains(where: { $0.key == lease.key }) {
            do { needed.append(try await load(lease.key)) } catch ObjectStoreError.notFound {
                machine.observer.note(.warning, "\(bucket): leased snapshot \(lease.key) is gone")
                continue
            }
            machine.observer.reached("row snapshot held by a lease")
        }
        let named = Set(needed.flatMap(\.objects))
        for key in known.keys.sorted() where !named.contains(key) {
            objects.give(up: known.removeValue(forKey: key)!.objects, except: named)
        }
        neededOffset = needed.map(\.manifest.endOffset).min()
        let count = try await objects.collect(while: isWanted)
        if count > 0 { machine.observer.reached("row snapshot objects collected") }
        if !isDue || !isWanted() { return false }
        let orphans = try await objects.collectOrphans(before: epoch) {
            try await isCurrent() ? named : nil
        }
        guard let orphans else { return false }
        if orphans > 0 { machine.observer.reached("orphans of row snapshots collected") }
        return true
    }

    /// The snapshots that readers hold at this moment.
    private func leases() async throws -> [ManifestPointer] {
        let prefix = MetadataKey.snapshotLeases(bucket).text
        return try await machine.coordination.range(prefix: prefix).entries.map {
            try mirror.read(ManifestPointer.self, from: $0.value)
        }
    }
}
