import Oracles
import Platform
import Server

/// What oracles see of a run on the real machine: what clients see, and the engine's objects.
final class HostObservation: Observation {
    let deployment: Deployment
    let workloads: [any ObservedWorkload]
    private let start: ContinuousClock.Instant

    init(
        _ deployment: Deployment, _ workloads: [WorkloadDriver],
        since start: ContinuousClock.Instant
    ) {
        self.deployment = deployment
        self.workloads = workloads
        self.start = start
    }

    var nanoseconds: Int64 { (ContinuousClock.now - start).nanoseconds }

    /// Faults of the scenario are left out here.
    var lostNodes: Set<String> { [] }
    var damagedNodes: Set<String> { [] }

    func object(_ key: String) -> [UInt8]? { nil }
    func objectKeys(prefix: String) -> [String] { [] }
}
