public import Changelog
import Columnar

extension TableDescription {
    /// The request that writes some changes to a bucket as one batch of a writer.
    ///
    /// `format` is the cluster's: what it has to be read by. Precondition: all are of the same
    /// columns; the codecs are those of the schema.
    func writeRequest(
        _ changes: [TableWriter.Change], to bucket: BucketIdentifier, writer: Int64,
        sequence: Int32, _ rows: RowCodec, _ keys: KeyCodec, in format: FormatVersion
    ) throws -> Request {
        if isPrimaryKeyTable {
            let operations = try changes.map { change -> UpsertRequest.Operation in
                switch change {
                case .upsert(let row), .append(let row), .update(let row, _):
                    UpsertRequest.Operation(isDelete: false, bytes: try rows.encode(row))
                case .delete(let key), .deletePart(let key, _):
                    UpsertRequest.Operation(isDelete: true, bytes: try keys.encode(key))
                }
            }
            return .upsert(
                UpsertRequest(
                    bucket: bucket, writer: writer, sequence: sequence, operations: operations,
                    columns: changes.first?.columns?.map { schema.fields[$0].identifier }))
        }
        var builder = LogBatchBuilder(
            schema: schema, isAppendOnly: true, writesRows: format >= .compact)
        for case .append(let row) in changes { try builder.append(row, .append) }
        if builder.recordCount != changes.count {
            throw ClusterError.invalidRequest(
                reason: "\(name) is a log table: rows are appended, never changed")
        }
        let batch = try builder.finish(
            writer: writer, sequence: sequence, compression: properties.compression,
            statistics: properties.statisticsColumns(schema))
        return .produce(ProduceRequest(bucket: bucket, batch: batch.bytes))
    }

    /// A batch of a client that writes no statistics, with those that the table wants.
    ///
    /// Throws if the rows are none of the batch's schema.
    public func withStatistics(_ batch: LogBatch) throws -> LogBatch {
        guard let schema = schemas.schema(batch.schemaIdentifier) else { return batch }
        let columns = properties.statisticsColumns(schema)
        return columns.isEmpty ? batch : try batch.withStatistics(schema, columns: columns)
    }
}

extension TableWriter.Change {
    /// The columns that a partial update or deletion is about; nil where all are.
    var columns: [Int]? {
        switch self {
        case .update(_, let columns), .deletePart(_, let columns): columns
        case .append, .upsert, .delete: nil
        }
    }
}
