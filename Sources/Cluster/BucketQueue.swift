import Platform

/// A change that waits to be sent.
struct PendingChange {
    var change: TableWriter.Change
    /// About what it takes in a batch.
    var byteCount: Int
    var done: (TableWriter.Outcome) -> Void
}

/// Where a queue's changes go: the partition by its name, nil in a table without partitions.
struct WriteTarget: Hashable {
    var partition: [String]?
    var bucket: Int
}

/// A batch that was sent, until all before it are settled.
final class SentBatch {
    let changes: [PendingChange]
    let writer: Int64
    let sequence: Int32
    /// Its place among all batches of the queue.
    let number: Int
    /// What came of it; nil while it is under way.
    var delivery: ClusterClient.Delivery?

    init(_ changes: [PendingChange], writer: Int64, sequence: Int32, number: Int) {
        self.changes = changes
        self.writer = writer
        self.sequence = sequence
        self.number = number
    }
}

/// The changes of one bucket that a writer has not settled, in order.
final class BucketQueue {
    let target: WriteTarget
    /// The bucket once it is known, that is once the partition is there.
    var bucket: BucketIdentifier?
    private(set) var pending: [PendingChange] = []
    private var pendingByteCount = 0
    /// Until when the oldest pending change waits for others while a batch is under way.
    private(set) var lingersUntil = Instant(nanoseconds: 0)
    /// Batches that are sent before what is pending: surely not in the log, though they were sent.
    private var again: [[PendingChange]] = []
    /// As `again`, of those that were under way together, until the last of them is settled.
    private var failed: [[PendingChange]] = []
    /// Batches under way, oldest first.
    var underWay: [SentBatch] = []
    var writer: Int64 = -1
    /// Of the next batch.
    var sequence: Int32 = 0
    /// The first batch under way that is not in the log, or perhaps not: none of its writer's after
    /// it can be taken.
    private(set) var broken: SentBatch?
    /// Batches that were sent so far.
    private var sentCount = 0
    /// Whether the writer's own id was used here before: an outcome under it may be unknown.
    var hasUsedSharedID = false
    var isSending = false
    /// A batch was settled, or a change came.
    let news: Signal

    init(_ target: WriteTarget, _ machine: Machine) {
        self.target = target
        news = Signal(machine)
    }

    /// Whether a batch waits that was sent before.
    var sendsAgain: Bool { !again.isEmpty || !failed.isEmpty }
    var hasBatch: Bool { !pending.isEmpty || sendsAgain }
    var isEmpty: Bool { !hasBatch && underWay.isEmpty }

    func append(_ change: PendingChange, lingeringUntil deadline: Instant) {
        if pending.isEmpty { lingersUntil = deadline }
        pending.append(change)
        pendingByteCount += change.byteCount
    }

    /// Whether a full batch is pending.
    func isFull(changeLimit: Int, byteLimit: Int) -> Bool {
        pending.count >= changeLimit || pendingByteCount >= byteLimit
    }

    /// Has a batch sent again, before all that was not under way with it.
    func sendAgain(_ changes: [PendingChange]) { failed.append(changes) }

    /// Where nothing is under way: what comes next is in order again.
    func beginAnew() {
        precondition(underWay.isEmpty, "batches of a broken writer are under way")
        again = failed + again
        failed = []
        broken = nil
    }

    /// Whether the batch that broke the row may be in the log, or may still get there.
    var isBrokenInDoubt: Bool {
        if case .settled(.unknown) = broken?.delivery { true } else { false }
    }

    /// Puts a batch behind those under way.
    func send(_ changes: [PendingChange], writer: Int64, sequence: Int32) -> SentBatch {
        sentCount += 1
        let batch = SentBatch(changes, writer: writer, sequence: sequence, number: sentCount)
        underWay.append(batch)
        return batch
    }

    /// Takes the changes of the next batch: as many as it may have, and as many bytes, all of the
    /// same columns, which a request names once.
    func nextBatch(changeLimit: Int, byteLimit: Int) -> [PendingChange] {
        if !again.isEmpty { return again.removeFirst() }
        precondition(!pending.isEmpty, "nothing to send")
        var count = 1
        var byteCount = pending[0].byteCount
        let columns = pending[0].change.columns
        while count < min(pending.count, changeLimit) {
            let next = byteCount + pending[count].byteCount
            if next > byteLimit { break }
            if pending[count].change.columns != columns { break }
            byteCount = next
            count += 1
        }
        let batch = Array(pending[..<count])
        pending.removeFirst(count)
        pendingByteCount -= byteCount
        precondition(pendingByteCount >= 0, "bytes of changes that are not pending")
        return batch
    }

    /// Whether a batch can be taken now, as far as is known of those before it.
    func standing(of batch: SentBatch) -> ClusterClient.Standing {
        if let broken, broken.writer == batch.writer, broken.number < batch.number {
            return .cutOff
        }
        for other in underWay where other.writer == batch.writer {
            if other === batch { break }
            if other.delivery == nil { return .early }
        }
        return .next
    }

    /// Notes what came of a batch; what was sent after it under its writer is told at once.
    func settled(_ batch: SentBatch, _ delivery: ClusterClient.Delivery) {
        batch.delivery = delivery
        news.notify()
        if case .settled(.acknowledged) = delivery { return }
        if let broken, broken.writer == batch.writer, broken.number < batch.number { return }
        broken = batch
    }

    /// Waits until a batch is no longer behind one that is under way.
    func waitForTurn(of batch: SentBatch, until deadline: Instant) async throws {
        while standing(of: batch) == .early {
            if try await !news.wait(until: deadline) { return }
        }
    }
}
