/// From which moment on all that a world draws is drawn anew.
///
/// Two runs that differ in this alone are the same event for event up to the moment, and go their
/// own ways after it: what led to a failure is told apart from what only happened before it.
public struct Redraw: Sendable, Hashable {
    /// Simulated time since the start.
    public var at: Duration
    /// Another number is another way to go on.
    public var number: UInt64

    public init(at: Duration, number: UInt64) {
        precondition(at >= .zero, "a world has no time before its start")
        self.at = at
        self.number = number
    }
}
