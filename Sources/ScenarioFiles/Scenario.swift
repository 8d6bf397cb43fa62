public import Oracles
public import Server
public import Workloads

/// What a scenario file says: a cluster, what it is asked to do, what goes wrong, what must hold.
public struct Scenario: Sendable, Hashable {
    /// The file it was read from.
    public var path: String
    public var title: String
    public var description: String?
    /// Simulated time that the run takes.
    public var length: Duration
    /// The seed of a run that is given no other.
    public var seed: UInt64
    public var cluster: ClusterLayout
    /// The tables that the file says itself.
    public var tables: [TableDefinition]
    public var workloads: [WorkloadOptions]
    /// What users do to tables, by date.
    public var acts: [ScenarioAct]
    /// What each seed has them do.
    public var drawnActs: [DrawnActs]
    /// The faults that are written down.
    public var scriptedFaults: FaultPlan
    /// The faults that each seed draws.
    public var drawnFaults: [DrawnFaults]
    /// The oracles that look, in the order of the format.
    public var checks: [OracleName]
    /// Those of `checks` that are listed by name, not by `all`: they have to compare something.
    public var namedChecks: Set<OracleName>
    /// What the run may leave out and still pass.
    public var allowance: Allowance
    /// Whether it runs for less time than its file says.
    public var isShortened = false
    public var expectedVerdict: ExpectedVerdict
    /// Whether each seed draws settings of its own: see `SettingDraw`.
    public var drawsSettings = false
    /// Which of several jobs that could run at one instant runs first.
    public var schedule = Schedule.inOrder
    /// How long things take in the tank, where it says so.
    public var costs = CostOptions()
    /// What it says as a benchmark; nil if it is none.
    public var bench: BenchOptions?

    /// All nodes, by role and number; clients are numbered through all workloads in their order.
    public var nodes: [NodeName] {
        let counts: [(NodeRole, Int)] = [
            (.server, cluster.servers), (.coordinator, cluster.coordinators),
            (.tierer, cluster.tierers), (.indexer, cluster.indexers),
            (.gateway, cluster.gateways), (.sink, cluster.sinks), (.client, clientCount),
        ]
        return counts.flatMap { role, count in (0..<count).map { NodeName(role, $0 + 1) } }
    }

    /// The tables of which acts drop columns; nil if any may lose some.
    public var tablesLosingColumns: Set<String>? {
        if drawnActs.contains(where: { $0.kinds.contains(.dropColumn) }) { return nil }
        return Set(acts.filter(\.dropsColumns).compactMap(\.table))
    }

    public var clientCount: Int { workloads.reduce(0) { $0 + $1.clientCount } }

    /// Whether a scripted fault may take the only copy of something that was acknowledged: then no
    /// engine can do what is asked.
    public var mayLoseLastCopy: Bool {
        min(cluster.replication, cluster.minimumInSync) < 2
            && scriptedFaults.faults.contains { $0.kind.name.losesData }
    }
}
