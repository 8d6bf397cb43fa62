import Cluster
import Platform
import Server
import Simulation
import Testing

@Suite("Which parts nodes run")
struct DeploymentTests {
    private let nodes = [
        NodeName(.coordinator, 1), NodeName(.server, 1), NodeName(.server, 2), NodeName(.server, 3),
        NodeName(.tierer, 1), NodeName(.indexer, 1),
    ]

    private func started() -> (Deployment, SimulationWorld) {
        let world = SimulationWorld(seed: 1)
        let deployment = Deployment(nodes, ClusterConfiguration())
        for node in nodes {
            world.addMachine(node.description)
            world.start(node.description) { try await deployment.run(node, on: $0) }
        }
        world.run(for: .seconds(5))
        return (deployment, world)
    }

    @Test("Every node runs the part that its role names")
    func parts() {
        let (deployment, world) = started()
        #expect(deployment.runningServers.map(\.name.number) == [1, 2, 3])
        #expect(deployment.coordinators.count == 1)
        #expect(deployment.tierers.count == 1)
        #expect(deployment.runningIndexers.count == 1)
        #expect(deployment.runningServers.allSatisfy { $0.server.mirror.servers.count == 3 })
        #expect(world.journal.errorCount == 0)
        world.shutDown()
    }

    @Test("A node that is down is forgotten, and found again when it runs")
    func ended() {
        let (deployment, world) = started()
        world.crash("server-2")
        deployment.ended(NodeName(.server, 2))
        #expect(deployment.runningServers.map(\.name.number) == [1, 3])
        world.start("server-2") { try await deployment.run(NodeName(.server, 2), on: $0) }
        world.run(for: .seconds(1))
        #expect(deployment.runningServers.map(\.name.number) == [1, 2, 3])
        world.shutDown()
    }
}
