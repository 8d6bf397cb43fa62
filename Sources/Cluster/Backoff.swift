import Platform

/// Growing, spread waits between tries.
struct Backoff {
    private let first: Duration
    private let limit: Duration
    private var current: Duration

    init(_ configuration: ClusterConfiguration) {
        first = configuration.retryWait
        limit = configuration.retryWaitLimit
        current = first
    }

    /// The next wait: between half and all of a span that doubles each time.
    mutating func next(_ entropy: any Entropy) -> Duration {
        let span = current.nanoseconds
        current = min(limit, current * 2)
        return .nanoseconds(span / 2 + Int64(entropy.next(in: 0..<UInt64(span / 2 + 1))))
    }

    mutating func reset() { current = first }
}
