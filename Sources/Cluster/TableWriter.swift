import Changelog
public import Columnar
import Platform

/// Writes to one table: batches by bucket, keeps each bucket's order, and sends nothing twice.
///
/// `writerBatchesInFlight` batches of a bucket are under way at once; what comes meanwhile makes
/// the next batch. Fluss's `client.writer.max-inflight-requests-per-bucket`.
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
        /// Deletes the values of the columns at these positions, the key's among them, and the row
        /// with them once no other column has a value.
        case deletePart(key: [Value], columns: [Int])
    }

    /// How a table without a bucket key has its rows spread.
    public enum KeylessAssignment: Hashable, Sendable {
        /// A batch goes to one bucket, the next to another: larger batches.
        case sticky
        /// A row goes to the bucket after that of the row before.
        case roundRobin
    }

    public let table: TableDescription
    let client: ClusterClient
    let machine: Machine
    let linger: Duration
    let deliveryTimeout: Duration
    let batchLimit: Int
    private let bucketing: Bucketing
    private let partitioning: Partitioning?
    let keyless: KeylessAssignment
    /// The bucket that keyless rows go to now.
    private var keylessBucket: Int
    let rowCodec: RowCodec
    let keyCodec: KeyCodec
    private var queues: [WriteTarget: BucketQueue] = [:]
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

    /// Batches of one bucket that may be under way at once.
    var inFlightLimit: Int { client.configuration.writerBatchesInFlight }

    private func queue(_ target: WriteTarget) -> BucketQueue {
        if let known = queues[target] { return known }
        let queue = BucketQueue(target, machine)
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
        let target: WriteTarget
        do {
            target = WriteTarget(
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
        queue.append(
            PendingChange(change: change, byteCount: byteCount, done: done),
            lingeringUntil: machine.clock.now + linger)
        if queue.isSending {
            if inFlightLimit > 1 { queue.news.notify() }
            return
        }
        queue.isSending = true
        machine.spawn("writer of \(table.name) bucket \(target.bucket)") {
            try await self.sendAll(of: queue)
        }
    }

    private func nextKeylessBucket() -> Int {
        if keyless == .roundRobin { turnKeylessBucket() }
        return keylessBucket
    }

    func turnKeylessBucket() {
        keylessBucket = (keylessBucket + 1) % Int(table.bucketCount)
    }

    /// The id that all buckets begin with: many share one draw.
    func sharedWriter() async throws -> Int64 {
        try await identity.run {
            if let sharedID { return sharedID }
            let drawn = try await client.newWriter()
            sharedID = drawn
            return drawn
        }
    }
}
