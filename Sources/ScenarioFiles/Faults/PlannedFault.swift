/// One dated fault of a run.
public struct PlannedFault: Sendable, Hashable {
    /// Simulated time since the start of the run.
    public var at: Duration
    /// Zero for a kind that happens at one moment.
    public var duration: Duration
    public var kind: FaultKind
    /// What it waits for from its date on; nil to begin at that date.
    public var trigger: FaultTrigger?

    public init(
        at: Duration, duration: Duration, kind: FaultKind, trigger: FaultTrigger? = nil
    ) {
        precondition(
            at >= .zero && duration >= .zero, "a fault before the run, or of negative time")
        precondition(kind.name.lasts || duration == .zero, "\(kind.name) happens at one moment")
        self.at = at
        self.duration = duration
        self.kind = kind
        self.trigger = trigger
    }

    public var end: Duration { at + duration }
}

extension PlannedFault: CustomStringConvertible {
    /// On one line: `at 41s for 10s: crash server-1`.
    public var description: String {
        let span = duration > .zero ? " for \(duration.shortText)" : ""
        let waiting =
            switch trigger {
            case .probe(let probe): " after '\(probe)'"
            case .condition(let condition): " when \(condition)"
            case nil: ""
            }
        return "at \(at.shortText)\(waiting)\(span): \(kind)"
    }
}
