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
        compares: "starts of logs, against age, lake, row snapshot and readers that hold the log")

    private let evidence: Evidence
    private let tally: Tally
    /// The latest wall clock of any server so far, in milliseconds.
    private var latestClock = Int64.min
    /// Buckets of partitions whose logs began later while the lake had nothing of them.
    private var unknown: Set<BucketIdentifier> = []
    private var starts: [BucketIdentifier: Int64] = [:]

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
            if start <= starts[log.bucket] ?? 0 { continue }
            starts[log.bucket] = start
            judge(start, log, server)
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
            let offsets = evidence.lake.offsets(of: log.table.name)
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
        let configuration = evidence.observation.deployment.configuration
        // Where size counts as well, what is younger may go.
        guard let timeToLive = configuration.logTimeToLive,
            configuration.logRetentionByteCount == nil, !log.table.hasLogRetention,
            let youngest = log.entries.last(where: { $0.endOffset <= start })
        else { return }
        let age = latestClock - youngest.commitTimestamp.millisecondsSinceEpoch
        tally.expect(
            age >= timeToLive.nanoseconds / 1_000_000,
            "\(log.place) starts at offset \(start), and what is before it is \(age) ms old at "
                + "most, by any server's clock")
    }
}
