import Oracles
import Changelog
import Cluster
import Columnar
import ScenarioFiles

/// Measures what a benchmark tells of a run: how long changes took to where, and what they say.
///
/// It only listens: a run that is measured has the same trace as one that is not.
final class FigureMeter {
    /// Where a change arrives after its acknowledgement.
    enum Place: Int, CaseIterable {
        case changelog, lake, vectorIndex
    }

    /// Some acknowledged changes of one batch.
    private struct Sent {
        var bucket: BucketIdentifier
        var endOffset: Int64
        var at: Int64
    }

    /// From when on a place had everything of a bucket below an offset.
    private struct Progress {
        var offset: Int64
        var at: Int64
    }

    /// A change that takes longer is one whose writer notices that something is wrong.
    static let patience: Int64 = 500_000_000

    /// What was sent before has tables, leaders and connections to wait for: no time of it counts.
    static let warmUp: Int64 = 5_000_000_000

    private(set) var latency = LatencyHistogram()
    private(set) var answers: [Question: LatencyHistogram] = [:]
    private(set) var failures: [Question: Int] = [:]
    /// What the committed changes say, without any encoding.
    private(set) var changeBytes = 0
    /// Of them, those of log tables, whose rows all stay.
    private(set) var appendedBytes = 0
    /// Acknowledged before the writers were stopped.
    private(set) var acknowledgedInTime = 0
    private var sent: [Sent] = []
    private var late: [(from: Int64, until: Int64)] = []
    private var progress: [[BucketIdentifier: [Progress]]] = Place.allCases.map { _ in [:] }
    private let now: () -> Int64
    private let end: Int64

    /// `end` is when the writers are stopped.
    init(now: @escaping () -> Int64, end: Int64) {
        self.now = now
        self.end = end
    }

    // MARK: What happens

    func acknowledged(_ receipt: TableWriter.Receipt, after nanoseconds: Int64) {
        let began = now() - nanoseconds
        if now() <= end { acknowledgedInTime += 1 }
        if began < Self.warmUp { return }
        latency.record(nanoseconds)
        if nanoseconds > Self.patience { late.append((began, now())) }
        sent.append(
            Sent(
                bucket: receipt.bucket, endOffset: receipt.acknowledgement.endOffset, at: began))
    }

    func reached(_ place: Place, _ bucket: BucketIdentifier, _ offset: Int64) {
        var steps = progress[place.rawValue][bucket] ?? []
        progress[place.rawValue][bucket] = nil
        if let last = steps.last, last.offset < offset, last.at == now() {
            steps[steps.count - 1].offset = offset
        } else if steps.last?.offset ?? 0 < offset {
            steps.append(Progress(offset: offset, at: now()))
        }
        progress[place.rawValue][bucket] = steps
    }

    func committed(_ row: Row, _ change: ChangeType, in table: TableDescription) {
        if !table.isPrimaryKeyTable { appendedBytes += row.saidByteCount }
        switch change {
        case .append, .insert, .updateAfter: changeBytes += row.saidByteCount
        case .updateBefore: break
        case .delete: changeBytes += table.schema.key(of: row).saidByteCount
        }
    }

    func answered(_ question: Question, after nanoseconds: Int64?) {
        if let nanoseconds {
            answers[question, default: LatencyHistogram()].record(nanoseconds)
        } else {
            failures[question, default: 0] += 1
        }
    }

    // MARK: What comes of it

    /// From the sending of each change to when `place` had it; nothing where the place had none.
    func freshness(at place: Place) -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for change in sent {
            guard let steps = progress[place.rawValue][change.bucket] else { continue }
            var (low, high) = (0, steps.count)
            while low < high {
                let middle = (low + high) / 2
                let isEarlier = steps[middle].offset < change.endOffset
                if isEarlier { low = middle + 1 } else { high = middle }
            }
            if low < steps.count { histogram.record(steps[low].at - change.at) }
        }
        return histogram
    }

    /// Spans in which writers waited longer than their patience, as lengths: overlapping waits are
    /// one.
    var outages: [Int64] {
        var spans: [(from: Int64, until: Int64)] = []
        for wait in late.sorted(by: { ($0.from, $0.until) < ($1.from, $1.until) }) {
            if let last = spans.last, wait.from <= last.until {
                spans[spans.count - 1].until = max(last.until, wait.until)
            } else {
                spans.append(wait)
            }
        }
        return spans.map { $0.until - $0.from }
    }
}

extension [Value] {
    /// Bytes that the values say: of numbers their width, of texts their length, of nothing none.
    var saidByteCount: Int {
        reduce(0) { $0 + $1.payloadByteCount }
    }
}
