import Changelog
public import Columnar
import Platform

/// Writes to one table: batches by bucket, keeps each bucket's order, and sends nothing twice.
///
/// One batch a bucket is under way at a time; what comes meanwhile makes the next batch.
public final class TableWriter {
    /// What became of a change.
    public enum Outcome: Hashable, Sendable {
        /// Durable on the whole in-sync set.
        case acknowledged(Receipt)
        case refused(ClusterError)
        /// It may or may not be there: the answer did not come in time.
        case unknown
    }

    /// Proof of an acknowledged batch.
    public struct Receipt: Hashable, Sendable {
        public var bucket: BucketIdentifier
        public var writer: Int64
        public var sequence: Int32
        public var acknowledgement: Acknowledgement

        public init(
            bucket: BucketIdentifier, writer: Int64, sequence: Int32,
            acknowledgement: Acknowledgement
        ) {
            self.bucket = bucket
            self.writer = writer
            self.sequence = sequence
            self.acknowledgement = acknowledgement
        }
    }

    /// A change to write.
    public enum Change: Hashable, Sendable {
        case append(Row)
        case upsert(Row)
        /// Changes the columns at these positions of the writer's schema, the key's among them;
        /// the row's other values do not matter.
        case update(Row, columns: [Int])
        case delete(key: [Value])
    }

    private struct Pending {
        var change: Change
        /// About what it takes in a batch.
        var byteCount: Int
        var done: (Outcome) -> Void
    }

    private final class BucketQueue {
        var pending: [Pending] = []
        var writer: Int64 = -1
        var sequence: Int32 = 0
        var isSending = false
    }

    public let table: TableDescription
    private let client: ClusterClient
    private let machine: Machine
    private let linger: Duration
    private let deliveryTimeout: Duration
    private let batchLimit: Int
    private let bucketing: Bucketing
    private let rowCodec: RowCodec
    private let keyCodec: KeyCodec
    private var queues: [BucketQueue]

    public init(
        _ client: ClusterClient, _ table: TableDescription, linger: Duration = .milliseconds(2),
        deliveryTimeout: Duration = .seconds(60), batchLimit: Int = 500
    ) {
        self.client = client
        self.table = table
        self.linger = linger
        self.deliveryTimeout = deliveryTimeout
        self.batchLimit = batchLimit
        machine = client.machine
        bucketing = Bucketing(table)
        rowCodec = RowCodec(schema: table.schema)
        keyCodec = KeyCodec(primaryKeyOf: table.schema)
        queues = (0..<table.bucketCount).map { _ in BucketQueue() }
    }

    /// Where a change goes; nil if it is none of this table's.
    public func bucket(of change: Change) -> BucketIdentifier? {
        (try? bucketing.bucket(of: change)).map { table.buckets[$0] }
    }

    /// Takes a change in; `done` is called once, when its outcome is known or given up.
    public func write(_ change: Change, done: @escaping (Outcome) -> Void) {
        let number: Int
        do {
            number = try bucketing.bucket(of: change)
        } catch {
            done(.refused(.invalidRequest(reason: "\(error)")))
            return
        }
        let queue = queues[number]
        let byteCount = change.approximateByteCount
        if byteCount > ClusterConfiguration.rowByteCountLimit {
            done(
                .refused(
                    .tooLarge(
                        "a row of \(table.name) bucket \(number)", byteCount: byteCount,
                        limit: ClusterConfiguration.rowByteCountLimit)))
            return
        }
        queue.pending.append(Pending(change: change, byteCount: byteCount, done: done))
        if queue.isSending { return }
        queue.isSending = true
        machine.spawn("writer of \(table.name) bucket \(number)") {
            defer { queue.isSending = false }
            if self.linger > .zero { try await self.machine.sleep(self.linger) }
            while !queue.pending.isEmpty {
                let batch = self.nextBatch(of: queue)
                try await self.send(batch, to: self.table.buckets[number], queue)
            }
        }
    }

    /// Takes the changes of the next batch: as many as it may have, and as many bytes, all of the
    /// same columns, which a request names once.
    private func nextBatch(of queue: BucketQueue) -> [Pending] {
        precondition(!queue.pending.isEmpty, "nothing to send")
        var count = 1
        var byteCount = queue.pending[0].byteCount
        let columns = queue.pending[0].change.columns
        while count < min(queue.pending.count, batchLimit) {
            byteCount += queue.pending[count].byteCount
            if byteCount > client.configuration.writerBatchByteCount { break }
            if queue.pending[count].change.columns != columns { break }
            count += 1
        }
        let batch = Array(queue.pending[..<count])
        queue.pending.removeFirst(count)
        return batch
    }

