public import Cluster
import Platform

extension OracleName {
    public static let availability = OracleName("availability")
}

/// A bucket takes writes and answers lookups within a bound while its leader, and as many replicas
/// as an acknowledgement waits for, are healthy and connected, whatever else is broken.
///
/// The bound is `Evidence.patience`. As long nothing may have disturbed these servers, the clients,
/// the network and the coordination service; the coordinators, if the leader may be younger; and
/// the object store, since the leader's rows or a replica's batches had to come from there. What
/// happens to other servers, to tierers and indexers, and to the catalog is no excuse.
public final class Availability: Oracle {
    public static let description = OracleDescription(
        .availability, "a bucket serves writes and lookups in time while what it needs is well",
        compares: "seconds of buckets that were asked to serve",
        needs: [.cluster, .engine, .faults], demandsService: true)

    /// From when on a bucket that keeps a write waiting counts as not available, for figures.
    static let slow = Duration.seconds(1)

    /// What clients wait for in one bucket.
    private struct Waiting {
        /// When each change without an outcome was sent, by its number.
        var writes: [Int: Int64] = [:]
        /// Since when writes have been waiting of which none was acknowledged, whatever became of
        /// those that were given up.
        var writesSince: Int64?
        /// Since when no write has been waiting, if none does.
        var idleSince: Int64 = 0
        /// Since when no lookup or scan has been answered that was asked.
        var readsSince: Int64?
        /// The term in which the bucket was last seen to keep somebody waiting, and since when.
        var epoch: Int32?
        var epochSince: Int64 = 0
        var reason = ""
        /// When each of its servers was last seen to need the object store.
        var storeNeeds: [String: Int64] = [:]
        var isTold = false
        /// When a client was last held back here for what it asked over its quota; that it was so
        /// is for another oracle to judge.
        var heldBackAt: Int64?
        /// Seconds in which it was asked to serve, and in which it kept somebody waiting.
        var seconds = 0
        var slowSeconds = 0

        /// Writes that follow at once on others that were given up wait on for these.
        mutating func send(_ change: Int, at now: Int64) {
            if writes.isEmpty && now - idleSince > Availability.slow.nanoseconds {
                writesSince = nil
            }
            writes[change] = now
            writesSince = writesSince ?? now
        }

        mutating func heldOff(_ reason: String, at now: Int64) {
            readsSince = readsSince ?? now
            self.reason = reason
        }

        /// Since when the writes that wait have been waiting; `Int64.max` if none does.
        var slowestWrite: Int64 {
            // In any order: the least of them is sought.
            guard let oldest = writes.values.min() else { return .max }
            return min(oldest, writesSince ?? .max)
        }
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
            buckets[bucket, default: Waiting()].send(change, at: now)
        case .acknowledged(let receipt, _):
            guard let waiting = buckets[receipt.bucket] else { return }
            buckets[receipt.bucket]!.writesSince = waiting.writes.isEmpty ? nil : now
        case .settled(let bucket, let change):
            buckets[bucket]?.writes[change] = nil
            if buckets[bucket]?.writes.isEmpty == true { buckets[bucket]!.idleSince = now }
        case .answered(_, let bucket): buckets[bucket]?.readsSince = nil
        case .heldOff(_, let bucket, let reason):
            buckets[bucket, default: Waiting()].heldOff(reason, at: now)
        case .metered(let use, _): note(use)
        case .second: for bucket in buckets.keys.sorted() { judge(bucket) }
        default: break
        }
    }

    private func note(_ use: QuotaUse) {
        guard let bucket = use.bucket, buckets[bucket] != nil, use.hasWaited else { return }
        buckets[bucket]!.heldBackAt = now
    }

    private func judge(_ bucket: BucketIdentifier) {
        var waiting = buckets[bucket]!
        defer { buckets[bucket] = waiting }
        let write = waiting.slowestWrite
        let slowest = min(write, waiting.readsSince ?? .max)
        waiting.seconds += 1
        if slowest == .max || now - slowest <= Self.slow.nanoseconds {
            waiting.isTold = false
            tally.count()
            return
        }
        waiting.slowSeconds += 1
        guard
            var health = BucketHealth(
                evidence.observation, bucket, storeNeeds: waiting.storeNeeds)
        else { return }
        if waiting.epoch != health.state.leaderEpoch {
            waiting.epoch = health.state.leaderEpoch
            waiting.epochSince = now
        }
        let bound = evidence.patience
        let isWrite = write == slowest
        // Asked each second that somebody waits, so that no need of the object store is missed.
        let calm = health.calm(
            forWrite: isWrite, isYoung: now - waiting.epochSince <= bound.nanoseconds)
        waiting.storeNeeds = health.storeNeeds
        if now - slowest <= bound.nanoseconds {
            waiting.isTold = false
            tally.count()
            return
        }
        guard let calm, calm > bound else { return }
        if let held = waiting.heldBackAt, now - held <= bound.nanoseconds { return }
        tally.count()
        // One wait is one violation.
        if waiting.isTold { return }
        waiting.isTold = true
        let since = Duration.nanoseconds(now - slowest).wholeSeconds
        tally.violated(
            "\(evidence.place(of: bucket)): "
                + (isWrite ? "no write is acknowledged" : "no lookup is answered")
                + " for \(since) s, though nothing has disturbed "
                + "\(health.needed.joined(separator: ", ")), which would do for it, for "
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
        let slowest = min(waiting.slowestWrite, waiting.readsSince ?? .max)
        return slowest == .max ? .zero : .nanoseconds(now - slowest)
    }
}

extension QuotaUse {
    /// Whether the client had to wait, or was told to ask again.
    fileprivate var hasWaited: Bool {
        switch outcome {
        case .served(let moment): moment > arrivedAt
        case .refused: true
        case .charged: false
        }
    }
}

extension Duration {
    fileprivate var wholeSeconds: Int64 { components.seconds }
}
