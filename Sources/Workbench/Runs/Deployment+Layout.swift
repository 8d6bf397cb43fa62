import Cluster
import Iceberg
import ScenarioFiles
import Server

extension Deployment {
    /// The cluster that a scenario describes.
    convenience init(
        _ layout: ClusterLayout,
        lakeLocation: LakeLocation = ClusterConfiguration.defaultLakeLocation
    ) {
        let roles: [NodeRole] = [.coordinator, .server, .tierer, .indexer, .gateway, .sink]
        let nodes = roles.flatMap { role in
            (0..<layout.count(of: role)).map { NodeName(role, $0 + 1) }
        }
        var configuration = layout.configuration
        configuration.lakeLocation = lakeLocation
        self.init(nodes, configuration)
        if layout.serverFormat < .newest {
            for node in nodes where node.role == .server {
                reconfigure(node, format: layout.serverFormat)
            }
        }
    }
}
