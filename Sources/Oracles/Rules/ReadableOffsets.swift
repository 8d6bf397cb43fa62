import Changelog
import Cluster
import Platform

extension OracleName {
    public static let readableOffsets = OracleName("readableOffsets")
}

/// Every offset from log start to high watermark can be read, local or remote, at every moment.
final class ReadableOffsets: Oracle {
    static let description = OracleDescription(
        .readableOffsets, "every offset up to the high watermark can be read at any moment",
        compares: "batches that were read with the offsets asked for")

    private let evidence: Evidence
    private let tally: Tally

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    func learned(_ fact: Fact) {
        switch fact {
        case .unreadable(let bucket, let reason):
            tally.violated("\(evidence.place(of: bucket)): \(reason)")
        case .fetched(let batch, let log):
            tally.expect(
                batch.baseOffset == log.endOffset,
                "\(log.place): offset \(log.endOffset) was asked, \(batch.baseOffset) came")
        case .readPast(let batch, let offset, let log):
            tally.expect(
                log.entry(at: batch.baseOffset) == CommittedLog.Entry(batch)
                    && batch.baseOffset <= offset && offset < batch.endOffset,
                "\(log.place): offset \(offset) was asked, and the batch of offsets "
                    + "\(batch.baseOffset)..<\(batch.endOffset) came, not the one committed there")
        case .refusedPast(let offset, let there, let log):
            tally.expect(
                !there.contains(offset),
                "\(log.place): offset \(offset) is refused though \(there) are there")
        default: break
        }
    }

    /// Reads every log again from its start, local and tiered, and compares.
    func readAgain() async throws {
        guard let client = evidence.client else { return }
        for bucket in evidence.logs.keys.sorted() {
            let log = evidence.logs[bucket]!
            guard var offset = try await start(of: log, client) else { continue }
            while offset < log.endOffset {
                let fetched: FetchedBatches
                do {
                    fetched = try await client.fetch(bucket, from: offset, waiting: .seconds(1))
                } catch let error as ClusterError where error.isRetriable {
                    // A drop that was asked for long ago may have got there now.
                    if evidence.isGone(bucket) { break }
                    try await client.machine.sleep(.milliseconds(500))
                    continue
                } catch ClusterError.offsetOutOfRange(_, let asked, let start, _)
                    where asked < start
                {
                    // It expired meanwhile.
                    offset = start
                    continue
                } catch {
                    tally.violated("\(log.place) at offset \(offset): \(error)")
                    break
                }
                for batch in fetched.batches where batch.baseOffset < log.endOffset {
                    tally.expect(
                        log.entry(at: batch.baseOffset) == CommittedLog.Entry(batch),
                        "\(log.place): offset \(batch.baseOffset) reads differently now")
                }
                if fetched.nextOffset == offset {
                    try await client.machine.sleep(.milliseconds(500))
                }
                offset = fetched.nextOffset
            }
        }
    }

    /// Where a log starts by now; nil if nobody says so.
    private func start(of log: CommittedLog, _ client: ClusterClient) async throws -> Int64? {
        while true {
            do {
                return try await client.offsets(of: log.bucket).start
            } catch let error as ClusterError where error.isRetriable {
                if evidence.isGone(log.bucket) { return nil }
                try await client.machine.sleep(.milliseconds(500))
            } catch let error as ClusterError {
                tally.violated("\(log.place): \(error)")
                return nil
            }
        }
    }

    func conclude() {
        for bucket in evidence.logs.keys.sorted() where evidence.logs[bucket]!.waitingCount > 0 {
            let log = evidence.logs[bucket]!
            tally.violated("\(log.place): an answer reflects offsets that were never committed")
        }
    }
}
