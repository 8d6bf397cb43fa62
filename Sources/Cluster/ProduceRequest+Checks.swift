import Changelog
import Columnar

extension ProduceRequest {
    /// The batch, once everything that any reader of the log will ever decode has been decoded.
    ///
    /// Whoever reads the log later, a follower's rows, the lake, an index, a client, would stop at
    /// the first batch that it cannot read: so none gets in. Throws `.invalidRequest` for a bad
    /// one, and `.busy` where this server has not heard of the batch's schema yet.
    func checked(for table: TableDescription) throws(ClusterError) -> LogBatch {
        do {
            let batch = try LogBatch(validating: batch)
            guard batch.schemaIdentifier <= table.schema.identifier else {
                throw ClusterError.busy(
                    reason: "schema \(batch.schemaIdentifier) of table \(table.path) is not known "
                        + "here yet")
            }
            guard batch.isAppendOnly || batch.recordCount == 0 else {
                throw ClusterError.invalidRequest(
                    reason: "\(table.path) is a log table: a batch of changes cannot be appended")
            }
            let isFromWriter = batch.writer >= 0 && batch.sequence >= 0
            guard isFromWriter || (batch.writer == LogBatch.none && batch.sequence == -1) else {
                throw ClusterError.invalidRequest(
                    reason: "sequence \(batch.sequence) of writer \(batch.writer)")
            }
            _ = try batch.decodeRecords(table.schemas)
            try checkStatistics(of: batch, table)
            return batch
        } catch let error as ClusterError {
            throw error
        } catch {
            throw .invalidRequest(reason: "a batch for \(bucket): \(error)")
        }
    }

    /// Readers leave batches out by what they say of themselves, so it has to be so.
    private func checkStatistics(of batch: LogBatch, _ table: TableDescription) throws {
        guard let said = try batch.statistics(),
            let schema = table.schemas.schema(batch.schemaIdentifier)
        else { return }
        let positions = said.columns.compactMap { schema.position(ofIdentifier: $0.field) }
        let records = try batch.decodeRecords(schema).records
        guard said == BatchStatistics(of: records, columns: positions) else {
            throw ClusterError.invalidRequest(
                reason: "a batch for \(bucket): its statistics are not those of its rows")
        }
    }
}
