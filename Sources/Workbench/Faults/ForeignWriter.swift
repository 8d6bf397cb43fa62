import Cluster
import Iceberg
import Platform
import ScenarioFiles
import Simulation

/// Another program that works on the lake's tables, through the catalog, as query engines and
/// maintenance jobs do (Iceberg spec, "Optimistic Concurrency").
///
/// It takes what it finds, makes one attempt for each table and gives up where another was first.
final class ForeignWriter {
    enum Act {
        /// Rewrites each table's files into one, the rows unchanged.
        case compact
        /// Sets a property of each table.
        case setProperty
    }

    static let name = "foreign-writer"
    private let world: SimulationWorld
    private var machine: Machine?
    private var actCount = 0
    /// Changes that it committed.
    private(set) var commitCount = 0

    init(_ world: SimulationWorld) { self.world = world }

    /// Its machine is there only once it is needed, so that it changes no other run.
    func act(_ act: Act) {
        if machine == nil {
            world.addMachine(Self.name)
            machine = world.start(Self.name) { _ in }
        }
        actCount += 1
        let machine = machine!
        let number = actCount
        machine.spawn("act \(number) of the foreign writer") {
            do {
                for name in try await machine.lakeCatalog.list() {
                    try await self.act(act, on: name, machine, number)
                }
            } catch is LakeCatalogError {
            } catch is IcebergError {
                // It is the foreign writer lost the race; its work is its own to repeat.
            }
        }
    }

    private func act(
        _ act: Act, on name: LakeTableName, _ machine: Machine, _ number: Int
    ) async throws {
        let location = ClusterConfiguration.lakeLocation
        guard let table = try await LakeTable.open(machine, name, in: location) else { return }
        let replacement =
            switch act {
            case .compact: try await table.rewritten(on: machine)
            case .setProperty: try await table.withProperty("foreign-writer", "act \(number)")
            }
        guard let replacement else { return }
        let isDone = try await machine.lakeCatalog.swap(
            name, from: table.metadataLocation, to: replacement)
        if isDone { commitCount += 1 }
    }
}
