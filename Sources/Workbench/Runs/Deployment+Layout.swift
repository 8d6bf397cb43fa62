import Cluster
import LakeTiering
import ScenarioFiles
import Server

extension Deployment {
    /// The cluster that a scenario describes.
    convenience init(_ layout: ClusterLayout) {
        let roles: [NodeRole] = [.coordinator, .server, .tierer, .indexer]
        let nodes = roles.flatMap { role in
            (0..<layout.count(of: role)).map { NodeName(role, $0 + 1) }
        }
        self.init(nodes, ClusterConfiguration(layout))
    }
}

extension ClusterConfiguration {
    init(_ layout: ClusterLayout) {
        self.init()
        leaseDuration = layout.leaseDuration
        leaseRenewal = layout.leaseDuration / 4
        replicaLagLimit = layout.leaseDuration + layout.leaseDuration / 2
        minimumInSync = layout.minimumInSync
        segmentByteCount = Int64(layout.segmentByteCount)
        tailByteCount = layout.tailByteCount
        localSegmentCount = layout.localSegments
        rowMemoryByteCount = layout.rowMemoryByteCount
        hotPointLimit = layout.hotPoints
        searchesExactlyWhereFaster = layout.exactSearch
        remoteLogTaskInterval = layout.segmentTieringInterval
        snapshotInterval = layout.snapshotInterval
        lakeInterval = layout.lakeInterval
        lakeTiering.maximumSnapshotAge = layout.lakeSnapshotAge
    }
}
