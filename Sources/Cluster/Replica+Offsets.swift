import Changelog
import Platform
import RemoteLog

extension Replica {
    /// The first committed offset whose batch was committed at `time` or later, over the remote log
    /// and the local one; the high watermark where there is none.
    ///
    /// Commit timestamps never go back in a log, whoever led it, so both are searched by halves.
    func offset(at time: Timestamp) async throws -> Int64 {
        while true {
            do {
                return try await searchOffset(at: time)
            } catch ClusterError.offsetOutOfRange(_, let offset, let start, _)
                where offset < start
            {
                // What was looked at has expired meanwhile: the log starts later now.
                machine.observer.reached("offset by time sought again in a log that expired")
            }
        }
    }

    private func searchOffset(at time: Timestamp) async throws -> Int64 {
        let leadership = try requireLeadership()
        try await learnWhereLogStarts()
        let limit = highWatermark
        if limit < leadership.startOffset { throw ClusterError.recovering(bucket) }
        var found: Int64?
        if startOffset < log.startOffset, try await !isBeforeLocal(time) {
            found = try await remoteOffset(at: time)
        }
        if found == nil {
            do {
                found = try await log.offset(forTimestamp: time)
            } catch let error as ChangelogError {
                throw try translate(error)
            } catch let error as DiskError {
                throw translate(error)
            }
        }
        if leadership.isEnded { throw ClusterError.notLeader(bucket) }
        return min(found ?? limit, limit)
    }

    /// Whether the local log begins before `time`: then nothing in the remote log is wanted.
    private func isBeforeLocal(_ time: Timestamp) async throws -> Bool {
        if log.startOffset == log.endOffset { return false }
        let bytes = try await read(from: log.startOffset, below: log.endOffset, byteCount: 1)
        guard let first = try LogBatch.split(bytes).first else { return false }
        return first.commitTimestamp < time
    }

    private func remoteOffset(at time: Timestamp) async throws -> Int64? {
        let segments = remoteLog.manifest.segments
        var low = 0
        var high = segments.count
        // The first segment that ends at that time or later.
        while low < high {
            let middle = (low + high) / 2
            let last = try await batches(of: segments[middle]).last
            if let last, last.commitTimestamp < time { low = middle + 1 } else { high = middle }
        }
        if low == segments.count { return nil }
        machine.observer.reached("offset by time found in the remote log")
        let batch = try await batches(of: segments[low]).first { $0.commitTimestamp >= time }
        return batch.map { max($0.baseOffset, startOffset) }
    }

    private func batches(of segment: RemoteLogManifest.Segment) async throws -> [LogBatch] {
        let bytes = try await readRemote(
            from: segment.baseOffset, byteCount: Int(clamping: segment.byteCount))
        return try LogBatch.split(bytes)
    }
}
