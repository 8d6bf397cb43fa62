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
    static let isInstalled: Bool =
        install("swift_task_enqueueGlobal_hook") && install("swift_task_enqueueMainExecutor_hook")

    private static func install(_ name: String) -> Bool {
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), name) else { return false }
        let hook = symbol.assumingMemoryBound(to: Hook?.self)
        hook.pointee = { job, original in
            if let current = pthread_getspecific(EscapeGuard.key) {
                Unmanaged<SimulationWorld>.fromOpaque(current).takeUnretainedValue().noteEscape()
            }
            original(job)
        }
        return true
    }

    /// Runs `body` with `world` as the one that this thread's escapes belong to.
    static func watching(_ world: SimulationWorld, _ body: () -> Void) {
        _ = isInstalled
        let before = pthread_getspecific(key)
        pthread_setspecific(key, Unmanaged.passUnretained(world).toOpaque())
        body()
        pthread_setspecific(key, before)
    }
}
