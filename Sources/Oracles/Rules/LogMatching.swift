import Changelog
import Cluster
import Platform
import Server

extension OracleName {
    public static let logMatching = OracleName("logMatching")
}

/// Below the committed offset, all replicas hold the same batch with the same leader epoch.
final class LogMatching: Oracle {
    static let description = OracleDescription(
        .logMatching, "below the committed offset all replicas hold the same batches",
        compares: "batches of replicas with those committed")

    private let evidence: Evidence
    private let tally: Tally

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    func learned(_ fact: Fact) {
        guard case .fetched(let batch, let log) = fact, batch.baseOffset == log.endOffset,
            let last = log.entries.last
        else { return }
        tally.expect(
            batch.leaderEpoch >= last.leaderEpoch,
            "\(log.place): epoch \(batch.leaderEpoch) at \(batch.baseOffset) follows "
                + "\(last.leaderEpoch)")
    }

    /// Compares every replica's local log with what was committed.
    ///
    /// A log that a fault has rotted refuses to be read, which is all that can be asked of it.
    func readAgain() async throws {
        for (_, server) in evidence.observation.deployment.runningServers {
            for bucket in server.replicas.keys.sorted() {
                guard let log = evidence.logs[bucket], let replica = server.replicas[bucket] else {
                    continue
                }
                try await check(replica.log, log, at: server.machine.name)
                checkMemory(of: replica.log, log, at: server.machine.name)
            }
        }
    }

    /// What a copy remembers of its batches is so: where leaders began, and the writers' last.
    private func checkMemory(of copy: ChangeLog, _ log: CommittedLog, at server: String) {
        guard copy.endOffset == log.endOffset else { return }
        var epochs: [LeaderEpochCache.Entry] = []
        var newest: [Int64: CommittedLog.Entry] = [:]
        for entry in log.entries where entry.endOffset > copy.startOffset {
            if entry.leaderEpoch != epochs.last?.epoch {
                epochs.append(
                    LeaderEpochCache.Entry(
                        epoch: entry.leaderEpoch, startOffset: entry.baseOffset))
            }
            if entry.writer >= 0 { newest[entry.writer] = entry }
        }
        // The first may have begun before the copy does.
        let known = copy.leaderEpochs.entries.drop {
            epochs.isEmpty || $0.epoch < epochs[0].epoch
        }
        tally.expect(
            known.map(\.epoch) == epochs.map(\.epoch)
                && known.dropFirst().elementsEqual(epochs.dropFirst()),
            "\(log.place) on \(server) takes its leaders to have begun at \(Array(known)), and "
                + "those of its batches did at \(epochs)")
        for writer in newest.keys.sorted() {
            guard let batch = copy.writers.newestBatch(of: writer, at: copy.maximumTimestamp)
            else { continue }
            let entry = newest[writer]!
            tally.expect(
                batch.sequence == entry.sequence && batch.baseOffset == entry.baseOffset,
                "\(log.place) on \(server) takes batch \(batch.sequence) at \(batch.baseOffset) "
                    + "for the newest of writer \(writer), which is \(entry.sequence) at "
                    + "\(entry.baseOffset)")
        }
    }

    private func check(_ copy: ChangeLog, _ log: CommittedLog, at server: String) async throws {
        let mayBeRotten = evidence.observation.damagedNodes.contains(server)
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
                tally.expect(mayBeRotten, "\(log.place) on \(server): \(error)")
                return
            }
            if batches.isEmpty { return }
            for batch in batches {
                // A header can be right above a body that is not.
                let isSound = (try? batch.verifyChecksum()) != nil
                let isSame =
                    isSound && log.entry(at: batch.baseOffset) == CommittedLog.Entry(batch)
                tally.expect(
                    isSame,
                    "\(log.place) on \(server): the batch at \(batch.baseOffset) of epoch "
                        + "\(batch.leaderEpoch) is not the one that was committed")
                offset = batch.endOffset
            }
        }
    }
}
