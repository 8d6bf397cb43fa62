extension FaultDescription {
    static let lake: [FaultDescription] = [
        rated(
            "lakeCatalogConflict", "a foreign writer commits to the lake first", "requests",
            upTo: 500_000),
        FaultDescription("lakeCatalogUnavailable", "the lake catalog does not answer") { _ in
            FaultKind("lakeCatalogUnavailable", [:])
        },
        unanswered(
            "lakeCatalogOutcomeUnknown", "answers about lake commits get lost", upTo: 500_000),
        // The same rows, another snapshot, no file as it was.
        foreign("lakeForeignCompaction", "rewrites the lake's files"),
        // Other metadata, the same snapshot.
        foreign("lakeForeignProperty", "sets a property of the lake's tables"),
        // Those that no branch or tag names, with the files that only they need.
        foreign("lakeForeignExpiry", "lets old snapshots of the lake expire"),
        foreign("lakeForeignReference", "tags and branches the lake's tables"),
        foreign(
            "lakeForeignSchema", "adds a column to the lake's tables, or renames or drops one"),
        foreign("lakeForeignPartitionSpec", "gives the lake's tables another partition spec"),
        foreign("lakeForeignSortOrder", "gives the lake's tables another sort order"),
        foreign("lakeForeignAppend", "appends rows to the lake's tables"),
        foreign("lakeForeignDelete", "deletes rows of the lake's tables"),
        // Files that say which keys are gone, as they are written without a look at the table.
        foreign(
            "lakeForeignEqualityDelete", "deletes rows of the lake's tables by their keys",
            isDrawnByNameAlone: true),
        foreign("lakeForeignUpdate", "updates rows of the lake's tables"),
        foreign("lakeForeignRollback", "rolls the lake's tables back to an earlier snapshot"),
        // The tables are made anew from the log.
        foreign("lakeForeignRename", "gives the lake's tables other names"),
        foreign("lakeForeignDrop", "drops the lake's tables"),
    ]

    private static func foreign(
        _ name: String, _ act: String, isDrawnByNameAlone: Bool = false
    ) -> FaultDescription {
        FaultDescription(
            name, "another program \(act), once", lasts: false,
            isDrawnByNameAlone: isDrawnByNameAlone
        ) { _ in
            FaultKind(FaultKindName(stringLiteral: name), [:])
        }
    }
}
