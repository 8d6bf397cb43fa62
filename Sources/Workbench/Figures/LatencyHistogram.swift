/// Times by powers of two in 1024 steps each, in the manner of HdrHistogram: whole numbers, exact
/// below 2 µs and to a thousandth above, in memory that does not grow with their number.
public struct LatencyHistogram: Sendable, Hashable {
    private static let precision = 10
    private static let stepCount = 1 << precision

    private var counts: [Int] = []
    public private(set) var count = 0
    public private(set) var maximum: Int64 = 0

    public init() {}

    /// Negative times, which a clock that was set back could give, count as none at all.
    public mutating func record(_ nanoseconds: Int64, times: Int = 1) {
        precondition(times >= 0, "fewer than no times")
        let value = max(0, nanoseconds)
        let position = Self.position(value)
        if position >= counts.count {
            counts += repeatElement(0, count: position + 1 - counts.count)
        }
        counts[position] += times
        count += times
        maximum = max(maximum, value)
    }

    /// The largest value that the step of the percentile stands for; zero if nothing was recorded.
    public func percentile(perHundredThousand: Int) -> Int64 {
        precondition((0...100_000).contains(perHundredThousand), "no percentile")
        if count == 0 { return 0 }
        let wanted = max(1, (count * perHundredThousand + 99_999) / 100_000)
        var seen = 0
        for (position, number) in counts.enumerated() {
            seen += number
            if seen >= wanted { return min(Self.upperEdge(of: position), maximum) }
        }
        return maximum
    }

    private static func position(_ value: Int64) -> Int {
        let power = 63 - max(1, value).leadingZeroBitCount
        // Values of fewer bits than the precision have a step each.
        if power <= precision { return Int(value) }
        let shift = power - precision
        return (shift + 1) * stepCount + Int(value >> Int64(shift)) - stepCount
    }

    private static func upperEdge(of position: Int) -> Int64 {
        if position < 2 * stepCount { return Int64(position) }
        let shift = position / stepCount - 1
        let step = position % stepCount + stepCount
        return Int64(step) << Int64(shift) | (Int64(1) << Int64(shift) - 1)
    }
}
