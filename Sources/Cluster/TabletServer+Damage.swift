import Changelog
import Platform

/// What a server does about logs that are not what was written.
///
/// A damaged replica leaves the in-sync set before anything of it is thrown away, empties its log
/// and fetches everything again. If no other replica holds all that was acknowledged, it refuses
/// instead: the data has to be restored by people, not dropped by a program.
///
/// A torn tail is cut without that: by all rules nobody was told that it was durable. But a device
/// that lost a write which it had acknowledged leaves the very same (Alagappan et al.,
/// "Protocol-Aware Recovery for Consensus-Based Storage", FAST 2018), so where others are in sync
/// the replica leaves them until it has fetched what it lacks: as a leader it would undo it.
extension TabletServer {
    /// Opens a bucket's log; nil if it is damaged and nobody else has what it held.
    func openLog(of bucket: BucketIdentifier) async throws -> ChangeLog? {
        let directory = "logs/\(bucket.path)"
        var logConfiguration = ChangeLogConfiguration()
        logConfiguration.segmentByteCount = configuration.segmentByteCount
        logConfiguration.segmentDuration = configuration.segmentDuration
        logConfiguration.indexInterval = configuration.logIndexByteCount
        logConfiguration.tailByteCount = configuration.tailByteCount
        logConfiguration.writerExpiration = configuration.writerExpiration
        do {
            let log = try await ChangeLog.open(
                machine, directory: directory, configuration: logConfiguration,
                groupCommit: groupCommit)
            if try await isSuspect(bucket) {
                try await log.verify()
                try await clearSuspicion(of: bucket)
            }
            if log.recovery.tornByteCount > 0, try await leaveInSync(bucket) {
                machine.observer.reached("torn replica stays out of the in-sync set")
            }
            return log
        } catch ChangelogError.damaged(let damage) {
            machine.observer.reached("damaged log")
            machine.observer.note(.warning, "\(bucket): \(damage)")
            if try await !leaveInSync(bucket) {
                machine.observer.note(
                    .warning, "\(bucket) is not served here: no other replica holds all of it")
                return nil
            }
            let log = try await ChangeLog.open(
                machine, directory: directory, configuration: logConfiguration, policy: .cut,
                groupCommit: groupCommit)
            try await log.truncateFullyAndStart(at: 0)
            try await clearSuspicion(of: bucket)
            return log
        }
    }

    /// Takes this server out of a bucket's in-sync set; false if no one would be left in it.
    func leaveInSync(_ bucket: BucketIdentifier) async throws -> Bool {
        let key = MetadataKey.bucket(bucket).text
        var retry = Backoff(configuration)
        while true {
            do {
                guard let entry = try await machine.coordination.get(key) else { return true }
                var state = try mirror.read(BucketState.self, from: entry.value)
                if !state.inSync.contains(machine.name) { return true }
                state.inSync.removeAll { $0 == machine.name }
                if state.inSync.isEmpty { return false }
                if state.leader?.server == machine.name { state.leader = nil }
                state.checkInvariants()
                let result = try await machine.coordination.commit(
                    CoordinationTransaction(
                        conditions: [.revision(key: key, entry.revision)],
                        operations: [.put(key: key, value: mirror.stored(state), lease: nil)]))
                if case .committed(let revision) = result {
                    mirror.learn(bucket, state, at: revision)
                    return true
                }
            } catch let error as ClusterError {
                machine.observer.note(.warning, "state of \(bucket): \(error)")
                try await machine.sleep(retry.next(machine.entropy))
            } catch is CoordinationError {
                // Whether it was done or not, the next look tells.
                try await machine.sleep(retry.next(machine.entropy))
            }
        }
    }

    // MARK: Suspicion

    /// Notes on the disk that a read found damage, so that the next start looks at everything.
    static func markForVerification(_ bucket: BucketIdentifier, on machine: Machine) async throws {
        let file = try await machine.disk.open(verificationMark(of: bucket), .any)
        try await file.sync()
        await file.close()
        try await machine.disk.syncDirectory("")
    }

    private func isSuspect(_ bucket: BucketIdentifier) async throws -> Bool {
        let name = Self.verificationMark(of: bucket)
        return try await machine.disk.list("").contains(name)
    }

    private func clearSuspicion(of bucket: BucketIdentifier) async throws {
        do {
            try await machine.disk.remove(Self.verificationMark(of: bucket))
            try await machine.disk.syncDirectory("")
        } catch DiskError.notFound {
        }
    }

    private static func verificationMark(of bucket: BucketIdentifier) -> String {
        "verify-" + bucket.path.split(separator: "/").joined(separator: "-")
    }
}
