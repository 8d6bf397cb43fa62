public import Changelog

/// Writes of records that bear their own writer and sequence: for programs that keep those
/// themselves, as clients of the Fluss protocol do. Others use `TableWriter`.
extension ClusterClient {
    /// One change to a row of a primary-key table.
    public enum RowChange: Hashable, Sendable {
        /// The row's bytes, of `RowCodec`.
        case upsert(row: [UInt8])
        /// The key's bytes, of `KeyCodec`.
        case delete(key: [UInt8])
    }

    /// Appends a batch to a log and waits until it is acknowledged.
    ///
    /// `ClusterError.timedOut`: the batch may be there or not; to send it again is safe where it
    /// bears a writer and a sequence.
    public func produce(
        _ batch: LogBatch, to bucket: BucketIdentifier
    ) async throws -> Acknowledgement {
        let request = ProduceRequest(bucket: bucket, batch: batch.bytes)
        guard case .appended(let written) = try await callLeader(of: bucket, .produce(request))
        else { throw ClusterError.malformedMessage(reason: "no answer to a batch for \(bucket)") }
        return written
    }

    /// Changes rows and waits until the changes are acknowledged; unknown outcomes as in `produce`.
    ///
    /// `columns` are the identifiers of those that the changes are about, nil for all.
    public func upsert(
        _ changes: [RowChange], columns: [Int32]? = nil, to bucket: BucketIdentifier,
        writer: Int64, sequence: Int32
    ) async throws -> Acknowledgement {
        let operations = changes.map { change in
            switch change {
            case .upsert(let row): UpsertRequest.Operation(isDelete: false, bytes: row)
            case .delete(let key): UpsertRequest.Operation(isDelete: true, bytes: key)
            }
        }
        let request = UpsertRequest(
            bucket: bucket, writer: writer, sequence: sequence, operations: operations,
            columns: columns)
        guard case .appended(let written) = try await callLeader(of: bucket, .upsert(request))
        else { throw ClusterError.malformedMessage(reason: "no answer to changes of \(bucket)") }
        return written
    }
}
