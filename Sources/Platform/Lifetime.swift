/// Thrown out of every wait and every effect of a machine that has been crashed or stopped.
///
/// It unwinds the machine's tasks. Engine code lets it pass and never answers it with an effect.
public struct Terminated: Error, CustomStringConvertible {
    public init() {}
    public var description: String { "the machine was stopped" }
}

/// The span from a machine's start to its crash or stop, and everything that waits inside it.
///
/// All waiting in a machine goes through here, so that ending it wakes every waiter with
/// `Terminated`, in the order in which they began to wait, and nothing leaks.
public final class Lifetime {
    public private(set) var isEnded = false
    /// Whether something inside has waited or had an effect.
    public private(set) var isUsed = false
    /// Called once, after all waiters were woken: how a world learns that a machine gave up.
    public var onEnd: (() -> Void)?
    private var newest: AnyWait?
    private var oldest: AnyWait?

    public init() {}

    /// Suspends until the `Wait` handed to `register` is resumed or the lifetime ends.
    public func wait<Value>(_ register: (Wait<Value>) -> Void) async throws -> Value {
        isUsed = true
        if isEnded { throw Terminated() }
        let value = try await withUnsafeThrowingContinuation {
            (continuation: UnsafeContinuation<Value, any Error>) in
            let wait = Wait(continuation, in: self)
            link(wait)
            register(wait)
        }
        // The end may have come after the resumption, but before this task ran again.
        try check()
        return value
    }

    /// Throws `Terminated` if the lifetime has ended: called at every effect.
    public func check() throws {
        isUsed = true
        if isEnded { throw Terminated() }
    }

    /// Ends the lifetime and wakes all waiters with `Terminated`.
    public func end() {
        if isEnded { return }
        isEnded = true
        while let wait = oldest { wait.terminate() }
        precondition(newest == nil, "a wait was added to an ended lifetime")
        onEnd?()
        onEnd = nil
    }

    private func link(_ wait: AnyWait) {
        wait.previous = newest
        newest?.next = wait
        newest = wait
        if oldest == nil { oldest = wait }
    }

    fileprivate func unlink(_ wait: AnyWait) {
        if let previous = wait.previous { previous.next = wait.next } else { oldest = wait.next }
        if let next = wait.next { next.previous = wait.previous } else { newest = wait.previous }
        wait.previous = nil
        wait.next = nil
    }
}

/// The part of a wait that does not depend on what it waits for.
public class AnyWait {
    fileprivate var next: AnyWait?
    fileprivate unowned(unsafe) var previous: AnyWait?
    fileprivate func terminate() {}
}

/// One suspended call; the first resumption wins, later ones are ignored.
public final class Wait<Value>: AnyWait {
    private var continuation: UnsafeContinuation<Value, any Error>?
    private let lifetime: Lifetime

    fileprivate init(_ continuation: UnsafeContinuation<Value, any Error>, in lifetime: Lifetime) {
        self.continuation = continuation
        self.lifetime = lifetime
    }

    /// Whether the wait has not been resumed yet.
    public var isPending: Bool { continuation != nil }

    public func resume(returning value: Value) {
        guard let continuation = take() else { return }
        // Safe because waiter and resumer run on the same serial executor.
        nonisolated(unsafe) let value = value
        continuation.resume(returning: value)
    }

    public func resume(throwing error: any Error) { take()?.resume(throwing: error) }

    override fileprivate func terminate() { resume(throwing: Terminated()) }

    private func take() -> UnsafeContinuation<Value, any Error>? {
        guard let continuation else { return nil }
        self.continuation = nil
        lifetime.unlink(self)
        return continuation
    }
}
