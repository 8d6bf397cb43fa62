import KeyValue
import Platform

/// One term of a replica as the leader of its bucket.
final class Leadership {
    final class Follower {
        /// The follower's log is durable up to here.
        var endOffset: Int64 = 0
        /// When it last held everything.
        var caughtUpAt: Instant
        var lastFetchAt: Instant
        /// The leader's end when it last fetched.
        var endAtLastFetch = Int64.max

        init(caughtUpAt: Instant, lastFetchAt: Instant) {
            self.caughtUpAt = caughtUpAt
            self.lastFetchAt = lastFetchAt
        }
    }

    let epoch: Int32
    /// The end of the log when the term began.
    let startOffset: Int64
    let startedAt: Instant
    /// The bucket's state as last known to stand in the coordination service.
    var state: MetadataMirror.Versioned<BucketState>
    /// The in-sync set that is being written; until the outcome is known both count.
    var proposedInSync: [String]?
    var followers: [String: Follower] = [:]
    /// The rows of a primary-key table, once they are fully recovered.
    var tablet: KeyValueTablet?
    /// The scans of rows that are under way, by number.
    var scans: [Int64: RowScan] = [:]
    /// Scans that were begun in this term.
    var scanCount: Int64 = 0
    /// The snapshots of the rows, once they are restored from one.
    var snapshots: RowSnapshots?
    /// When to look next for what earlier leaders left in the object store.
    var orphanCheckAt: Instant
    var snapshotOrphanCheckAt: Instant
    private(set) var isEnded = false

    init(
        epoch: Int32, startOffset: Int64, startedAt: Instant,
        state: MetadataMirror.Versioned<BucketState>
    ) {
        precondition(epoch >= 0, "a term without an epoch")
        precondition(startOffset >= 0, "a term that starts before the log")
        self.epoch = epoch
        self.startOffset = startOffset
        self.startedAt = startedAt
        orphanCheckAt = startedAt
        snapshotOrphanCheckAt = startedAt
        self.state = state
    }

    /// Everyone who may count as in sync: the known set and the one that is being written.
    var maximalInSync: [String] {
        guard let proposedInSync else { return state.value.inSync }
        return state.value.inSync
            + proposedInSync.filter { !state.value.inSync.contains($0) }
    }

    func end() { isEnded = true }
}
