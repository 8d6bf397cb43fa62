import Changelog
import Cluster
import Columnar
import Platform

/// Reads of what lies in the object store: the old part of a log, and snapshots of rows.
extension ClusterReader {
    /// Reads the log at any offset that was ever committed.
    func readPast(_ bucket: BucketIdentifier) async throws {
        guard let log = oracles.evidence.logs[bucket], log.endOffset > 0 else { return }
        let offset = Int64(random.next(in: 0..<Int(log.endOffset)))
        let batches: [LogBatch]
        do {
            batches = try await client.fetch(
                bucket, from: offset, waiting: .zero, byteCount: 1
            ).batches
        } catch ClusterError.offsetOutOfRange(_, _, let start, let end) {
            oracles.tell(.refusedPast(offset, there: start..<max(start, end), of: log))
            return
        } catch let error as ClusterError {
            if !error.isRetriable { oracles.tell(.unreadable(bucket, reason: "\(error)")) }
            return
        } catch let error as ChangelogError {
            oracles.tell(.unreadable(bucket, reason: "\(error)"))
            return
        }
        // A leader that has not heard how far its log is committed has nothing to say.
        guard let first = batches.first else { return }
        oracles.tell(.readPast(first, at: offset, of: log))
    }

    /// Reads a snapshot of a bucket's rows under a lease, as a query engine does.
    func readSnapshot(_ bucket: BucketIdentifier) async throws -> String? {
        guard let log = oracles.evidence.logs[bucket] else { return nil }
        let lease = Duration.seconds(5 + random.next(in: 0..<30))
        let reader = try await client.openSnapshot(of: bucket, for: lease)
        var found: [[UInt8]: UInt64] = [:]
        var last: [UInt8]?
        while true {
            let rows = try await reader.rows(after: last, limit: 200)
            for (key, row) in rows { found[key] = try log.hash(ofStored: row) }
            guard let end = rows.last?.key else { break }
            last = end
        }
        try await reader.close()
        oracles.tell(
            .scanned(
                // A snapshot is of its own moment: it need not reflect anything newer.
                ScanAnswer(
                    log: log, start: nil, last: nil, found: found, offset: reader.endOffset,
                    known: 0)))
        return nil
    }
}
