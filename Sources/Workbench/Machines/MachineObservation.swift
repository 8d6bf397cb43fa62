import Cluster
import Host
import Oracles
import Platform
import Server

/// What oracles see of a cluster whose nodes are processes: what clients see, what stands in its
/// services, and the faults; the engine's objects once its disks are opened in this process.
final class MachineObservation: Observation {
    let deployment: Deployment
    let workloads: [any ObservedWorkload]
    let clients: [String]
    private let world: HostWorld
    private let faults: MachineFaults
    private let start = ContinuousClock.now
    /// Knows the metadata, as any client does; nil until it runs.
    var client: ClusterClient?

    init(
        _ world: HostWorld, _ deployment: Deployment, _ workloads: [WorkloadDriver],
        _ faults: MachineFaults, clients: [String]
    ) {
        self.world = world
        self.deployment = deployment
        self.workloads = workloads
        self.faults = faults
        self.clients = clients
    }

    var nanoseconds: Int64 { (ContinuousClock.now - start).nanoseconds }

    var lostNodes: Set<String> { Set(faults.lost.map(\.description)) }
    var damagedNodes: Set<String> { [] }
    var nodesWithoutDisk: Set<String> { [] }
    var hasForeignWriters: Bool { false }
    func lastDisturbance(of node: String) -> Int64? { faults.lastDisturbance(of: node) }
    func lastDisturbance(withStore: Bool) -> Int64? { faults.lastDisturbance(of: "") }

    func state(of bucket: BucketIdentifier) -> BucketState? {
        client?.mirror.buckets[bucket]?.value
    }

    func fileNames(of node: String, in folder: String) -> [String] { [] }
    func folderNames(of node: String, in folder: String) -> [String] { [] }
    func fileBytes(of node: String, at path: String) -> [UInt8]? { nil }
    func durableNames(of node: String, in folder: String) -> [String] { [] }
    func durableBytes(of node: String, at path: String, from offset: Int64) -> [UInt8]? { nil }
    var footprint: Footprint { Footprint() }
    func coordinationValue(_ key: String) -> [UInt8]? { nil }
    func coordinationKeys(prefix: String) -> [String] { [] }

    func object(_ key: String) -> [UInt8]? { world.objectBytes(key) }
    func vectorPoints(of collection: String) -> [VectorPoint]? { nil }
    func objectKeys(prefix: String) -> [String] { world.objectKeys(prefix: prefix) }
}
