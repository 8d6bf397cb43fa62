/// How often something happens: `200/s`, `30/m`, `5/h`.
public struct EventRate: Sendable, Hashable, CustomStringConvertible {
    public var count: Int
    /// One second, one minute or one hour.
    public var period: Duration

    public init(_ count: Int, per period: Duration) {
        precondition(count >= 0 && period > .zero, "a rate of nothing or in no time")
        self.count = count
        self.period = period
    }

    public static func perSecond(_ count: Int) -> EventRate { EventRate(count, per: .seconds(1)) }

    /// The mean time between two events, to the nanosecond below; nil at a rate of zero.
    public var interval: Duration? {
        count == 0 ? nil : .nanoseconds(period.wholeNanoseconds / Int64(count))
    }

    public var description: String {
        switch period {
        case .seconds(1): "\(count)/s"
        case .seconds(60): "\(count)/m"
        case .seconds(3600): "\(count)/h"
        default: "\(count)/\(period.shortText)"
        }
    }
}
