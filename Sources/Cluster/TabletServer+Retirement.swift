import Changelog
import Platform

/// What a server does with copies of buckets that were given to others while it was away.
extension TabletServer {
    /// Gives up replicas that the coordination service says are not this server's any more.
    func retireReplicas() {
        for bucket in heldBuckets {
            guard let state = mirror.buckets[bucket]?.value,
                !state.replicas.contains(machine.name), let replica = retire(bucket)
            else { continue }
            machine.observer.reached("replica retired")
            removeFiles(of: bucket) { try await self.end(replica) }
        }
    }

    /// Removes what a former life kept of buckets that are others' by now; what nothing is known of
    /// stays.
    func removeStrayLogs() async throws {
        for (path, _) in try await ownedFolders() {
            guard let bucket = bucket(at: path),
                replicas[bucket] == nil, !opening.contains(bucket),
                let state = mirror.buckets[bucket]?.value, !state.replicas.contains(machine.name)
            else { continue }
            machine.observer.reached("stray log removed")
            removeFiles(of: bucket) {}
        }
    }

    /// Removes a bucket's files once `end` is done; the bucket is not opened again before that.
    private func removeFiles(
        of bucket: BucketIdentifier, after end: @escaping () async throws -> Void
    ) {
        opening.insert(bucket)
        machine.spawn("removal of \(bucket)") {
            try await end()
            _ = try await self.removeFiles(of: bucket.path)
            self.opening.remove(bucket)
            self.applyStates()
        }
    }
}
