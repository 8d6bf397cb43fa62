import Glibc

/// A few threads for work that blocks; one thread makes it a queue.
///
/// Unchecked because everything that changes is guarded by the monitor.
final class WorkerThreads: @unchecked Sendable {
    private let monitor = Monitor()
    private var waiting: [@Sendable () -> Void] = []
    private var head = 0
    private var isClosed = false
    private var threads: [pthread_t] = []

    init(count: Int) {
        precondition(count > 0, "somebody has to work")
        for _ in 0..<count {
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(self).toOpaque()
            let code = pthread_create(
                &thread, nil,
                { argument in
                    let workers = Unmanaged<WorkerThreads>.fromOpaque(argument!)
                    workers.takeRetainedValue().work()
                    return nil
                }, argument)
            precondition(code == 0, "the system gives no more threads: raise its limit")
            threads.append(thread)
        }
    }

    /// Runs `work` on one of the threads, in order of submission if there is only one.
    func submit(_ work: @escaping @Sendable () -> Void) {
        monitor.locked {
            precondition(!isClosed, "work for threads that were sent home")
            waiting.append(work)
            monitor.wakeOne()
        }
    }

    /// Does what was submitted before, and ends the threads.
    func close() {
        monitor.locked {
            isClosed = true
            monitor.wakeAll()
        }
        for thread in threads { pthread_join(thread, nil) }
        threads.removeAll()
    }

    private func work() {
        while let next = next() { next() }
    }

    private func next() -> (@Sendable () -> Void)? {
        monitor.locked {
            while head == waiting.count {
                if isClosed { return nil }
                monitor.wait()
            }
            let work = waiting[head]
            head += 1
            if head == waiting.count {
                waiting.removeAll(keepingCapacity: true)
                head = 0
            }
            return work
        }
    }
}
