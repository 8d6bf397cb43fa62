import Cluster
import LakeTiering
import Platform
import Server

extension OracleName {
    public static let logStarts = OracleName("logStarts")
}

/// Where a log starts: everything below was old enough to go, and whoever relies on the log had it.
final class LogStarts: Oracle {
    static let description = OracleDescription(
        .logStarts, "a log starts where all below had expired and nobody needs it",
        compares: "starts of logs, against age, lake, row snapshot and readers that hold the log",
        needs: [.cluster, .engine])

    private let evidence: Evidence
    private let tally: Tally
    /// The latest wall clock of any server so far, in milliseconds.
    private var latestClock = Int64.min
    /// Buckets of partitions whose logs began later while the lake had nothing of them.
    private var unknown: Set<BucketIdentifier> = []
    private var starts: [BucketIdentifier: Int64] = [:]
    /// The segments of remote logs when they were last looked at.
    private var segments: [BucketIdentifier: [(endOffset: Int64, byteCount: Int64)]] = [:]

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    var hasWork: Bool { tally.compared > 0 }

    func learned(_ fact: Fact) {
        guard case .fetched(_, let log) = fact else { return }
        for (_, server) in evidence.observation.deployment.runningServers {
            latestClock = max(latestClock, server.machine.clock.timestamp.millisecondsSinceEpoch)
            guard let replica = server.replicas[log.bucket], replica.isLeader else { continue }
            let start = replica.remoteStartOffset
            let before = segments.updateValue(replica.remoteSegments, forKey: log.bucket) ?? []
            if start <= starts[log.bucket] ?? 0 { continue }
            starts[log.bucket] = start
            judge(start, log, server)
            judgeAge(start, log, before, replica)
        }
    }

    func conclude() {
        for bucket in unknown.sorted() {
            tally.expect(
                evidence.isGone(bucket),
                "\(evidence.place(of: bucket)) has a log that starts later, and the lake had "
                    + "nothing of it")
        }
    }

    private func judge(_ start: Int64, _ log: CommittedLog, _ server: TabletServer) {
        tally.expect(
            start <= log.endOffset,
            "\(log.place) starts at offset \(start), beyond a reader that holds it at "
                + "\(log.endOffset)")
        if log.table.isInLake {
            let offsets = evidence.lake.offsets(of: log.table)
            let offset = offsets?[log.bucket.inLake] ?? 0
            // The lake may have heard before us that a partition is gone.
            if log.bucket.partition != nil && offsets?.names(log.bucket.inLake) != true {
                if start > 0 { unknown.insert(log.bucket) }
            } else {
                tally.expect(
                    start <= offset,
                    "\(log.place) starts at offset \(start), and the lake has it up to \(offset)")
            }
        }
        if log.table.isPrimaryKeyTable {
            let offset = server.mirror.snapshots[log.bucket]?.value.endOffset ?? 0
            tally.expect(
                start <= offset,
                "\(log.place) starts at offset \(start), and its rows' snapshot is of \(offset)")
        }
    }

    /// What went was old enough; or, where size counts as well, more was there than is to be kept.
    ///
    /// `before`: the segments of the remote log when it was last looked at.
    private func judgeAge(
        _ start: Int64, _ log: CommittedLog, _ before: [(endOffset: Int64, byteCount: Int64)],
        _ replica: Replica
    ) {
        let configuration = evidence.observation.deployment.configuration
        guard !log.table.hasLogRetention,
            configuration.logTimeToLive != nil || configuration.logRetentionByteCount != nil,
            let youngest = log.entries.last(where: { $0.endOffset <= start })
        else { return }
        let age = latestClock - youngest.commitTimestamp.millisecondsSinceEpoch
        if let timeToLive = configuration.logTimeToLive,
            age >= timeToLive.nanoseconds / 1_000_000
        {
            tally.count()
            return
        }
        var size = "no size is said"
        if let limit = configuration.logRetentionByteCount {
            // A segment that came and went between two looks tells nothing.
            guard let last = before.last(where: { $0.endOffset <= start }), last.endOffset == start
            else { return }
            // Since then the log has only grown.
            let held = replica.remoteSegments.reduce(last.byteCount) { $0 + $1.byteCount }
            if held > limit {
                tally.count()
                return
            }
            size = "with it the remote log had \(held) bytes, of which \(limit) are kept"
        }
        tally.violated(
            "\(log.place) starts at offset \(start), and what is before it is \(age) ms old at "
                + "most, by any server's clock; \(size)")
    }
}
