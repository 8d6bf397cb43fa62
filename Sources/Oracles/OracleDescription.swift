/// What an oracle says of itself: scenario files, help, reports and verdicts follow from it.
public struct OracleDescription: Sendable {
    /// What of a cluster can be seen, depending on where it runs.
    public enum Sight: Sendable, Hashable, CaseIterable {
        /// What clients ask and are told, and, where a cluster has come to rest, its copies.
        case cluster
        /// The objects of the engine, at each moment that it runs.
        case engine
        /// Each commit to the lake, with the objects that it names.
        case lake
        /// Every change of the object store and of the lake's catalog, at the moment it happens.
        case store
        /// What a disk would hold after a loss of power.
        case durableDisks
        /// Which node was damaged, stopped or cut off on purpose, and when.
        case faults

        /// For people, after "it needs to see".
        public var meaning: String {
            switch self {
            case .cluster: "what clients are told"
            case .engine: "the engine's objects while they run"
            case .lake: "each commit to the lake"
            case .store: "every change of the object store at the moment it happens"
            case .durableDisks: "what a disk would hold after a loss of power"
            case .faults: "which node was disturbed, and when"
            }
        }
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
