import Changelog
import Platform

/// What a server does with copies of buckets that were given to others while it was away.
extension TabletServer {
    /// Gives up replicas that the coordination service says are not this server's any more.
    func retireReplicas() {
        for bucket in heldBuckets {
            guard let state = mirror.buckets[bucket]?.value,
                !state.replicas.contains(machine.name), let replica = replicas[bucket]
            else { continue }
            replica.retire()
            replicas[bucket] = nil
            machine.observer.reached("replica retired")
            // Not opened again before its files are gone.
            opening.insert(bucket)
            machine.spawn("retirement of \(bucket)") {
                try await replica.closeLog()
                try await self.removeLog(of: bucket)
                self.opening.remove(bucket)
                self.applyStates()
            }
        }
    }

    /// Removes what a former life kept of buckets that are others' by now; what nothing is known of
    /// stays.
    func removeStrayLogs() async throws {
        for bucket in mirror.buckets.keys.sorted() where replicas[bucket] == nil {
            guard let state = mirror.buckets[bucket]?.value,
                !state.replicas.contains(machine.name)
            else { continue }
            try await removeLog(of: bucket)
        }
    }

    private func removeLog(of bucket: BucketIdentifier) async throws {
        do {
            if try await ChangeLog.remove(machine, directory: "logs/\(bucket.path)") {
                machine.observer.reached("stray log removed")
            }
        } catch let error as DiskError {
            // It is tried again at the next start.
            machine.observer.note(.warning, "the old log of \(bucket): \(error)")
        }
    }
}
