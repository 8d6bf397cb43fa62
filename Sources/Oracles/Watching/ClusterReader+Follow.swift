import Changelog
import Cluster
import Columnar
import Platform

extension ClusterReader {
    /// How far a service has followed a log: what it has seen, and what it has written down.
    struct Bookmark {
        var position: Int64 = 0
        var saved: Int64 = 0
    }

    /// Goes on in a log from where this reader was, as a service does that handles each change.
    ///
    /// Now and then it writes down how far it is, and now and then it dies and goes on from what it
    /// wrote down last: what it sees again must be what it saw.
    func follow(_ bucket: BucketIdentifier) async throws -> String? {
        guard let log = oracles.evidence.logs[bucket] else { return nil }
        var bookmark = bookmarks[bucket] ?? Bookmark()
        if random.chance(1, in: 20) { bookmark.position = bookmark.saved }
        switch try await readOn(bucket, log, from: bookmark.position) {
        case .refused(let reason): return reason
        // What expired is judged elsewhere; who holds no log goes on where it starts by now.
        case .begins(let first): bookmarks[bucket] = Bookmark(position: first, saved: first)
        case .seen(let end):
            bookmark.position = end
            if random.chance(1, in: 4) { bookmark.saved = end }
            bookmarks[bucket] = bookmark
        }
        return nil
    }

    /// What came of reading on in a log.
    enum ReadOn {
        case refused(String?)
        /// The log begins there by now.
        case begins(Int64)
        /// All below was seen.
        case seen(Int64)
    }

    /// Reads on in a log, and has what comes held against what was committed.
    func readOn(
        _ bucket: BucketIdentifier, _ log: CommittedLog, from start: Int64
    ) async throws -> ReadOn {
        let fetched: FetchedBatches
        do {
            fetched = try await client.fetch(
                bucket, from: start, waiting: .milliseconds(100), byteCount: 64 * 1024)
        } catch let error as ClusterError {
            guard case .offsetOutOfRange(_, let offset, let first, let end) = error else {
                throw error
            }
            // A new leader has not heard yet how far its log is committed.
            if offset > end { return .refused("\(error)") }
            oracles.tell(.refusedPast(offset, there: first..<max(first, end), of: log))
            return .begins(first)
        } catch let error as ChangelogError {
            oracles.tell(.notAnswered(.follow, reason: "\(error)"))
            return .refused(nil)
        }
        var changes: [Int64: CommittedLog.Change] = [:]
        var end = start
        for batch in fetched.batches {
            let (records, types) = try batch.decodeRecords(log.schema(batch.schemaIdentifier))
            for place in 0..<records.rowCount where batch.baseOffset + Int64(place) >= start {
                changes[batch.baseOffset + Int64(place)] = CommittedLog.Change(
                    hash: CommittedLog.hash(records.row(at: place)), key: -1, type: types[place])
            }
            end = batch.endOffset
        }
        try tellEvolved(fetched.batches, log, from: start)
        oracles.tell(.followed(FollowAnswer(log: log, start: start, end: end, changes: changes)))
        return .seen(end)
    }

    /// What to look near to: any direction, or the vector of a row of any table, as a page asks
    /// for products like this one or for what fits a session.
    func query(_ dimension: Int) -> [Float] {
        let logs = tables.flatMap(\.buckets).compactMap { oracles.evidence.logs[$0] }
            .filter(\.hasVectors)
        if !logs.isEmpty, random.chance(2, in: 3) {
            let log = logs[random.next(in: 0..<logs.count)]
            let start = Int64(random.next(in: 0..<Int(log.endOffset)))
            for offset in start..<min(log.endOffset, start + 32) {
                for column in log.table.vectorColumns where column.dimension == dimension {
                    if let vector = log.vector(column.field, at: offset) { return vector }
                }
            }
        }
        return (0..<dimension).map { _ in Float(Int(random.next(in: 0..<2001)) - 1000) / 1000 }
    }
}
