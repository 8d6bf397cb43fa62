public import Columnar

extension LogBatch {
    /// The records as a reader's schema sees them, whichever schema of the table's history they
    /// were written under; as the present schema sees them if none is given.
    ///
    /// `ChangelogError.invalidBatch` if the batch's schema is not in the history or its body is
    /// malformed.
    public func decodeRecords(
        _ history: SchemaHistory, as reader: Schema? = nil
    ) throws(ChangelogError) -> (records: RecordBatch, changes: [ChangeType]) {
        guard let writer = history.schema(schemaIdentifier) else {
            throw .invalidBatch(
                reason: "the batch at \(baseOffset) is of schema \(schemaIdentifier), which is "
                    + "none of \(history.schemas.map(\.identifier))")
        }
        let (records, changes) = try decodeRecords(writer)
        do {
            let reader = reader ?? history.current
            if writer == reader { return (records, changes) }
            return (try SchemaEvolution(from: writer, to: reader).batch(records), changes)
        } catch {
            throw .invalidBatch(reason: "the records of the batch at \(baseOffset): \(error)")
        }
    }
}
