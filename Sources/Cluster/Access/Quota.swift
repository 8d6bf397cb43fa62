public import Platform

/// How much a client may ask of one process in a second, in the mean; nil for as much as he wants.
///
/// He may spend a second's worth at once. Who has had more is not refused but waits until it is
/// paid for; only who would wait too long is told to ask again later.
public struct Quota: Hashable, Sendable {
    /// Bytes a second that are written.
    public var producedBytes: Int64?
    /// Bytes a second that are read.
    public var fetchedBytes: Int64?
    /// Requests a second.
    public var requests: Int64?

    public init(
        producedBytes: Int64? = nil, fetchedBytes: Int64? = nil, requests: Int64? = nil
    ) {
        self.producedBytes = producedBytes
        self.fetchedBytes = fetchedBytes
        self.requests = requests
    }

    /// What is counted.
    public enum Measure: String, Sendable, Hashable, CaseIterable {
        case producedBytes, fetchedBytes, requests
    }

    public func rate(of measure: Measure) -> Int64? {
        switch measure {
        case .producedBytes: producedBytes
        case .fetchedBytes: fetchedBytes
        case .requests: requests
        }
    }
}

/// The quotas of clients by their names.
public struct QuotaTable: Hashable, Sendable {
    /// Of each client that has none of its own.
    public var standard = Quota()
    public var byClient: [String: Quota] = [:]

    public init() {}

    public func quota(of client: String) -> Quota { byClient[client] ?? standard }

    public var isEmpty: Bool { standard == Quota() && byClient.isEmpty }
}

/// One thing that a client asked for, as it was counted; for those who watch.
public struct QuotaUse: Hashable, Sendable {
    public var client: String
    public var measure: Quota.Measure
    /// A second's worth.
    public var rate: Int64
    public var amount: Int64
    /// By the clock of the machine.
    public var arrivedAt: Instant
    public var outcome: Outcome
    /// Since when the machine counts.
    public var countedSince: Instant
    /// The bucket that it was about; nil if it was about several, or none.
    public var bucket: BucketIdentifier?

    public enum Outcome: Hashable, Sendable {
        /// It was served then, which is later than it arrived if it had to wait.
        case served(Instant)
        /// The client was told to ask again later, and nothing was counted.
        case refused
        /// It was served already, when it became known how much it was.
        case charged
    }
}

/// A bucket of tokens that fills at a rate and holds a second's worth, kept as the moment up to
/// which its tokens are spent.
///
/// The moment lies in the past while there are tokens left, a second at most, and in the future
/// while some are owed.
struct TokenBucket {
    private var spentUntil: Instant

    init(full now: Instant) { spentUntil = Self.full(now) }

    static let depth = Duration.seconds(1)

    private static func full(_ now: Instant) -> Instant {
        Instant(nanoseconds: now.nanoseconds - depth.nanoseconds)
    }

    /// When something may be served that is asked for now: at once, or when nothing is owed.
    func moment(now: Instant) -> Instant { max(now, spentUntil) }

    mutating func take(_ amount: Int64, at rate: Int64, now: Instant) {
        spentUntil = max(spentUntil, Self.full(now)) + Self.time(of: amount, at: rate)
    }

    /// Whether nothing is missing from it.
    func isFull(at now: Instant) -> Bool { spentUntil <= Self.full(now) }

    private static func time(of amount: Int64, at rate: Int64) -> Duration {
        precondition(amount >= 0 && rate > 0, "a rate is not zero, an amount not negative")
        return .nanoseconds(
            Int64(clamping: Int128(amount) * 1_000_000_000 / Int128(rate)))
    }
}

/// Holds clients to their quotas: each has buckets of tokens of its own.
public final class QuotaKeeper {
    /// Who would have to wait for longer is refused once he has waited as long.
    public static let waitLimit = Duration.seconds(2)
    private static let clientLimit = 1024

    private struct Key: Hashable {
        var client: String
        var measure: Quota.Measure
    }

    private let machine: Machine
    private let table: QuotaTable
    private let countedSince: Instant
    private var buckets: [Key: TokenBucket] = [:]
    /// Called with everything that was counted.
    public var onUse: ((QuotaUse) -> Void)?

    public init(_ machine: Machine, _ table: QuotaTable) {
        self.machine = machine
        self.table = table
        countedSince = machine.clock.now
    }

    /// Takes an amount, and waits until the client may have it.
    ///
    /// - Throws: `ClusterError.busy` if that would take too long; nothing is taken then.
    public func admit(
        _ client: String, _ measure: Quota.Measure, _ amount: Int,
        about place: BucketIdentifier? = nil
    ) async throws {
        guard let rate = table.quota(of: client).rate(of: measure) else { return }
        let now = machine.clock.now
        let key = Key(client: client, measure: measure)
        var bucket = bucket(key, now)
        var use = QuotaUse(
            client: client, measure: measure, rate: rate, amount: Int64(amount), arrivedAt: now,
            outcome: .refused, countedSince: countedSince, bucket: place)
        // He waits for what he had before: one alone may be larger than what is ever there at once.
        let moment = bucket.moment(now: now)
        if moment - now > Self.waitLimit {
            machine.observer.reached("client refused for its quota")
            onUse?(use)
            try await machine.sleep(Self.waitLimit)
            throw ClusterError.busy(
                reason: "\(client) asks for more than the \(rate) \(measure.rawValue) a second "
                    + "that it has here")
        }
        bucket.take(Int64(amount), at: rate, now: now)
        buckets[key] = bucket
        use.outcome = .served(moment)
        onUse?(use)
        if moment <= now { return }
        machine.observer.reached("client held back for its quota")
        try await machine.sleep(until: moment)
    }

    /// Takes an amount that is known only now that it was served: who asks next waits for it.
    public func charge(
        _ client: String, _ measure: Quota.Measure, _ amount: Int,
        about place: BucketIdentifier? = nil
    ) {
        guard amount > 0, let rate = table.quota(of: client).rate(of: measure) else { return }
        let now = machine.clock.now
        let key = Key(client: client, measure: measure)
        var bucket = bucket(key, now)
        bucket.take(Int64(amount), at: rate, now: now)
        buckets[key] = bucket
        onUse?(
            QuotaUse(
                client: client, measure: measure, rate: rate, amount: Int64(amount),
                arrivedAt: now, outcome: .charged, countedSince: countedSince, bucket: place))
    }

    private func bucket(_ key: Key, _ now: Instant) -> TokenBucket {
        if let known = buckets[key] { return known }
        if buckets.count >= Self.clientLimit {
            // One that is full says nothing that a new one would not.
            buckets = buckets.filter { !$0.value.isFull(at: now) }
        }
        return TokenBucket(full: now)
    }
}
