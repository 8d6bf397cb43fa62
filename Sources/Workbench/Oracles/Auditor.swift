import Changelog
import Cluster
import Columnar
import Platform
import ScenarioFiles

/// Reads every committed batch as a client does, and holds all that was promised against it.
final class Auditor {
    let client: ClusterClient
    let tallies: Tallies
    private(set) var logs: [BucketIdentifier: CommittedLog] = [:]
    /// Called with each committed change, in the order of its bucket.
    var onChange: (CommittedLog, Row, ChangeType, Int64) -> Void = { _, _, _, _ in }
    private let machine: Machine
    private var gates: [BucketIdentifier: Gate] = [:]
    private var acknowledged: [BucketIdentifier: [TableWriter.Receipt]] = [:]
    private var leaders: [BucketIdentifier: [Int32: String]] = [:]

    init(_ client: ClusterClient, _ tallies: Tallies) {
        self.client = client
        self.tallies = tallies
        machine = client.machine
    }

    /// Follows the buckets of a table from now on.
    func follow(_ table: TableDescription) {
        for bucket in table.buckets where logs[bucket] == nil {
            let log = CommittedLog(bucket, table)
            logs[bucket] = log
            gates[bucket] = Gate(machine)
            machine.spawn("audit of \(bucket)") {
                while true {
                    if try await self.advance(log, waiting: .seconds(1)) == .unavailable {
                        try await self.machine.sleep(.milliseconds(500))
                    }
                }
            }
        }
    }

    /// The logs of a table in the order of its buckets.
    func logs(of table: Int64) -> [CommittedLog] {
        logs.keys.filter { $0.table == table }.sorted().map { logs[$0]! }
    }

    enum Step {
        case advanced
        case idle
        case unavailable
    }

    /// Reads on by one answer, up to `limit` if one is given.
    @discardableResult
    func advance(_ log: CommittedLog, waiting: Duration, upTo limit: Int64 = .max) async throws
        -> Step
    {
        try await gates[log.bucket]!.run {
            if log.endOffset >= limit { return .idle }
            let fetched: FetchedBatches
            do {
                fetched = try await client.fetch(log.bucket, from: log.endOffset, waiting: waiting)
            } catch let error as ClusterError {
                if case .offsetOutOfRange(_, let offset, _, let end) = error, offset > end {
                    // A new leader has not heard yet how far its log is committed.
                    return .unavailable
                }
                if !error.isRetriable { tallies[.readableOffsets].violated("\(error)") }
                return .unavailable
            } catch let error as ChangelogError {
                tallies[.readableOffsets].violated("\(log.bucket): \(error)")
                return .unavailable
            }
            for batch in fetched.batches {
                if batch.baseOffset >= limit { return .advanced }
                let isNext = batch.baseOffset == log.endOffset
                tallies[.readableOffsets].expect(
                    isNext,
                    "\(log.bucket): offset \(log.endOffset) was asked, "
                        + "\(batch.baseOffset) came")
                if !isNext { return .unavailable }
                take(batch, log)
            }
            return fetched.batches.isEmpty ? .idle : .advanced
        }
    }

    private func take(_ batch: LogBatch, _ log: CommittedLog) {
        if let last = log.entries.last {
            tallies[.logMatching].expect(
                batch.leaderEpoch >= last.leaderEpoch,
                "\(log.bucket): epoch \(batch.leaderEpoch) at \(batch.baseOffset) "
                    + "follows \(last.leaderEpoch)")
        }
        do {
            try log.append(batch, at: machine.clock.now) { onChange(log, $0, $1, $2) }
        } catch {
            tallies[.readableOffsets].violated(
                "\(log.bucket): the batch at \(batch.baseOffset) cannot be decoded: \(error)")
        }
    }

    // MARK: What writers were told

    /// Notes an acknowledgement; whether it holds is looked at in the end.
    func acknowledged(_ receipt: TableWriter.Receipt, by server: String?) {
        acknowledged[receipt.bucket, default: []].append(receipt)
        guard let server else { return }
        let epoch = receipt.acknowledgement.leaderEpoch
        let known = leaders[receipt.bucket, default: [:]][epoch]
        tallies[.singleLeader].expect(
            known == nil || known == server,
            "\(receipt.bucket): \(server) and \(known ?? "") both acknowledge in epoch \(epoch)")
        leaders[receipt.bucket, default: [:]][epoch] = server
    }

