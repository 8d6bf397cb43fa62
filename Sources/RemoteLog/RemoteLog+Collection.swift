import Columnar
public import Platform

/// Giving up what has expired, and deleting what no reader of the remote log can need.
extension RemoteLog {
    /// How many of the oldest segments have expired.
    ///
    /// They are older than `timeToLive` at `now`, or not needed to hold `byteCount` bytes, and they
    /// end by `limit`, below which nobody relies on them.
    public func expiredCount(
        at now: Timestamp, timeToLive: Duration?, byteCount: Int64?, below limit: Int64
    ) -> Int {
        // Commit timestamps do not go back: what is not known to be older is not younger either
        // than what follows.
        var timestamps: [Timestamp?] = manifest.segments.map(\.maximumTimestamp)
        for position in timestamps.indices.reversed().dropFirst() where timestamps[position] == nil
        {
            timestamps[position] = timestamps[position + 1]
        }
        var remaining = manifest.segments.reduce(0) { $0 + $1.byteCount }
        var count = 0
        for (segment, timestamp) in zip(manifest.segments, timestamps) {
            if segment.endOffset > limit { break }
            let isOld =
                if let timeToLive, let timestamp {
                    now.millisecondsSinceEpoch - timestamp.millisecondsSinceEpoch
                        > timeToLive.nanoseconds / 1_000_000
                } else { false }
            let isTooMuch = byteCount.map { remaining - segment.byteCount >= $0 } ?? false
            if !isOld && !isTooMuch { break }
            remaining -= segment.byteCount
            count += 1
        }
        return count
    }

    /// Everything that is needed, as far as this node has heard.
    public var named: Set<String> { Set(manifest.keys + (manifestKey.map { [$0] } ?? [])) }

    /// Deletes what the current manifest gave up, as long as `isWanted`: see `EpochObjects`.
    @discardableResult
    public func collect(while isWanted: () -> Bool) async throws -> Int {
        do {
            return try await objects.collect(while: isWanted)
        } catch let error as ObjectStoreError {
            throw RemoteLogError.unavailable(reason: "\(error)")
        }
    }

    /// Deletes the objects of leaders before `epoch` that the current manifest does not name:
    /// `isCurrent` asks whether this term stands and `manifestKey` is the current one. Nil if it
    /// does not or is not.
    @discardableResult
    public func collectOrphans(
        before epoch: Int32, isCurrent: () async throws -> Bool
    ) async throws -> Int? {
        do {
            return try await objects.collectOrphans(before: epoch) {
                try await isCurrent() ? named : nil
            }
        } catch let error as ObjectStoreError {
            throw RemoteLogError.unavailable(reason: "\(error)")
        }
    }

    /// Forgets what an earlier term left to be deleted: it is found again by `collectOrphans`.
    public func forgetGarbage() {
        objects.forget()
        drafts = [:]
    }
}
