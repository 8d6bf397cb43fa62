/// Counts open connections, up to a limit.
///
/// Unchecked because the count is guarded by the monitor.
final class ConnectionCount: @unchecked Sendable {
    private let monitor = Monitor()
    private var count = 0

    /// False if there are as many as there may be.
    func enter(atMost limit: Int) -> Bool {
        monitor.locked {
            if count >= limit { return false }
            count += 1
            return true
        }
    }

    func leave() { monitor.locked { count -= 1 } }

    var current: Int { monitor.locked { count } }
}
