import Changelog
public import Cluster
import Columnar
public import Platform
public import Vectors

/// The changelog of a table, read from its cluster.
public final class ClusterChanges: ChangeSource {
    private let client: ClusterClient
    private let table: TableDescription
    private let points: SinkTable

    public init(_ client: ClusterClient, _ table: TableDescription, _ points: SinkTable) {
        self.client = client
        self.table = table
        self.points = points
    }

    public func changes(
        of bucket: BucketIdentifier, from offset: Int64, waiting wait: Duration
    ) async throws -> ChangePage {
        precondition(bucket.table == table.identifier, "\(bucket) is not of \(table.path)")
        do {
            let fetched = try await client.fetch(bucket, from: offset, waiting: wait)
            var changes: [SinkChange] = []
            for batch in fetched.batches {
                changes += try self.changes(in: batch, of: bucket, from: offset)
            }
            return ChangePage(changes: changes, nextOffset: fetched.nextOffset)
        } catch ClusterError.offsetOutOfRange(_, _, let start, _) where offset < start {
            throw SinkError.expired(bucket, offset: offset, start: start)
        } catch let error as ClusterError {
            throw SinkError.unavailable(reason: "\(error)")
        } catch let error as ChangelogError {
            throw SinkError.unavailable(reason: "\(error)")
        }
    }

    private func changes(
        in batch: LogBatch, of bucket: BucketIdentifier, from offset: Int64
    ) throws -> [SinkChange] {
        // The table may have been altered since it was followed.
        let table = client.mirror.tables[table.identifier] ?? table
        guard let schema = table.schemas.schema(batch.schemaIdentifier) else {
            throw ClusterError.busy(
                reason: "schema \(batch.schemaIdentifier) of \(table.path) is not known here yet")
        }
        let (records, types) = try batch.decodeRecords(schema)
        return try (0..<records.rowCount).compactMap { position in
            let at = batch.baseOffset + Int64(position)
            if types[position] == .updateBefore || at < offset { return nil }
            return try points.change(
                records.row(at: position), schema, isDelete: types[position] == .delete,
                offset: at, partition: bucket.partition)
        }
    }
}

extension VectorCollection.Distance {
    /// As tables say it.
    public init(_ distance: VectorDistance) {
        self =
            switch distance {
            case .squaredEuclidean: .euclidean
            case .cosine: .cosine
            case .innerProduct: .innerProduct
            }
    }
}
