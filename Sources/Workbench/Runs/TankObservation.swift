import ScenarioFiles
import Oracles
import Server
import Simulation

/// What oracles see of a run in the tank: everything.
final class TankObservation: Observation {
    private unowned let world: SimulationWorld
    let deployment: Deployment
    let workloads: [any ObservedWorkload]
    private let faults: FaultDriver

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

    var damagedNodes: Set<String> {
        Set(
            faults.plan.faults.compactMap { fault in
                switch fault.kind {
                case .bitRot(let node, _), .lostWrite(let node, _), .misdirectedWrite(let node, _),
                    .unreadableSector(let node, _):
                    node.description
                default: nil
                }
            })
    }

    func object(_ key: String) -> [UInt8]? { world.objects.bytes(key) }

    func objectKeys(prefix: String) -> [String] { world.objects.keys(prefix: prefix) }
}
