public import Changelog
import Columnar
import Platform

extension ClusterClient: LogSource {
    public func highWatermark(
        of table: Int64, partition: Int64?, bucket: Int32
    ) async throws -> Int64 {
        let bucket = BucketIdentifier(table: table, partition: partition, bucket: bucket)
        return try await readingLog { try await offsets(of: bucket).highWatermark }
    }

    public func batches(
        of table: Int64, partition: Int64?, bucket: Int32, from offset: Int64, byteCount: Int
    ) async throws -> [LogBatch] {
        let bucket = BucketIdentifier(table: table, partition: partition, bucket: bucket)
        return try await readingLog {
            try await fetch(bucket, from: offset, waiting: .zero, byteCount: byteCount).batches
        }
    }

    public func hasPartition(_ partition: Int64, of table: Int64) async throws -> Bool {
        do {
            // Not of the mirror, which may lag behind who wrote the lake's state.
            let key = MetadataKey.partition(table: table, partition).text
            return try await machine.coordination.get(key) != nil
        } catch let error as CoordinationError {
            throw LogSourceError.unavailable(reason: "partition \(partition): \(error)")
        }
    }

    /// The partitions of a table that are there at this moment, in order of their creation.
    ///
    /// Throws `LogSourceError.unavailable` where that cannot be known now.
    public func presentPartitions(of table: Int64) async throws -> [PartitionDescription] {
        do {
            let prefix = MetadataKey.root + "partitions/\(table)/"
            return try await machine.coordination.range(prefix: prefix).entries.map {
                try mirror.read(PartitionDescription.self, from: $0.value)
            }.sorted { $0.identifier < $1.identifier }
        } catch let error as CoordinationError {
            throw LogSourceError.unavailable(reason: "partitions of table \(table): \(error)")
        } catch let error as ColumnarError {
            throw LogSourceError.damaged(reason: "partitions of table \(table): \(error)")
        }
    }

    private func readingLog<Value>(_ read: () async throws -> Value) async throws -> Value {
        do {
            return try await read()
        } catch let error as ClusterError {
            switch error {
            case .damaged, .malformedMessage: throw LogSourceError.damaged(reason: "\(error)")
            case .offsetOutOfRange(let bucket, let offset, let start, _) where offset < start:
                throw LogSourceError.expired(
                    table: bucket.table, bucket: bucket.bucket, offset: offset, start: start)
            // A new leader that has not heard how far its log is committed refuses good offsets.
            default: throw LogSourceError.unavailable(reason: "\(error)")
            }
        } catch let error as ChangelogError {
            throw LogSourceError.damaged(reason: "\(error)")
        }
    }
}
