import Platform

/// How long a follower leaves one bucket out of its fetches after that bucket was refused.
///
/// A refusal is about one bucket: the others of the same leader are fetched on meanwhile.
struct FetchPause {
    private var backoff: Backoff
    private(set) var endsAt: Instant?

    init(_ configuration: ClusterConfiguration) { backoff = Backoff(configuration) }

    /// Whether the bucket may be asked for.
    func isOver(at now: Instant) -> Bool { endsAt.map { $0 <= now } ?? true }

    /// Notes a refusal: each in a row makes the pause longer.
    mutating func extend(from now: Instant, _ entropy: any Entropy) {
        endsAt = now + backoff.next(entropy)
    }

    /// Notes that the bucket was answered.
    mutating func reset() {
        backoff.reset()
        endsAt = nil
    }
}
