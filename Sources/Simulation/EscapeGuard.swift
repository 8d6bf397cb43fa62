import Glibc

/// Watches for jobs that leave a world for Swift's global executor or the main actor.
///
/// Such a job runs on another thread at a time nobody chose: the run would no longer be a function
/// of its seed. The guard turns that into a defect that is reported where it happens.
enum EscapeGuard {
    private typealias Original = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        precondition(pthread_key_create(&key, nil) == 0, "no thread-local storage left")
        return key
    }()

    /// Installed once a process; false where the runtime lacks a hook.
    static let isInstalled: Bool = {
        guard let global = hook("swift_task_enqueueGlobal_hook"),
            let main = hook("swift_task_enqueueMainExecutor_hook")
        else { return false }
        global.pointee = { job, original in
            report("a bare Task, Task.detached or an actor of no world")
            original(job)
        }
        main.pointee = { job, original in
            report("the main actor")
            original(job)
        }
        return true
    }()

    private static func hook(_ name: String) -> UnsafeMutablePointer<Hook?>? {
        dlsym(dlopen(nil, RTLD_NOW), name)?.assumingMemoryBound(to: Hook?.self)
    }

    private static func report(_ place: String) {
        guard let current = pthread_getspecific(key) else { return }
        Unmanaged<SimulationWorld>.fromOpaque(current).takeUnretainedValue().noteEscape(to: place)
    }

    /// Runs `body` with `world` as the one that this thread's escapes belong to.
    static func watching(_ world: SimulationWorld, _ body: () -> Void) {
        _ = isInstalled
        let before = pthread_getspecific(key)
        pthread_setspecific(key, Unmanaged.passUnretained(world).toOpaque())
        body()
        pthread_setspecific(key, before)
    }

    static var thread: UInt { UInt(pthread_self()) }
}

/// Jobs that came to a world from a thread other than the one that uses it.
///
/// What hops to the main actor, or sleeps with `Task.sleep`, comes back so. No world can put such a
/// job where it belongs; but it can take it in without a race, and say so.
final class StrayJobs: @unchecked Sendable {
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private var jobs: [UnownedJob] = []
    private var strayCount = 0
    private var isRunning = false
    /// The thread that used the world last.
    private(set) var owner = EscapeGuard.thread

    init() {
        lock = .allocate(capacity: 1)
        precondition(pthread_mutex_init(lock, nil) == 0, "no mutex left")
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    func add(_ job: UnownedJob) {
        locked {
            jobs.append(job)
            // While the world rests, its owner may well start machines from another thread.
            if isRunning { strayCount += 1 }
        }
    }

    /// Makes this thread the owner, for the length of a run or from one to the next.
    func setRunning(_ isRunning: Bool) {
        locked {
            self.isRunning = isRunning
            owner = EscapeGuard.thread
        }
    }

    /// The jobs that came, and how many of them came during a run.
    func take() -> (jobs: [UnownedJob], strayCount: Int) {
        locked {
            defer { (jobs, strayCount) = ([], 0) }
            return (jobs, strayCount)
        }
    }
}
