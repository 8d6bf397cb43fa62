/// Where a machine tells what happens in it: for people, probes and oracles, never for its own
/// decisions.
public protocol Observer: AnyObject {
    /// Marks a rare path as reached; a campaign reports the marks that were never seen.
    func reached(_ probe: StaticString)

    /// Notes an event; `.error` is a defect of ours and fails a simulated run.
    func note(_ severity: Severity, _ message: @autoclosure () -> String)

    /// Whether to take an unlikely but legal path here; always false outside the tank.
    func shouldDisturb(_ site: StaticString) -> Bool
}

public enum Severity: Int, Hashable, Comparable, Sendable {
    case debug
    case information
    case warning
    case error

    public static func < (left: Severity, right: Severity) -> Bool {
        left.rawValue < right.rawValue
    }
}
