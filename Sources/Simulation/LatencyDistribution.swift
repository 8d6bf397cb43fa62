import Platform

/// How long an operation takes: evenly between two times, or as it was measured.
public struct LatencyDistribution: Sendable, Hashable {
    /// Which parts of all operations, in a million, take at most as long as each of the measured
    /// times: 0, 10, 50, 90, 99 and 100 of a hundred.
    public static let shares = [0, 100_000, 500_000, 900_000, 990_000, 1_000_000]

    /// In nanoseconds: two, or one for each share.
    private let points: [Int64]

    private init(points: [Int64]) {
        precondition(points.first! >= 0, "an operation that takes less than no time")
        precondition(zip(points, points.dropFirst()).allSatisfy { $0 <= $1 }, "times go down")
        self.points = points
    }

    /// Evenly drawn from a range.
    public static func even(_ range: Range<Duration>) -> LatencyDistribution {
        LatencyDistribution(
            points: [range.lowerBound.nanoseconds, range.upperBound.nanoseconds])
    }

    /// The times at `shares`, between which it is even.
    ///
    /// Precondition: as many as there are shares, none of them less than the one before.
    public static func measured(_ times: [Duration]) -> LatencyDistribution {
        precondition(times.count == shares.count, "a time for each share")
        return LatencyDistribution(points: times.map(\.nanoseconds))
    }

    /// The time that so many in a million do not go beyond.
    func nanoseconds(at share: Int) -> Int64 {
        if points.count == 2 { return Self.between(points[0], points[1], share, of: 1_000_000) }
        let next = min(
            Self.shares.firstIndex { $0 > share } ?? points.count - 1, points.count - 1)
        let low = Self.shares[next - 1]
        return Self.between(
            points[next - 1], points[next], share - low, of: Self.shares[next] - low)
    }

    private static func between(
        _ low: Int64, _ high: Int64, _ share: Int, of whole: Int
    ) -> Int64 {
        low + Int64(Int128(high - low) * Int128(share) / Int128(whole))
    }

    /// The same with so many times another added to it.
    func adding(_ further: LatencyDistribution, times count: Int) -> LatencyDistribution {
        let shares = points.count == 2 ? [0, 1_000_000] : Self.shares
        return LatencyDistribution(
            points: zip(points, shares).map {
                $0 + further.nanoseconds(at: $1) * Int64(count)
            })
    }

    func draw(from random: RandomStream) -> Int64 {
        if points.count == 2 {
            return random.nanoseconds(in: .nanoseconds(points[0])..<(.nanoseconds(points[1])))
        }
        return nanoseconds(at: Int(random.next(in: 0..<1_000_000)))
    }
}

extension RandomStream {
    func nanoseconds(in distribution: LatencyDistribution) -> Int64 {
        distribution.draw(from: self)
    }
}
