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
    private var writer: Int64?
    private let writerGate: Gate

    public init(
        _ client: ClusterClient, _ table: TableDescription, linger: Duration = .milliseconds(5),
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
        writerGate = Gate(client.machine)
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
        queue.pending.append(Pending(change: change, done: done))
        if queue.isSending { return }
        queue.isSending = true
        machine.spawn("writer of \(table.name) bucket \(number)") {
            defer { queue.isSending = false }
            if self.linger > .zero { try await self.machine.sleep(self.linger) }
            while !queue.pending.isEmpty {
                let count = self.batchCount(queue.pending)
                let batch = Array(queue.pending[..<count])
                queue.pending.removeFirst(count)
                try await self.send(batch, to: self.table.buckets[number], queue)
            }
        }
    }

    /// How many of the changes go into the next batch: a request names one set of columns.
    private func batchCount(_ pending: [Pending]) -> Int {
        let limit = min(pending.count, batchLimit)
        let columns = pending[0].change.columns
        return pending[..<limit].firstIndex { $0.change.columns != columns } ?? limit
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
        let outcome = try await deliver(request, to: bucket, queue)
        switch outcome {
        case .acknowledged:
            queue.sequence = queue.sequence == .max ? 0 : queue.sequence + 1
        case .unknown: queue.writer = -1
        case .refused: break
        }
        for pending in batch { pending.done(outcome) }
    }

    /// Sends a request again and again, under the same sequence, until its outcome is certain.
    private func deliver(
        _ request: Request, to bucket: BucketIdentifier, _ queue: BucketQueue
    ) async throws -> Outcome {
        var retry = Backoff(client.configuration)
        let deadline = machine.clock.now + deliveryTimeout
        var mayHaveArrived = false
        while true {
            do {
                let response = try await client.callLeader(of: bucket, request)
                guard case .appended(let acknowledgement) = response else {
                    throw ClusterError.malformedMessage(reason: "no answer to a write")
                }
                return .acknowledged(
                    Receipt(
                        bucket: bucket, writer: queue.writer, sequence: queue.sequence,
                        acknowledgement: acknowledgement))
            } catch let error as ClusterError {
                switch error {
                case .notEnoughReplicas, .recovering, .unknownBucket: break
                case .notLeader, .timedOut, .busy, .fencedEpoch: mayHaveArrived = true
                default:
                    machine.observer.reached("write refused")
                    return mayHaveArrived ? .unknown : .refused(error)
                }
                if machine.clock.now > deadline {
                    machine.observer.reached("write given up")
                    return mayHaveArrived ? .unknown : .refused(error)
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