    /// Holds every acknowledgement, and every writer's order, against the committed logs.
    func checkAcknowledgements() {
        for bucket in logs.keys.sorted() {
            let log = logs[bucket]!
            for receipt in acknowledged[bucket] ?? [] {
                let offset = receipt.acknowledgement.baseOffset
                let entry = log.entry(at: offset)
                tallies[.acknowledgedWrites].expect(
                    entry?.writer == receipt.writer && entry?.sequence == receipt.sequence,
                    "\(bucket): batch \(receipt.sequence) of writer \(receipt.writer) was "
                        + "acknowledged at \(offset) and is not there")
                if let entry {
                    tallies[.fencing].expect(
                        entry.leaderEpoch <= receipt.acknowledgement.leaderEpoch,
                        "\(bucket): epoch \(receipt.acknowledgement.leaderEpoch) acknowledged "
                            + "a batch of the later epoch \(entry.leaderEpoch) at \(offset)")
                }
            }
            checkWriterOrder(log)
        }
    }

    private func checkWriterOrder(_ log: CommittedLog) {
        var last: [Int64: Int32] = [:]
        for entry in log.entries where entry.writer >= 0 {
            let expected = last[entry.writer].map { $0 == .max ? 0 : $0 + 1 } ?? 0
            tallies[.acknowledgedWrites].expect(
                entry.sequence == expected,
                "\(log.bucket): writer \(entry.writer) has batch \(entry.sequence) at "
                    + "\(entry.baseOffset) where \(expected) should be")
            last[entry.writer] = entry.sequence
        }
    }

    // MARK: Copies

    /// Compares every replica's local log with what was committed.
    ///
    /// A log that a fault has rotted refuses to be read, which is all that can be asked of it.
    func checkReplicas(_ servers: [TabletServer], rotten: Set<String>) async throws {
        for server in servers {
            for bucket in server.replicas.keys.sorted() {
                guard let log = logs[bucket], let replica = server.replicas[bucket] else {
                    continue
                }
                try await check(
                    replica.log, log, at: server.machine.name,
                    mayBeRotten: rotten.contains(server.machine.name))
            }
        }
    }

    private func check(
        _ copy: ChangeLog, _ log: CommittedLog, at server: String, mayBeRotten: Bool
    ) async throws {
        var offset = copy.startOffset
        let end = min(log.endOffset, copy.endOffset)
        while offset < end {
            let batches: [LogBatch]
            do {
                batches = try await copy.readBatches(
                    from: offset, below: end, maximumByteCount: 1024 * 1024)
            } catch ChangelogError.offsetOutOfRange where offset < copy.startOffset {
                // What is tiered was dropped meanwhile, as it may be at any time.
                offset = copy.startOffset
                continue
            } catch let error where error is ChangelogError || error is DiskError {
                tallies[.logMatching].expect(
                    mayBeRotten, "\(log.bucket) on \(server): \(error)")
                return
            }
            if batches.isEmpty { return }
            for batch in batches {
                // A header can be right above a body that is not.
                let isSound = (try? batch.verifyChecksum()) != nil
                let isSame =
                    isSound && log.entry(at: batch.baseOffset) == CommittedLog.Entry(batch)
                tallies[.logMatching].expect(
                    isSame,
                    "\(log.bucket) on \(server): the batch at \(batch.baseOffset) of epoch "
                        + "\(batch.leaderEpoch) is not the one that was committed")
                offset = batch.endOffset
            }
        }
    }

    /// Reads every log again from its start, local and tiered, and compares.
    func checkAgain() async throws {
        for bucket in logs.keys.sorted() {
            let log = logs[bucket]!
            var offset: Int64 = 0
            while offset < log.endOffset {
                let fetched: FetchedBatches
                do {
                    fetched = try await client.fetch(bucket, from: offset, waiting: .seconds(1))
                } catch let error as ClusterError where error.isRetriable {
                    try await machine.sleep(.milliseconds(500))
                    continue
                } catch {
                    tallies[.readableOffsets].violated("\(bucket) at \(offset): \(error)")
                    break
                }
                for batch in fetched.batches where batch.baseOffset < log.endOffset {
                    tallies[.readableOffsets].expect(
                        log.entry(at: batch.baseOffset) == CommittedLog.Entry(batch),
                        "\(bucket): offset \(batch.baseOffset) reads differently now")
                }
                if fetched.nextOffset == offset {
                    try await machine.sleep(.milliseconds(500))
                }
                offset = fetched.nextOffset
            }
        }
    }
}
