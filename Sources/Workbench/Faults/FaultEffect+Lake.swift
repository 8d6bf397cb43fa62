import ScenarioFiles
import Simulation

extension FaultEffect {
    static let lake: [FaultEffect] = [
        FaultEffect(
            "lakeCatalogConflict",
            rates: { $1.catalog.conflictsPerMillion += $0.integer("rate") }),
        FaultEffect("lakeCatalogUnavailable", rates: { $1.catalog.isUnavailable = true }),
        FaultEffect(
            "lakeCatalogOutcomeUnknown",
            rates: { $1.catalog.loseAnswers($0) }),
        foreign("lakeForeignCompaction", .compact),
        foreign("lakeForeignProperty", .setProperty),
        foreign("lakeForeignExpiry", .expire),
        foreign("lakeForeignReference", .tag),
        foreign("lakeForeignSchema", .changeSchema),
        foreign("lakeForeignPartitionSpec", .addPartitionSpec),
        foreign("lakeForeignSortOrder", .addSortOrder),
        foreign("lakeForeignAppend", .append),
        foreign("lakeForeignDelete", .delete),
        foreign("lakeForeignEqualityDelete", .deleteByKey),
        foreign("lakeForeignUpdate", .update),
        foreign("lakeForeignRollback", .rollback),
        foreign("lakeForeignRename", .rename),
        foreign("lakeForeignDrop", .drop),
    ]

    private static func foreign(_ name: FaultKindName, _ act: ForeignWriter.Act) -> FaultEffect {
        FaultEffect(name) { _, driver in driver.foreignWriter.act(act) }
    }
}
