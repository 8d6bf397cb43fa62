/// How a scenario should end.
public enum ExpectedVerdict: String, Sendable, Hashable, CaseIterable {
    case pass
    /// The engine should refuse, since what it is asked for cannot be done, and break nothing:
    /// oracles that demand service are not held against it.
    case refusal
}
