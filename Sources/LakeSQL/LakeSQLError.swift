/// Why a query has no answer.
public enum LakeSQLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The statement cannot be run; write another one.
    case statement(reason: String)
    /// There is no lake at the place that was named.
    case source(path: String, reason: String)
    /// Whoever asked does not want the answer any more.
    case interrupted

    public var description: String {
        switch self {
        case .statement(let reason): reason
        case .source(let path, let reason): "\(path): \(reason)"
        case .interrupted: "interrupted"
        }
    }
}
