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

    /// How a table without a bucket key has its rows spread.
    public enum KeylessAssignment: Hashable, Sendable {
        /// A batch goes to one bucket, the next to another: larger batches.
        case sticky
        /// A row goes to the bucket after that of the row before.
        case roundRobin
    }

    /// Where a queue's changes go: the partition by its name, nil in a table without partitions.
    private struct Target: Hashable {
        var partition: [String]?
        var bucket: Int
    }

    private final class BucketQueue {
        let target: Target
        /// The bucket once it is known, that is once the partition is there.
        var bucket: BucketIdentifier?
        var pending: [Pending] = []
        var writer: Int64 = -1
        var sequence: Int32 = 0
        /// Whether the writer's own id was used here before: an outcome under it may be unknown.
        var hasUsedSharedID = false
        var isSending = false

        init(_ target: Target) { self.target = target }
    }

    public let table: TableDescription
    private let client: ClusterClient
    private let machine: Machine
    private let linger: Duration
    private let deliveryTimeout: Duration
    private let batchLimit: Int
    private let bucketing: Bucketing
    private let partitioning: Partitioning?
    private let keyless: KeylessAssignment
    /// The bucket that keyless rows go to now.
    private var keylessBucket: Int
    private let rowCodec: RowCodec
    private let keyCodec: KeyCodec
    private var queues: [Target: BucketQueue] = [:]
    /// Under which all buckets begin; a sequence is each bucket's own.
    private var sharedID: Int64?
    private let identity: Gate

    public init(
        _ client: ClusterClient, _ table: TableDescription, linger: Duration = .milliseconds(2),
        deliveryTimeout: Duration = .seconds(60), batchLimit: Int = 500,
        keyless: KeylessAssignment = .sticky
    ) {
        self.client = client
        self.table = table
        self.linger = linger
        self.deliveryTimeout = deliveryTimeout
        self.batchLimit = batchLimit
        machine = client.machine
        bucketing = Bucketing(table)
        partitioning = Partitioning(table)
        self.keyless = keyless
        keylessBucket = 0
        rowCodec = RowCodec(schema: table.schema)
        keyCodec = KeyCodec(primaryKeyOf: table.schema)
        identity = Gate(client.machine)
        if table.bucketKeyFields.isEmpty {
            // Writers begin at different buckets.
            keylessBucket = Int(machine.entropy.next() % UInt64(table.bucketCount))
        }
    }

    private func queue(_ target: Target) -> BucketQueue {
        if let known = queues[target] { return known }
        let queue = BucketQueue(target)
        queues[target] = queue
        return queue
    }

    /// Where a change goes; nil if it is none of this table's, if any bucket will do, or if its
    /// partition is not there yet.
    public func bucket(of change: Change) -> BucketIdentifier? {
        guard let number = try? bucketing.bucket(of: change) else { return nil }
        var bucket = BucketIdentifier(table: table.identifier, bucket: Int32(number))
        guard let partitioning else { return bucket }
        guard let values = try? partitioning.values(of: change),
            let partition = client.mirror.partition(
                PartitionDescription.name(of: values), of: table.identifier)
        else { return nil }
        bucket.partition = partition.identifier
        return bucket
    }

    /// Takes a change in; `done` is called once, when its outcome is known or given up.
    public func write(_ change: Change, done: @escaping (Outcome) -> Void) {
        let target: Target
        do {
            target = Target(
                partition: try partitioning?.values(of: change),
                bucket: try bucketing.bucket(of: change) ?? nextKeylessBucket())
        } catch {
            done(.refused(.invalidRequest(reason: "\(error)")))
            return
        }
        let queue = queue(target)
        let byteCount = change.approximateByteCount
        if byteCount > ClusterConfiguration.rowByteCountLimit {
            done(
                .refused(
                    .tooLarge(
                        "a row of \(table.name) bucket \(target.bucket)", byteCount: byteCount,
                        limit: ClusterConfiguration.rowByteCountLimit)))
            return
        }
        queue.pending.append(Pending(change: change, byteCount: byteCount, done: done))
        if queue.isSending { return }
        queue.isSending = true
        machine.spawn("writer of \(table.name) bucket \(target.bucket)") {
            defer { queue.isSending = false }
            if self.linger > .zero { try await self.machine.sleep(self.linger) }
            while !queue.pending.isEmpty {
                let batch = self.nextBatch(of: queue)
                if self.keyless == .sticky && self.table.bucketKeyFields.isEmpty {
                    self.turnKeylessBucket()
                }
                let bucket: BucketIdentifier
                do { bucket = try await self.bucket(of: queue) } catch let error as ClusterError {
                    for pending in batch { pending.done(.refused(error)) }
                    continue
                }
                try await self.send(batch, to: bucket, queue)
            }
        }
    }

    private func nextKeylessBucket() -> Int {
        if keyless == .roundRobin { turnKeylessBucket() }
        return keylessBucket
    }

    private func turnKeylessBucket() {
        keylessBucket = (keylessBucket + 1) % Int(table.bucketCount)
    }

    /// The bucket that a queue's changes go to; its partition is created where it is not there.
    private func bucket(of queue: BucketQueue) async throws -> BucketIdentifier {
        let number = Int32(queue.target.bucket)
        guard let values = queue.target.partition else {
            return BucketIdentifier(table: table.identifier, bucket: number)
        }
        if let known = queue.bucket, !client.mirror.isGone(known) { return known }
        let name = PartitionDescription.name(of: values)
        let partition: PartitionDescription
        if let known = client.mirror.partition(name, of: table.identifier) {
            partition = known
        } else {
            partition = try await client.createPartition(of: table, values)
            machine.observer.reached("partition created by a writer")
        }
        let bucket = BucketIdentifier(
            table: table.identifier, partition: partition.identifier, bucket: number)
        // What a dropped partition of that name has been sent has nothing to do with this one.
        queue.writer = -1
        queue.bucket = bucket
        return bucket
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
            queue.writer = try await queue.hasUsedSharedID ? client.newWriter() : sharedWriter()
            queue.hasUsedSharedID = true
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

    /// The id that all buckets begin with: many share one draw.
    private func sharedWriter() async throws -> Int64 {
        try await identity.run {
            if let sharedID { return sharedID }
            let drawn = try await client.newWriter()
            sharedID = drawn
            return drawn
        }
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
                if client.mirror.isGone(bucket) {
                    machine.observer.reached("write to what was dropped given up")
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
            compression: table.properties.compression,
            statistics: table.properties.statisticsColumns(table.schema))
        return .produce(ProduceRequest(bucket: bucket, batch: batch.bytes))
    }
}

extension TableWriter.Change {
    /// The columns that a partial update is about; nil where all are.
    fileprivate var columns: [Int]? {
        if case .update(_, let columns) = self { columns } else { nil }
    }
}
