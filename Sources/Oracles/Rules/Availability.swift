public import Cluster
import Platform

extension OracleName {
    public static let availability = OracleName("availability")
}

/// A bucket takes writes and answers lookups within a bound while those in its in-sync set are
/// healthy and connected, whatever else is broken.
///
/// The bound is `Evidence.patience`. As long nothing may have disturbed the bucket's in-sync set,
/// the coordinators, the clients, the network and the coordination service; for lookups also the
/// object store, from which a new leader may need its rows. What happens to other servers, to
/// tierers and indexers, to the store and the catalog is no excuse for a write that waits.
public final class Availability: Oracle {
    public static let description = OracleDescription(
        .availability, "a bucket whose in-sync set is well serves writes and lookups in time",
        compares: "seconds of buckets that were asked to serve",
        needs: [.cluster, .faults], isAmongAll: false)

    /// From when on a bucket that keeps a write waiting counts as not available, for figures.
    static let slow = Duration.seconds(1)

    /// What clients wait for in one bucket.
    private struct Waiting {
        /// When each change without an outcome was sent, by its number.
        var writes: [Int: Int64] = [:]
        /// Since when no lookup or scan has been answered that was asked.
        var readsSince: Int64?
        var reason = ""
        var isTold = false
        /// Seconds in which it was asked to serve, and in which it kept somebody waiting.
        var seconds = 0
        var slowSeconds = 0
    }

    private let evidence: Evidence
    private let tally: Tally
    private var buckets: [BucketIdentifier: Waiting] = [:]

    public init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    private var now: Int64 { evidence.observation.nanoseconds }

    public func learned(_ fact: Fact) {
        switch fact {
        case .sent(let bucket, let change):
            buckets[bucket, default: Waiting()].writes[change] = now
        case .settled(let bucket, let change): buckets[bucket]?.writes[change] = nil
        case .answered(_, let bucket): buckets[bucket]?.readsSince = nil
        case .heldOff(_, let bucket, let reason):
            if buckets[bucket, default: Waiting()].readsSince == nil {
                buckets[bucket]!.readsSince = now
            }
            buckets[bucket]!.reason = reason
        case .second: for bucket in buckets.keys.sorted() { judge(bucket) }
        default: break
        }
    }

    private func judge(_ bucket: BucketIdentifier) {
        var waiting = buckets[bucket]!
        defer { buckets[bucket] = waiting }
        // In any order: the least of them is sought.
        let oldest = waiting.writes.values.min()
        let slowest = min(oldest ?? .max, waiting.readsSince ?? .max)
        waiting.seconds += 1
        if slowest != .max, now - slowest > Self.slow.nanoseconds { waiting.slowSeconds += 1 }
        let bound = evidence.patience
        let isLate = slowest != .max && now - slowest > bound.nanoseconds
        if !isLate {
            waiting.isTold = false
            tally.count()
            return
        }
        let isWrite = oldest == slowest
        guard let calm = evidence.observation.calm(of: bucket, withStore: !isWrite), calm > bound
        else { return }
        tally.count()
        // One wait is one violation.
        if waiting.isTold { return }
        waiting.isTold = true
        let state = evidence.observation.state(of: bucket)
        let who = (state?.inSync ?? []).joined(separator: ", ")
        let since = Duration.nanoseconds(now - slowest).wholeSeconds
        tally.violated(
            "\(evidence.place(of: bucket)): "
                + (isWrite ? "a write waits" : "no lookup is answered") + " for \(since) s, "
                + "though nothing has disturbed \(who), which are in sync, for "
                + "\(calm.wholeSeconds) s" + (isWrite ? "" : ": \(waiting.reason)"))
    }

    // MARK: Figures

    /// Of the seconds in which a bucket was asked to serve, those in which nobody waited longer
    /// than a second, in parts per million: of the worst bucket, and of all; nil if none was asked.
    public var shares: (worst: Int, all: Int)? {
        var worst = 1_000_000
        var (served, asked) = (0, 0)
        // In any order: the sums and the least are sought.
        for waiting in buckets.values where waiting.seconds > 0 {
            let good = waiting.seconds - waiting.slowSeconds
            worst = min(worst, good * 1_000_000 / waiting.seconds)
            served += good
            asked += waiting.seconds
        }
        return asked == 0 ? nil : (worst, Int(Int128(served) * 1_000_000 / Int128(asked)))
    }

    /// How long the oldest write or lookup of a bucket has been waiting.
    public func wait(of bucket: BucketIdentifier) -> Duration {
        guard let waiting = buckets[bucket] else { return .zero }
        let slowest = min(waiting.writes.values.min() ?? .max, waiting.readsSince ?? .max)
        return slowest == .max ? .zero : .nanoseconds(now - slowest)
    }
}

extension Duration {
    fileprivate var wholeSeconds: Int64 { components.seconds }
}
