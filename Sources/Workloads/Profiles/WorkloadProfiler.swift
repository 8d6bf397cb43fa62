/// Looks at what a workload generates as a stranger would, by the changes alone.
public protocol WorkloadProfiler: AnyObject {
    func take(_ change: Change)

    /// What is stated about the workload, and what was seen.
    var measures: [WorkloadProfile.Measure] { get }
    var shapes: [WorkloadProfile.Shape] { get }
}
