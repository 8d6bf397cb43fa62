import Cluster
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

    /// Faults of the scenario are left out here: nothing explains what goes wrong.
    var lostNodes: Set<String> { [] }
    var damagedNodes: Set<String> { [] }
    var nodesWithoutDisk: Set<String> { [] }
    var hasForeignWriters: Bool { false }
    var clients: [String] { [] }
    func lastDisturbance(of node: String) -> Int64? { nil }
    func lastDisturbance(withStore: Bool) -> Int64? { nil }

    /// As the servers that run know it.
    func state(of bucket: BucketIdentifier) -> BucketState? {
        deployment.runningServers.compactMap { $0.server.mirror.buckets[bucket] }
            .max { $0.revision < $1.revision }?.value
    }

    func fileNames(of node: String, in folder: String) -> [String] { [] }
    func folderNames(of node: String, in folder: String) -> [String] { [] }
    func fileBytes(of node: String, at path: String) -> [UInt8]? { nil }
    func durableNames(of node: String, in folder: String) -> [String] { [] }
    func durableBytes(of node: String, at path: String, from offset: Int64) -> [UInt8]? { nil }
    var footprint: Footprint { Footprint() }

    func coordinationValue(_ key: String) -> [UInt8]? { nil }
    func coordinationKeys(prefix: String) -> [String] { [] }

    func object(_ key: String) -> [UInt8]? { nil }
    func vectorPoints(of collection: String) -> [VectorPoint]? { nil }
    func objectKeys(prefix: String) -> [String] { [] }
}
