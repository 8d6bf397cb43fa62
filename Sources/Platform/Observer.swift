/// Where a machine tells what happens in it: for people, probes and oracles; never for its own
/// decisions.
public protocol Observer: AnyObject {
    /// Marks a rare path as reached; a campaign reports the marks that were never seen.
    func reached(_ probe: StaticString)

    /// Notes an event; `.error` is a defect of ours and fails a simulated run.
    func note(_ severity: Severity, _ message: @autoclosure () -> String)

    /// Where the code may be made to take an unlikely but legal path; always false outside the
    /// tank.
    func shouldDisturb(_ site: StaticString) -> Bool
}

extension Machine {
    /// Lets others come between two steps whose order matters, where the tank wants it so: for up
    /// to half a second, in which a crash, a rival or a lost answer may meet what is half done.
    public func keepApart(_ site: StaticString) async throws {
        if !observer.shouldDisturb(site) { return }
        try await sleep(.milliseconds(10 + entropy.next(in: 0..<490)))
    }
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
