import Glibc

/// A lock and a condition whose time-outs are on the monotonic clock.
///
/// Unchecked because what it holds is only reached by calls that are safe on every thread.
final class Monitor: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        precondition(pthread_mutex_init(mutex, nil) == 0, "no lock left")
        var attributes = pthread_condattr_t()
        precondition(pthread_condattr_init(&attributes) == 0, "no condition left")
        precondition(
            pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0, "no monotonic clock")
        precondition(pthread_cond_init(condition, &attributes) == 0, "no condition left")
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func locked<Value>(_ body: () throws -> Value) rethrows -> Value {
        precondition(pthread_mutex_lock(mutex) == 0, "the lock is broken")
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Waits for `wakeAll`, or for no reason; the caller holds the lock.
    func wait() { pthread_cond_wait(condition, mutex) }

    /// As `wait`, but no longer than to a moment on the monotonic clock.
    func wait(untilNanoseconds deadline: Int64) {
        var time = timespec(
            tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        pthread_cond_timedwait(condition, mutex, &time)
    }

    /// Wakes one of those who wait, where any of them will do.
    func wakeOne() { pthread_cond_signal(condition) }

    func wakeAll() { pthread_cond_broadcast(condition) }
}
