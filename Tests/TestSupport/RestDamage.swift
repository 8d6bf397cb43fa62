public import Simulation

/// What may befall a file at rest: two faults that whoever checks what it reads must take alike.
public enum RestDamage: String, CaseIterable, Sendable {
    case flippedBit
    case unreadableSector

    /// Strikes a random file of a machine whose path contains `part`; false if there is none.
    public func strike(
        _ world: SimulationWorld, _ machine: String, inPathContaining part: String
    ) -> Bool {
        switch self {
        case .flippedBit: world.rotBit(machine, inPathContaining: part)
        case .unreadableSector: world.loseSector(machine, inPathContaining: part)
        }
    }
}
