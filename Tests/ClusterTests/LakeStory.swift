import Cluster
import LakeTiering
import Platform
import Simulation
import Testing

extension ClusterWorld {
    /// Runs a story of a client beside two tierers, the first of which dies, while answers of the
    /// stores are lost; ends with a cluster in which nothing has gone wrong.
    func runLakeStory(
        crashAt: Duration, _ story: @escaping (ClusterClient) async throws -> Void
    ) {
        configuration.lakeInterval = .seconds(2)
        for name in ["tierer-1", "tierer-2"] {
            world.addMachine(name)
            world.start(name) { machine in
                try await LakeTierer(machine, self.configuration).run()
            }
        }
        var faults = ServiceFaults()
        faults.lostAfterPerMillion = 60_000
        faults.lostBeforePerMillion = 60_000
        world.catalog.faults = faults
        world.objects.faults = faults
        world.after(.seconds(30)) { [world] in
            world.catalog.faults = ServiceFaults()
            world.objects.faults = ServiceFaults()
        }
        world.after(crashAt) { [world] in world.crash("tierer-1") }
        var isDone = false
        startClient { client in
            while client.mirror.format < .newest {
                try await client.machine.sleep(.milliseconds(100))
            }
            try await story(client)
            isDone = true
        }
        #expect(world.run(atMost: .seconds(900)) { isDone }, "the story has no end")
        world.shutDown()
        let errors = world.journal.notes.filter { $0.severity == .error }
        #expect(errors.isEmpty, "\(errors)")
    }
}
