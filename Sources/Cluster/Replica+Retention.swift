import Changelog
import Platform
import RemoteLog

/// How a leader lets the oldest part of its bucket's log go, and deletes what nobody needs.
///
/// The order is what keeps readers whole: first the manifest without the expired segments is the
/// current one, in one compare-and-swap that only the present leader can make, and only then their
/// objects go. A reader that was under way finds an object gone, asks which manifest is the current
/// one, and is told where the log starts.
extension Replica {
    /// Gives up segments that have expired, by age or size, and that nobody relies on: the lake and
    /// the vector index have to have what is in them, and the rows' snapshot to hold what they did.
    func expireSegments(_ retention: LogRetention, in leadership: Leadership) async throws {
        if mirror.format < .expiring || leadership.isEnded { return }
        let known = mirror.remoteLogs[bucket]
        // The next manifest must be built on the very one that it replaces.
        if known == nil || known?.value.key != remoteLog.manifestKey { return }
        let rows = table.isPrimaryKeyTable ? leadership.snapshots?.neededOffset ?? 0 : .max
        func expiredCount(_ consumed: Int64) -> Int {
            remoteLog.expiredCount(
                at: machine.clock.timestamp, timeToLive: retention.timeToLive,
                byteCount: retention.byteCount, below: min(highWatermark, rows, consumed))
        }
        if expiredCount(mirror.consumedOffset(of: bucket, table)) == 0 { return }
        // News may be late, so it is asked anew who holds the log; and whoever begins to hold it
        // after that changes an entry on which the commit depends.
        let holds = try await mirror.holds(on: bucket, table)
        let count = expiredCount(holds.limit)
        if count == 0 || known?.value.key != remoteLog.manifestKey { return }
        let draft = try await remoteLog.removeFirst(count, leaderEpoch: leadership.epoch)
        if try await publish(draft, known, if: [holds.condition], in: leadership) {
            machine.observer.reached("log segments expired")
        }
    }

    /// Deletes what the current manifest gave up, and now and then what earlier leaders left.
    func collectRemoteObjects(in leadership: Leadership) async throws {
        let count = try await remoteLog.collect { !leadership.isEnded }
        if count > 0 { machine.observer.reached("remote log objects collected") }
        if leadership.isEnded || machine.clock.now < leadership.orphanCheckAt { return }
        let orphans = try await remoteLog.collectOrphans(before: leadership.epoch) {
            try await self.isCurrent(
                remoteLog.manifestKey, at: .remoteLog(bucket), in: leadership)
        }
        // News may be late: what was not the current manifest is by the next round.
        guard let orphans else { return }
        if orphans > 0 { machine.observer.reached("orphans of the remote log collected") }
        leadership.orphanCheckAt = machine.clock.now + configuration.orphanCheckInterval
    }

    /// Whether the coordination service says that this term stands, and that the manifest that is
    /// known here is the current one.
    func isCurrent(
        _ manifest: String?, at pointerKey: MetadataKey, in leadership: Leadership
    ) async throws -> Bool {
        let state = try await machine.coordination.get(MetadataKey.bucket(bucket).text)
        let pointer = try await machine.coordination.get(pointerKey.text)
        guard let state, !leadership.isEnded,
            try mirror.read(BucketState.self, from: state.value).leaderEpoch == leadership.epoch
        else { return false }
        return try pointer.map { try mirror.read(ManifestPointer.self, from: $0.value).key }
            == manifest
    }
}
