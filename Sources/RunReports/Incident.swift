/// How a run ended that has no report.
public enum Incident: String, Sendable, Hashable, CaseIterable {
    /// Its process trapped, or was killed by somebody else.
    case crash
    /// It was stopped because it took longer than it might: neither a pass nor a failure.
    case timeout
    /// Two runs of the same seed, which must be one, had different traces.
    case nondeterministic
    /// It could not be begun, as for a file that cannot be read.
    case refused

    /// Whether it says something against the code that ran, or the tank.
    public var isFailure: Bool { self == .crash || self == .nondeterministic }
}
