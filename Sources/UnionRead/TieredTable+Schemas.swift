import Changelog
import Columnar
import LakeTiering

extension TieredTable {
    /// The records of a batch as the table's present schema has them.
    ///
    /// `UnionReadError.laterSchema` if the table was altered since.
    func records(
        of batch: LogBatch
    ) throws -> (records: RecordBatch, changes: [ChangeType]) {
        try check(batch.schemaIdentifier)
        return try batch.decodeRecords(schemas)
    }

    /// Throws `UnionReadError.laterSchema` if rows of a schema cannot be seen under the present
    /// one.
    func check(_ identifier: Int16) throws(UnionReadError) {
        if identifier <= schema.identifier { return }
        throw .laterSchema(table: name, schema: identifier, known: schema.identifier)
    }
}
