import ScenarioFiles
import Server

extension Deployment {
    /// The cluster that a scenario describes.
    convenience init(_ layout: ClusterLayout) {
        let roles: [NodeRole] = [.coordinator, .server, .tierer, .indexer]
        let nodes = roles.flatMap { role in
            (0..<layout.count(of: role)).map { NodeName(role, $0 + 1) }
        }
        self.init(nodes, layout.configuration)
    }
}
