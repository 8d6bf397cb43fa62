public import Cluster

/// Something that a user does to a table, or to the cluster, while it is written to.
public struct ScenarioAct: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// In one step, all or none.
        case alter([TableChange])
        /// It is created again, as another one under its name, after a while.
        case drop(absence: Duration)
        /// A database is dropped with its tables, which are created again after a while.
        case dropDatabase(String, absence: Duration)
        /// A partition, by its name, goes with its rows; who writes to it next makes another.
        case dropPartition(String)
        /// The replicas of a bucket move to these servers; to such as hold none, where none is
        /// named. It may be taken back after a while.
        case reassign(bucket: Int, to: [String], cancelAfter: Duration?)
        /// Replicas and leaders are spread evenly. It may be taken back after a while.
        case rebalance([Rebalance.Goal], cancelAfter: Duration?)
    }

    /// From the start of the run.
    public var at: Duration
    /// Nil for what is done to the cluster or to a database.
    public var table: String?
    public var kind: Kind

    public var isAlteration: Bool { if case .alter = kind { true } else { false } }

    var dropsColumns: Bool {
        guard case .alter(let changes) = kind else { return false }
        return changes.contains { change in
            if case .dropColumn(_) = change { true } else { false }
        }
    }
}

/// Acts that each seed draws.
public struct DrawnActs: Sendable, Hashable {
    public var from: Duration
    public var until: Duration
    /// The mean time between two.
    public var every: Duration
    public var kinds: [ActKindName]
}

/// What acts may be drawn.
public enum ActKindName: String, CaseIterable, Sendable, Hashable {
    case addColumn, dropColumn, renameColumn, moveColumn, widenColumn, setProperty, dropTable,
        dropPartition, dropDatabase, reassign, rebalance

    /// What `all` stands for: whose models follow all that is written know no more of a partition
    /// that was dropped, so that is asked for by its name, and so is what no table tells.
    static let all = allCases.filter {
        $0 != .dropPartition && $0 != .dropDatabase && !$0.isOfPlacement
    }

    /// Whether it is about where replicas are, and not about what a table is.
    public var isOfPlacement: Bool { self == .reassign || self == .rebalance }

    public var meaning: String {
        switch self {
        case .addColumn: "a column of any type is added"
        case .dropColumn: "a column that no key and no merging goes by is dropped"
        case .renameColumn: "a column gets another name"
        case .moveColumn: "a column goes to another place"
        case .widenColumn: "a column gets a type that holds more, at any level of nesting"
        case .setProperty: "a property that may change is set"
        case .dropTable: "the table is dropped, and created again under its name"
        case .dropPartition:
            "a partition is dropped, and made anew by who writes to it next; not one of `all`"
        case .dropDatabase:
            "the table's database is dropped with all its tables, and they are created again, "
                + "unless it is the standard one; not one of `all`"
        case .reassign:
            "the replicas of a bucket move to other servers, or back in the middle; not one of "
                + "`all`"
        case .rebalance: "replicas and leaders are spread evenly; not one of `all`"
        }
    }
}
