import Changelog
import Columnar
import Iceberg
import Platform

/// How the lake table's columns follow those of the table.
///
/// The schema goes first, by a commit of its own without rows: a commit of rows finds the columns
/// that it writes. Which of the table's schemas the lake table follows stands in its properties, so
/// that a change is made once, and what others do to the columns afterwards stays.
extension TableTiering {
    /// Goes on with the table as it is by now. Precondition: it is the same table.
    public func adopt(_ present: TieredTable) {
        precondition(present.identifier == table.identifier, "another table")
        table.partitions = present.partitions
        if present.schema.identifier <= table.schema.identifier { return }
        precondition(SystemColumns.fit(present.schema), "columns that no lake table can have")
        table = present
        schema = IcebergSchema(tiering: present.schema)
    }

    /// Gives the lake table the columns that the table has by now.
    ///
    /// Throws `LakeTieringError.unavailable` if the lake table follows a later schema than is known
    /// here, `.refused` if a column cannot be had.
    func followSchema(_ lake: LakeTable) async throws {
        let base = try table.progress(in: lake.metadata)
        let known = table.schemaIdentifier(at: base)
        if known == table.schema.identifier { return }
        try checkEpoch(base)
        guard known < table.schema.identifier, let former = table.schemas.schema(known) else {
            throw unknownSchema(known)
        }
        var change = LakeChange()
        do {
            change.updates = try lake.metadata.following(
                from: IcebergSchema(tiering: former), to: schema)
        } catch IcebergError.unsupported(let reason) {
            throw LakeTieringError.refused(table: table.name, reason: reason)
        }
        // The epoch goes with it: what a tierer of an earlier one still commits, such as a
        // compaction, would say again that the lake table follows the schema before.
        change.properties = [
            (LakeProgress.schemaProperty, "\(table.schema.identifier)"),
            (LakeProgress.epochProperty, "\(epoch)"),
        ]
        let present = lake.metadata.currentSchemaIdentifier
        try await lake.commit(change, on: machine) { metadata in
            try checkEpoch(try table.progress(in: metadata))
            if metadata.currentSchemaIdentifier != present {
                throw LakeTieringError.overtaken(
                    table: table.name, reason: "another program changed the lake table's columns")
            }
        }
        machine.observer.reached("lake schema followed")
    }

    /// Others may add, drop, rename and reorder columns, and widen them: rows are written by the
    /// columns' ids. A column that became another type is refused until it is the old one again.
    ///
    /// Throws `LakeTieringError.fenced` or `.unavailable` if the columns are not those that this
    /// tierer made: another one may have gone on with them meanwhile.
    func checkColumns(of lake: LakeTable) throws {
        let base = try table.progress(in: lake.metadata)
        try checkEpoch(base)
        let followed = table.schemaIdentifier(at: base)
        if followed > table.schema.identifier { throw unknownSchema(followed) }
        for field in schema.columns.fields {
            let found = lake.metadata.schema.columns.fields.first {
                $0.identifier == field.identifier
            }
            guard let found, !found.type.takes(field.type) else { continue }
            throw LakeTieringError.refused(
                table: table.name,
                reason: "column \(found.name) of the lake table is of another type")
        }
    }

    private func unknownSchema(_ identifier: Int16) -> LakeTieringError {
        .unavailable(
            reason: "the lake table of \(table.name) follows schema \(identifier), which is not "
                + "known here: the last is \(table.schema.identifier)")
    }

    /// Leaves batches for later that are of a schema which is not known here yet.
    func cut(_ batches: inout [LogBatch], _ bucket: LakeBucket) throws(LogSourceError) {
        let place = batches.firstIndex { $0.schemaIdentifier > table.schema.identifier }
        guard let place else { return }
        machine.observer.reached("batch of a later schema left for the next round")
        let unknown = batches[place].schemaIdentifier
        batches.removeSubrange(place...)
        guard batches.isEmpty else { return }
        throw .unavailable(
            reason: "\(bucket) of \(table.name) goes on under schema \(unknown), which "
                + "is not known here yet")
    }
}
