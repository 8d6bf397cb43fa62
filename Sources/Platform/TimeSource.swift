/// A machine's clocks, and the only way to let time pass.
public protocol TimeSource: AnyObject {
    /// The monotonic clock: never steps back, may drift against other machines.
    var now: Instant { get }

    /// The wall clock: may drift and step, forward or back.
    var timestamp: Timestamp { get }

    /// Calls `wake` once the monotonic clock has reached `deadline`, never before this returns.
    func schedule(at deadline: Instant, _ wake: @escaping () -> Void) -> Alarm

    /// Takes an alarm back; one that has rung already is left alone.
    func cancel(_ alarm: Alarm)
}

/// Names one scheduled wake-up of a `TimeSource`.
public struct Alarm: Hashable, Sendable {
    public var identifier: UInt64

    public init(identifier: UInt64) { self.identifier = identifier }
}
