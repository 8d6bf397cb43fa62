public import Changelog
public import Cluster
public import Columnar
import Platform
import Server

/// Reads every committed batch as a client does, and tells the oracles of it.
public final class LogReader {
    public let client: ClusterClient
    private let oracles: OracleSet
    /// Called with each committed change, in the order of its bucket.
    public var onChange: (CommittedLog, Row, Schema, ChangeType, Int64) -> Void = {
        _, _, _, _, _ in
    }
    private let machine: Machine
    private var gates: [BucketIdentifier: Gate] = [:]

    public init(_ client: ClusterClient, _ oracles: OracleSet) {
        self.client = client
        self.oracles = oracles
        machine = client.machine
        oracles.evidence.client = client
    }

    public var logs: [BucketIdentifier: CommittedLog] { oracles.evidence.logs }

    /// Logs that live shorter wait for this reader before they expire.
    private static let heldTimeToLive = Duration.seconds(86_400)

    /// Says how far this reader has come, so that nothing expires before it was looked at.
    private func hold(_ table: TableDescription) {
        machine.spawn("hold on \(table.name)") {
            let hold = try self.client.hold(table, as: "oracles")
            while !self.oracles.evidence.isDropped(table.identifier) {
                for log in self.oracles.evidence.logs(of: table.identifier) {
                    hold.advance(log.bucket, to: log.endOffset)
                }
                _ = try await hold.renew(for: .seconds(600))
                try await self.machine.sleep(.seconds(1))
            }
        }
    }

    /// Follows the buckets of a table from now on, also those of partitions that come later.
    public func follow(_ table: TableDescription) {
        let configuration = oracles.evidence.observation.deployment.configuration
        if let limit = configuration.logTimeToLive, limit < Self.heldTimeToLive { hold(table) }
        for bucket in table.buckets { follow(bucket, of: table) }
        if !table.isPartitioned { return }
        machine.spawn("partitions of \(table.path)") {
            while !self.oracles.evidence.isDropped(table.identifier) {
                for bucket in self.client.mirror.buckets(of: table) {
                    self.follow(bucket, of: table)
                }
                try await self.machine.sleep(.milliseconds(500))
            }
        }
    }

    private func follow(_ bucket: BucketIdentifier, of table: TableDescription) {
        if logs[bucket] != nil || isGone(bucket) { return }
        let log = CommittedLog(bucket, table)
        oracles.evidence.logs[bucket] = log
        gates[bucket] = Gate(machine)
        machine.spawn("audit of \(bucket)") {
            while !self.isGone(bucket) {
                if try await self.advance(log, waiting: .seconds(1)) == .unavailable {
                    try await self.machine.sleep(.milliseconds(500))
                }
            }
            self.oracles.evidence.logs[bucket] = nil
            self.gates[bucket] = nil
        }
    }

    private func isGone(_ bucket: BucketIdentifier) -> Bool {
        oracles.evidence.isDropped(bucket.table) || client.mirror.isGone(bucket)
    }

    /// What was committed in a table that was dropped speaks of nothing any more.
    public func forget(table: Int64) { oracles.evidence.forget(table: table) }

    private enum Step {
        case advanced
        case idle
        case unavailable
    }

    /// Reads on by one answer.
    private func advance(_ log: CommittedLog, waiting: Duration) async throws
        -> Step
    {
        try await gates[log.bucket]!.run {
            let fetched: FetchedBatches
            do {
                fetched = try await client.fetch(log.bucket, from: log.endOffset, waiting: waiting)
            } catch let error as ClusterError {
                if case .offsetOutOfRange(_, let offset, _, let end) = error, offset > end {
                    // A new leader has not heard yet how far its log is committed.
                    return .unavailable
                }
                if !error.isRetriable {
                    oracles.tell(.unreadable(log.bucket, reason: "\(error)"))
                }
                return .unavailable
            } catch let error as ChangelogError {
                oracles.tell(.unreadable(log.bucket, reason: "\(error)"))
                return .unavailable
            }
            if let table = client.mirror.tables[log.bucket.table] { log.learn(table) }
            for batch in fetched.batches {
                if isGone(log.bucket) { return .idle }
                // This client may hear of a later schema after those who write under it.
                if log.table.schemas.schema(batch.schemaIdentifier) == nil { return .unavailable }
                oracles.tell(.fetched(batch, of: log))
                let isNext = batch.baseOffset == log.endOffset
                if !isNext { return .unavailable }
                take(batch, log)
            }
            return fetched.batches.isEmpty ? .idle : .advanced
        }
    }

    private func take(_ batch: LogBatch, _ log: CommittedLog) {
        do {
            let isEvolving = oracles.evidence.observation.workloads.contains {
                $0.isEvolving(log.bucket.table)
            }
            try log.append(batch, at: machine.clock.now, isEvolving: isEvolving) {
                onChange(log, $0, $1, $2, $3)
            }
        } catch {
            oracles.tell(
                .unreadable(
                    log.bucket,
                    reason: "the batch at offset \(batch.baseOffset) cannot be decoded: \(error)"))
        }
    }
}
