import ScenarioFiles
import Cluster
import Oracles
import Platform
import Server
import Simulation

/// What oracles see of a run in the tank: everything.
final class TankObservation: Observation {
    private unowned let world: SimulationWorld
    let deployment: Deployment
    let workloads: [any ObservedWorkload]
    private let faults: FaultDriver
    /// The states of buckets as they were read last, and the revisions and keys that they stood
    /// under.
    private var states: [BucketIdentifier: (key: String, revision: Revision, state: BucketState?)] =
        [:]

    init(
        _ world: SimulationWorld, _ deployment: Deployment, _ workloads: [WorkloadDriver],
        _ faults: FaultDriver
    ) {
        self.world = world
        self.deployment = deployment
        self.workloads = workloads
        self.faults = faults
    }

    var nanoseconds: Int64 { world.nanoseconds }

    var lostNodes: Set<String> { Set(faults.lost.map(\.description)) }

    var damagedNodes: Set<String> { Set(faults.damaged.map(\.description)) }

    var nodesWithoutDisk: Set<String> {
        let losses = faults.active.filter { $0.kind.name.rawValue == "diskLoss" }
        return Set(losses.flatMap(\.kind.nodes).map(\.description))
    }

    var hasForeignWriters: Bool { faults.hasForeignWriters }

    var clients: [String] { faults.clients.map(\.description) }

    func lastDisturbance(of node: String) -> Int64? { faults.lastDisturbance(of: node) }

    func lastDisturbance(withStore: Bool) -> Int64? {
        faults.lastDisturbance(withStore: withStore)
    }

    func state(of bucket: BucketIdentifier) -> BucketState? {
        let known = states[bucket]
        let key = known?.key ?? BucketState.key(of: bucket)
        guard let entry = world.coordinator.entry(key) else { return nil }
        if let known, known.revision == entry.revision { return known.state }
        let state = try? BucketState(reading: entry.value, deployment.configuration)
        states[bucket] = (key, entry.revision, state)
        return state
    }

    func fileNames(of node: String, in folder: String) -> [String] {
        world.fileNames(of: node, in: folder)
    }

    func folderNames(of node: String, in folder: String) -> [String] {
        world.folderNames(of: node, in: folder)
    }

    func fileBytes(of node: String, at path: String) -> [UInt8]? {
        world.fileBytes(of: node, at: path)
    }

    func durableNames(of node: String, in folder: String) -> [String] {
        world.durableNames(of: node, in: folder)
    }

    func durableBytes(of node: String, at path: String, from offset: Int64) -> [UInt8]? {
        world.durableBytes(of: node, at: path, from: offset)
    }

    var footprint: Footprint {
        var footprint = Footprint()
        footprint.objectBytes = world.objects.totalBytes
        footprint.objectCount = world.objects.count
        footprint.largestObject = world.objects.largestByteCount
        footprint.coordinationEntries = world.coordinator.entryCount
        footprint.largestTransaction = world.coordinator.largestTransaction
        for node in deployment.nodes.map(\.description) {
            footprint.diskBytes += Int(world.diskBytes(of: node))
            footprint.openFiles = max(footprint.openFiles, world.openFileCount(of: node))
            footprint.memoryBytes = max(footprint.memoryBytes, world.memoryUse(of: node))
            footprint.oversizedFrames += world.oversizedFrames(of: node)
        }
        return footprint
    }

    func coordinationValue(_ key: String) -> [UInt8]? { world.coordinator.entry(key)?.value }

    func coordinationKeys(prefix: String) -> [String] {
        world.coordinator.keys(prefix: prefix)
    }

    func object(_ key: String) -> [UInt8]? { world.objects.bytes(key) }

    func vectorPoints(of collection: String) -> [VectorPoint]? {
        world.vectors.points(of: collection)
    }

    func objectKeys(prefix: String) -> [String] { world.objects.keys(prefix: prefix) }
}
