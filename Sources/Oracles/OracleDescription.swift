/// What an oracle says of itself: scenario files, help, reports and verdicts follow from it.
public struct OracleDescription: Sendable {
    /// What of a cluster can be seen, depending on where it runs.
    public enum Sight: Sendable, Hashable, CaseIterable {
        /// What clients ask and are told, and the objects of the engine that run.
        case cluster
        /// Every change of the object store and of the lake's catalog, at the moment it happens.
        case store
        /// What a disk would hold after a loss of power.
        case durableDisks
        /// Which node was damaged, stopped or cut off on purpose, and when.
        case faults
    }

    public let name: OracleName
    /// What it holds to be true, in one clause.
    public let meaning: String
    /// What one comparison of it is, in the plural.
    public let compares: String
    /// What it must be able to see to look at all.
    public let needs: Set<Sight>
    /// Whether `checks: all` asks for it; one that the engine does not pass yet is asked for by
    /// name alone.
    public let isAmongAll: Bool
    /// Whether it demands that the cluster serves, so that a scenario which expects a refusal is
    /// not held to it.
    public let demandsService: Bool

    init(
        _ name: OracleName, _ meaning: String, compares: String, needs: Set<Sight> = [.cluster],
        isAmongAll: Bool = true, demandsService: Bool = false
    ) {
        self.name = name
        self.meaning = meaning
        self.compares = compares
        self.needs = needs
        self.isAmongAll = isAmongAll
        self.demandsService = demandsService
    }
}
