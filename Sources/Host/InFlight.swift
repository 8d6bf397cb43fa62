/// Counts the work of one machine that is under way on other threads.
///
/// Unchecked because the count is guarded by the monitor.
final class InFlight: @unchecked Sendable {
    private let monitor = Monitor()
    private var count = 0

    func enter() { monitor.locked { count += 1 } }

    func leave() {
        monitor.locked {
            count -= 1
            precondition(count >= 0, "left more often than entered")
            if count == 0 { monitor.wakeAll() }
        }
    }

    /// Blocks until nothing is under way: a system call cannot be called back.
    func waitUntilNone() {
        monitor.locked {
            while count > 0 { monitor.wait() }
        }
    }
}
