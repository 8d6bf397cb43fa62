import Columnar
import KeyValue
import Platform

/// A bucket's rows as of one offset, read from the object store and not from a server.
///
/// The snapshot's objects stay as long as the reader renews its lease, and the log from
/// `endOffset` on with them, so that the changes since can be read after the rows.
public final class RowSnapshotReader {
    public let bucket: BucketIdentifier
    /// All changes below are in the rows, none from it on.
    public let endOffset: Int64
    /// The manifest that is read.
    let key: String
    private let machine: Machine
    private let lease: LeaseIdentifier
    private let folder: String
    private let store: KeyValueStore

    fileprivate init(
        _ bucket: BucketIdentifier, _ snapshot: RowSnapshots.Snapshot, _ machine: Machine,
        _ lease: LeaseIdentifier, _ folder: String, _ store: KeyValueStore
    ) {
        self.bucket = bucket
        endOffset = snapshot.manifest.endOffset
        key = snapshot.key
        self.machine = machine
        self.lease = lease
        self.folder = folder
        self.store = store
    }

    /// Some rows after a key, in key order, each with its encoded key; none at the end.
    ///
    /// They are on the reader's own disk by then: no lease is needed for them.
    public func rows(
        after key: [UInt8]?, limit: Int
    ) async throws -> [(key: [UInt8], row: [UInt8])] {
        try await store.scan(
            from: key.map { $0 + [0] }, limit: max(1, limit),
            byteCount: ClusterConfiguration.answerByteCountLimit
        ).map { ($0.key, $0.value) }
    }

    /// Keeps the log from `endOffset` on; false once the lease is lost.
    public func renew() async throws -> Bool {
        do {
            try await machine.coordination.renewLease(lease)
        } catch CoordinationError.leaseExpired {
            return false
        } catch is CoordinationError {
            // The next renewal tells.
        }
        return true
    }

    /// Lets the snapshot and the log go, and removes the rows from the reader's disk.
    public func close() async throws {
        do { try await machine.coordination.revokeLease(lease) } catch is CoordinationError {
            // It ends by itself.
        }
        try await KeyValueStore.destroy(machine, directory: folder)
    }
}

extension ClusterClient {
    /// Opens the newest snapshot of a bucket's rows and holds it for `duration`, and again with
    /// each `renew`.
    ///
    /// `ClusterError.recovering` while there is none, `.busy` where a service did not answer or the
    /// lease was too short for the download.
    public func openSnapshot(
        of bucket: BucketIdentifier, for duration: Duration
    ) async throws -> RowSnapshotReader {
        do {
            let (pointer, lease) = try await leaseSnapshot(of: bucket, for: duration)
            let folder = "row-snapshots/\(machine.entropy.uuid())"
            let snapshots = RowSnapshots(machine, mirror, bucket, epoch: pointer.leaderEpoch)
            let snapshot = try await snapshots.load(pointer.key)
            var settings = KeyValueConfiguration()
            settings.memoryByteCount = configuration.rowMemoryByteCount
            settings.cacheByteCount = configuration.rowMemoryByteCount
            let store = try await KeyValueStore.restore(
                machine, directory: folder, configuration: settings, snapshot)
            return RowSnapshotReader(bucket, snapshot, machine, lease, folder, store)
        } catch ObjectStoreError.notFound(let key) {
            throw ClusterError.busy(
                reason: "object \(key) of a row snapshot of \(bucket) is gone: if its lease of "
                    + "\(duration) lasted, restore it; else ask again with a longer one")
        } catch let error as ObjectStoreError {
            throw ClusterError.busy(reason: "\(error)")
        } catch let error as CoordinationError {
            throw ClusterError.busy(reason: "\(error)")
        } catch let error as DiskError {
            throw ClusterError.busy(reason: "\(machine.name): \(error)")
        } catch let error as KeyValueError {
            throw ClusterError.damaged(bucket, detail: "\(error)")
        }
    }

    /// Takes a lease on what is the current snapshot at the moment of taking it: the commit is
    /// refused if another has become that meanwhile, and whoever deletes the one before asks for
    /// leases after that.
    private func leaseSnapshot(
        of bucket: BucketIdentifier, for duration: Duration
    ) async throws -> (ManifestPointer, LeaseIdentifier) {
        let path = MetadataKey.snapshot(bucket).text
        var retry = Backoff(configuration)
        while true {
            guard let entry = try await machine.coordination.get(path) else {
                throw ClusterError.recovering(bucket)
            }
            let pointer = try mirror.read(ManifestPointer.self, from: entry.value)
            let lease = try await machine.coordination.grantLease(duration)
            let key = MetadataKey.snapshotLease(bucket, reader: machine.entropy.uuid()).text
            let result = try await machine.coordination.commit(
                CoordinationTransaction(
                    conditions: [.revision(key: path, entry.revision)],
                    operations: [.put(key: key, value: mirror.stored(pointer), lease: lease)]))
            if case .committed = result { return (pointer, lease) }
            machine.observer.reached("row snapshot replaced while it was leased")
            try await machine.sleep(retry.next(machine.entropy))
        }
    }
}
