public import Changelog

extension ClusterClient: LogSource {
    public func highWatermark(of table: Int64, bucket: Int32) async throws -> Int64 {
        let bucket = BucketIdentifier(table: table, bucket: bucket)
        return try await readingLog { try await offsets(of: bucket).highWatermark }
    }

    public func batches(
        of table: Int64, bucket: Int32, from offset: Int64, byteCount: Int
    ) async throws -> [LogBatch] {
        let bucket = BucketIdentifier(table: table, bucket: bucket)
        return try await readingLog {
            try await fetch(bucket, from: offset, waiting: .zero, byteCount: byteCount).batches
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
