/// A way for a client's batches into the cluster other than straight to each bucket's leader.
///
/// Errors are those that the leader would answer with; `.timedOut` where nobody knows whether the
/// batch arrived.
public protocol WriteRoute: AnyObject {
    /// Draws a writer id that no other writer has or will have.
    func newWriter() async throws -> Int64

    /// Appends a whole batch to a log table's bucket.
    func append(
        _ batch: [UInt8], to bucket: BucketIdentifier, writer: Int64, sequence: Int32
    ) async throws -> Acknowledgement

    /// Changes rows of a primary-key table's bucket; `columns` as in `ClusterClient.upsert`.
    func upsert(
        _ changes: [ClusterClient.RowChange], columns: [Int32]?, to bucket: BucketIdentifier,
        writer: Int64, sequence: Int32
    ) async throws -> Acknowledgement
}

extension ClusterClient {
    /// Sends a writer's batch once, on this client's route.
    func send(
        _ request: Request, to bucket: BucketIdentifier, writer: Int64, sequence: Int32
    ) async throws -> Acknowledgement {
        if let writeRoute {
            switch request {
            case .produce(let batch):
                return try await writeRoute.append(
                    batch.batch, to: bucket, writer: writer, sequence: sequence)
            case .upsert(let changes):
                return try await writeRoute.upsert(
                    changes.operations.map {
                        $0.isDelete ? .delete(key: $0.bytes) : .upsert(row: $0.bytes)
                    },
                    columns: changes.columns, to: bucket, writer: writer, sequence: sequence)
            default: preconditionFailure("a writer of \(bucket) sends what is no batch")
            }
        }
        guard case .appended(let written) = try await callLeader(of: bucket, request) else {
            throw ClusterError.malformedMessage(reason: "no answer to a write")
        }
        return written
    }
}
