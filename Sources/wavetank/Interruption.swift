import ArgumentParser
import Dispatch
import Glibc
import Synchronization

/// Ctrl-C, and the wish of another program that this one ends.
///
/// A command that has something to say before it ends calls `handle` and looks at `isRequested`
/// from time to time; any other ends at once. The second signal ends all of them at once.
enum Interruption {
    private static let number = Atomic<Int32>(0)
    private static let isHandled = Atomic<Bool>(false)
    private static let isBlocked = Atomic<Bool>(false)
    private static let workers = Mutex<Set<pid_t>>([])
    private static let announcement = Mutex<@Sendable (Int32) -> Void> { _ in
        say("interrupted: ending with what there is; once more ends at once")
    }
    private static let queue = DispatchQueue(label: "signals")
    private nonisolated(unsafe) static var sources: [any DispatchSourceSignal] = []

    /// Takes over the signals; called once, before anything else.
    static func install() {
        // A reader that left is an error of the write, which is told as any other.
        signal(SIGPIPE, SIG_IGN)
        for signal in [SIGINT, SIGTERM] {
            Glibc.signal(signal, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: signal, queue: queue)
            source.setEventHandler { received(signal) }
            source.resume()
            sources.append(source)
        }
    }

    private static func received(_ signal: Int32) {
        let isFirst = number.exchange(signal, ordering: .relaxed) == 0
        workers.withLock { for worker in $0 { kill(worker, SIGKILL) } }
        if isFirst && isHandled.load(ordering: .relaxed) && !isWaiting {
            announcement.withLock { $0 }(signal)
            return
        }
        say("interrupted")
        _exit(128 + signal)
    }

    /// From now on the command ends by itself when it is asked to.
    ///
    /// - Parameter announce: Says so, on a thread of its own; nil for the usual words.
    static func handle(_ announce: (@Sendable (Int32) -> Void)? = nil) {
        if let announce { announcement.withLock { $0 = announce } }
        isHandled.store(true, ordering: .relaxed)
    }

    /// Whether the command waits for others, and so could not end by itself.
    static var isWaiting: Bool {
        get { isBlocked.load(ordering: .relaxed) }
        set { isBlocked.store(newValue, ordering: .relaxed) }
    }

    static var isRequested: Bool { number.load(ordering: .relaxed) != 0 }

    /// What a command that was interrupted ends with: 130 for Ctrl-C.
    static var exitCode: ExitCode { ExitCode(128 + number.load(ordering: .relaxed)) }

    /// Has a process ended with this one.
    static func add(_ worker: pid_t) {
        workers.withLock { _ = $0.insert(worker) }
        if isRequested { kill(worker, SIGKILL) }
    }

    static func remove(_ worker: pid_t) { workers.withLock { _ = $0.remove(worker) } }
}