    private func send(
        _ batch: [Pending], to bucket: BucketIdentifier, _ queue: BucketQueue
    ) async throws {
        if queue.writer < 0 {
            // A bucket whose last outcome was unknown begins anew under another id.
            queue.writer = try await client.newWriter()
            queue.sequence = 0
        }
        let request: Request
        do {
            request = try self.request(batch.map(\.change), to: bucket, queue)
        } catch {
            for pending in batch {
                pending.done(.refused(.invalidRequest(reason: "\(error)")))
            }
            return
        }
        let outcome: Outcome
        switch try await deliver(request, to: bucket, queue) {
        case .forgotten:
            // Surely not there: it is sent again as the first batch of another writer.
            machine.observer.reached("writer forgotten by the log begins anew")
            queue.writer = -1
            return try await send(batch, to: bucket, queue)
        case .tooLarge where batch.count > 1:
            // With the rows that it replaces it is too large for one batch: halves are not.
            machine.observer.reached("batch split because it is too large")
            let middle = batch.count / 2
            try await send(Array(batch[..<middle]), to: bucket, queue)
            return try await send(Array(batch[middle...]), to: bucket, queue)
        case .tooLarge(let error): outcome = .refused(error)
        case .settled(let settled): outcome = settled
        }
        switch outcome {
        case .acknowledged:
            queue.sequence = queue.sequence == .max ? 0 : queue.sequence + 1
        case .unknown: queue.writer = -1
        case .refused: break
        }
        for pending in batch { pending.done(outcome) }
    }

    /// What came of sending a batch.
    private enum Delivery {
        case settled(Outcome)
        /// The log does not remember the writer, and no earlier try can have arrived.
        case forgotten
        /// It was taken by nobody, and never will be as it is.
        case tooLarge(ClusterError)
    }

    /// Sends a request again and again, under the same sequence, until its outcome is certain.
    private func deliver(
        _ request: Request, to bucket: BucketIdentifier, _ queue: BucketQueue
    ) async throws -> Delivery {
        var retry = Backoff(client.configuration)
        let deadline = machine.clock.now + deliveryTimeout
        var mayHaveArrived = false
        while true {
            do {
                let response = try await client.callLeader(of: bucket, request)
                guard case .appended(let acknowledgement) = response else {
                    throw ClusterError.malformedMessage(reason: "no answer to a write")
                }
                return .settled(
                    .acknowledged(
                        Receipt(
                            bucket: bucket, writer: queue.writer, sequence: queue.sequence,
                            acknowledgement: acknowledgement)))
            } catch let error as ClusterError {
                switch error {
                case .notEnoughReplicas, .recovering, .unknownBucket: break
                case .notLeader, .timedOut, .busy, .fencedEpoch: mayHaveArrived = true
                case .unknownWriter where !mayHaveArrived && queue.sequence > 0: return .forgotten
                case .tooLarge where !mayHaveArrived: return .tooLarge(error)
                default:
                    machine.observer.reached("write refused")
                    return .settled(mayHaveArrived ? .unknown : .refused(error))
                }
                if machine.clock.now > deadline {
                    machine.observer.reached("write given up")
                    return .settled(mayHaveArrived ? .unknown : .refused(error))
                }
            }
            try await machine.sleep(retry.next(machine.entropy))
        }
    }

    private func request(
        _ changes: [Change], to bucket: BucketIdentifier, _ queue: BucketQueue
    ) throws -> Request {
        if table.isPrimaryKeyTable {
            let operations = try changes.map { change -> UpsertRequest.Operation in
                switch change {
                case .upsert(let row), .append(let row), .update(let row, _):
                    UpsertRequest.Operation(isDelete: false, bytes: try rowCodec.encode(row))
                case .delete(let key):
                    UpsertRequest.Operation(isDelete: true, bytes: try keyCodec.encode(key))
                }
            }
            return .upsert(
                UpsertRequest(
                    bucket: bucket, writer: queue.writer, sequence: queue.sequence,
                    operations: operations,
                    columns: changes[0].columns?.map { table.schema.fields[$0].identifier }))
        }
        var builder = RecordBatchBuilder(schema: table.schema)
        for case .append(let row) in changes { try builder.append(row) }
        if builder.rowCount != changes.count {
            throw ClusterError.invalidRequest(
                reason: "\(table.name) is a log table: rows are appended, never changed")
        }
        let batch = try LogBatch.appendOnly(
            builder.finish(), writer: queue.writer, sequence: queue.sequence,
            compression: table.properties.compression)
        return .produce(ProduceRequest(bucket: bucket, batch: batch.bytes))
    }
}

extension TableWriter.Change {
    /// The columns that a partial update is about; nil where all are.
    fileprivate var columns: [Int]? {
        if case .update(_, let columns) = self { columns } else { nil }
    }
}
