import Glibc

/// Watches for jobs that leave a world for Swift's global executor or the main actor.
///
/// Such a job runs on another thread at a time nobody chose: the run would no longer be a function
/// of its seed. The guard turns that into a defect that is reported where it happens.
enum EscapeGuard {
    private typealias Original = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void
    private typealias DelayOriginal = @convention(thin) (UInt64, UnownedJob) -> Void
    private typealias DelayHook = @convention(thin) (UInt64, UnownedJob, DelayOriginal) -> Void
    private typealias DeadlineOriginal =
        @convention(thin) (Int64, Int64, Int64, Int64, Int32, UnownedJob) -> Void
    private typealias DeadlineHook =
        @convention(thin) (Int64, Int64, Int64, Int64, Int32, UnownedJob, DeadlineOriginal) -> Void

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        precondition(pthread_key_create(&key, nil) == 0, "no thread-local storage left")
        return key
    }()

    /// Installed once a process; false where the runtime lacks a hook.
    static let isInstalled: Bool = {
        guard let global = hook("swift_task_enqueueGlobal_hook", Hook.self),
            let main = hook("swift_task_enqueueMainExecutor_hook", Hook.self),
            let delay = hook("swift_task_enqueueGlobalWithDelay_hook", DelayHook.self),
            let deadline = hook("swift_task_enqueueGlobalWithDeadline_hook", DeadlineHook.self)
        else { return false }
        global.pointee = { job, original in
            report("a bare Task, Task.detached or an actor of no world")
            original(job)
        }
        main.pointee = { job, original in
            report("a hop to the main actor")
            original(job)
        }
        delay.pointee = { delay, job, original in
            report("Task.sleep")
            original(delay, job)
        }
        deadline.pointee = { seconds, fraction, leeway, leewayFraction, clock, job, original in
            report("Task.sleep")
            original(seconds, fraction, leeway, leewayFraction, clock, job)
        }
        return true
    }()

    private static func hook<Kind>(
        _ name: String, _ kind: Kind.Type
    ) -> UnsafeMutablePointer<Kind?>? {
        dlsym(dlopen(nil, RTLD_NOW), name)?.assumingMemoryBound(to: Kind?.self)
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

    /// Whether this thread runs `world` at the moment.
    static func isWatching(_ world: SimulationWorld) -> Bool {
        pthread_getspecific(key) == Unmanaged.passUnretained(world).toOpaque()
    }
}
