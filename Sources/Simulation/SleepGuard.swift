@_spi(ExperimentalScheduling) public import _Concurrency
import Platform

/// Sees `Task.sleep`, which asks the executor it runs on to wake it later.
@_spi(ExperimentalScheduling)
extension SimulationWorld: SchedulingExecutor {
    /// Notes the defect and lets the sleeper sleep on, in simulated time.
    public func enqueue<C: Clock>(
        _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
    ) {
        let job = UnownedJob(job)
        noteEscape(to: "Task.sleep")
        after(delay as? Duration ?? .zero) { [self] in admit(job) }
    }
}
