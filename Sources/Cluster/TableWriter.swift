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
            request = try table.writeRequest(
                batch.map(\.change), to: bucket, writer: queue.writer, sequence: queue.sequence,
                rowCodec, keyCodec, in: client.mirror.format)
        } catch {
            for pending in batch {
                pending.done(.refused(.invalidRequest(reason: "\(error)")))
            }
            return
        }
        let outcome: Outcome
        let delivery = try await client.deliver(
            request, to: bucket, writer: queue.writer, sequence: queue.sequence,
            until: machine.clock.now + deliveryTimeout)
        switch delivery {
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
}
