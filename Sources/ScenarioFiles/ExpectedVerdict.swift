/// How a scenario should end.
public enum ExpectedVerdict: String, Sendable, Hashable, CaseIterable {
    case pass
    /// The engine should refuse clearly, since what it is asked for cannot be done.
    case refusal
}
