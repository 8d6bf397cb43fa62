import Changelog
public import Cluster
import Columnar
public import Platform

/// Writes through gateways in the bytes of the Fluss protocol, as a Fluss client does.
///
/// It stays with one gateway until that does not answer, and goes on to the next then. The protocol
/// tells a writer less than a leader knows: no epoch, and of changes to rows only where the log
/// ended.
public final class GatewayRoute: WriteRoute {
    let client: ClusterClient
    private let machine: Machine
    private let gateways: [Address]
    private let timeout: Duration
    /// The gateway that is called, and the connections to it that no call uses.
    private var current: Int
    private var idle: [any Connection] = []
    private var lastCall: Int32 = 0

    /// - Parameter first: The gateway to begin with, by its place among `gateways`.
    public init(
        _ client: ClusterClient, at gateways: [Address], beginningAt first: Int, timeout: Duration
    ) {
        precondition(gateways.indices.contains(first), "no gateway \(first)")
        self.client = client
        self.gateways = gateways
        self.timeout = timeout
        machine = client.machine
        current = first
    }

    // MARK: Writing

    public func newWriter() async throws -> Int64 {
        while true {
            do {
                let answer: InitWriterResponse = try await call(.initWriter, InitWriterRequest())
                return answer.writerID
            } catch is ClusterError {
            } catch is FlussError {
            }
            try await machine.sleep(.milliseconds(100))
        }
    }

    public func append(
        _ batch: [UInt8], to bucket: BucketIdentifier, writer: Int64, sequence: Int32
    ) async throws -> Acknowledgement {
        var request = ProduceLogRequest()
        request.acknowledgements = -1
        request.tableID = bucket.table
        request.timeoutMilliseconds = Int32(clamping: timeout.nanoseconds / 1_000_000)
        guard let table = client.mirror.tables[bucket.table] else {
            throw ClusterError.unknownBucket(bucket)
        }
        var bytes = ByteWriter(capacity: batch.count)
        var count = 0
        for batch in try LogBatch.split(batch) {
            // Whoever writes may have heard of a schema before this client has.
            if table.schemas.schema(batch.schemaIdentifier) == nil {
                throw ClusterError.recovering(bucket)
            }
            WireLogBatch.encode(try batch.inArrow(of: table).bytes, to: &bytes)
            count += batch.recordCount
        }
        request.buckets = [part(bucket, bytes.bytes)]
        let answer: ProduceLogResponse = try await say(bucket, writer, sequence) {
            try await self.call(.produceLog, request)
        }
        guard let told = answer.buckets.first else { throw Self.noAnswer(bucket) }
        if let code = told.errorCode {
            throw error(code, told.errorMessage, bucket, writer, sequence)
        }
        guard let base = told.baseOffset else { throw Self.noAnswer(bucket) }
        return Acknowledgement(
            baseOffset: base, endOffset: base + Int64(count),
            leaderEpoch: Acknowledgement.untoldEpoch)
    }

    public func upsert(
        _ changes: [ClusterClient.RowChange], columns: [Int32]?, to bucket: BucketIdentifier,
        writer: Int64, sequence: Int32
    ) async throws -> Acknowledgement {
        guard let table = client.mirror.tables[bucket.table] else {
            throw ClusterError.unknownBucket(bucket)
        }
        let batch = try keyValueBatch(changes, table, bucket, writer, sequence)
        var request = PutKeyValueRequest()
        request.acknowledgements = -1
        request.tableID = bucket.table
        request.timeoutMilliseconds = Int32(clamping: timeout.nanoseconds / 1_000_000)
        if let columns, let schema = table.schemas.schema(batch.schemaIdentifier) {
            request.targetColumns = try columns.map { identifier in
                guard let position = schema.position(ofIdentifier: identifier) else {
                    throw ClusterError.invalidRequest(
                        reason: "\(table.path) has no column \(identifier)")
                }
                return Int32(position)
            }
        }
        request.buckets = [part(bucket, batch.encoded)]
        let answer: PutKeyValueResponse = try await say(bucket, writer, sequence) {
            try await self.call(.putKeyValue, request)
        }
        guard let told = answer.buckets.first else { throw Self.noAnswer(bucket) }
        if let code = told.errorCode {
            throw error(code, told.errorMessage, bucket, writer, sequence)
        }
        guard let end = told.logEndOffset else { throw Self.noAnswer(bucket) }
        return Acknowledgement(
            baseOffset: Acknowledgement.untoldOffset, endOffset: end,
            leaderEpoch: Acknowledgement.untoldEpoch)
    }

    /// The changes as the protocol has them: keys without null bits, rows without their schema.
    private func keyValueBatch(
        _ changes: [ClusterClient.RowChange], _ table: TableDescription,
        _ bucket: BucketIdentifier, _ writer: Int64, _ sequence: Int32
    ) throws -> KeyValueBatch {
        var values: [Int: Value] = [:]
        if let identifier = bucket.partition {
            guard let partition = client.mirror.partitions[table.identifier]?[identifier],
                let known = table.partitionValues(partition)
            else { throw ClusterError.unknownBucket(bucket) }
            values = known
        }
        let keys = WireKeys(table, values)
        var batch = KeyValueBatch(
            schemaIdentifier: table.schema.identifier, writer: writer, sequence: sequence,
            records: [])
        for change in changes {
            switch change {
            case .delete(let key):
                batch.records.append(KeyValueBatch.Record(key: try keys.encode(key: key), row: nil))
            case .upsert(let row):
                var reader = ByteReader(row)
                batch.schemaIdentifier = try reader.readLittleEndian()
                guard let schema = table.schemas.schema(batch.schemaIdentifier) else {
                    throw ClusterError.unknownBucket(bucket)
                }
                let read = try RowCodec(schema: schema).decode(row)
                batch.records.append(
                    KeyValueBatch.Record(
                        key: try keys.encode(schema.primaryKey.map { read[$0] }),
                        row: try reader.readBytes(reader.remaining)))
            }
        }
        return batch
    }

    private func part(_ bucket: BucketIdentifier, _ records: [UInt8]) -> RecordsForBucket {
        var part = RecordsForBucket()
        part.partitionID = bucket.partition
        part.bucketID = bucket.bucket
        part.records = records
        return part
    }

    // MARK: Errors

    static func noAnswer(_ bucket: BucketIdentifier) -> ClusterError {
        .malformedMessage(reason: "a gateway's answer says nothing of \(bucket)")
    }

    /// Has a refusal of the whole call read as one of its bucket.
    func say<Answer>(
        _ bucket: BucketIdentifier, _ writer: Int64, _ sequence: Int32,
        _ body: () async throws -> Answer
    ) async throws -> Answer {
        do { return try await body() } catch let refusal as FlussError {
            throw error(refusal.code.rawValue, "\(refusal)", bucket, writer, sequence)
        }
    }

    /// What the leader answered, as far as a code tells.
    func error(
        _ code: Int32, _ message: String?, _ bucket: BucketIdentifier, _ writer: Int64,
        _ sequence: Int32
    ) -> ClusterError {
        let reason = message ?? "code \(code)"
        switch FlussError.ErrorCode(rawValue: code) {
        case .notLeaderOrFollower: return .notLeader(bucket)
        case .unknownTableOrBucket, .tableNotExist, .partitionNotExists:
            return .unknownBucket(bucket)
        case .notEnoughReplicas: return .notEnoughReplicas(bucket, inSync: 0, needed: 0)
        // A gateway may hear of a schema later than whoever writes under it: nothing was taken.
        case .leaderNotAvailable, .schemaNotExist: return .recovering(bucket)
        case .storageBackpressure: return .busy(reason: reason)
        case .requestTimeOut: return .timedOut(reason)
        case .outOfOrderSequence:
            return .outOfOrderSequence(bucket, writer: writer, sequence: sequence)
        case .unknownWriterId: return .unknownWriter(bucket, writer: writer)
        case .recordTooLarge:
            return .tooLarge(
                "a batch for \(bucket)", byteCount: 0, limit: ClusterConfiguration.rowByteCountLimit
            )
        case .storage: return .damaged(bucket, detail: reason)
        default: return .invalidRequest(reason: reason)
        }
    }

    // MARK: Calls

    /// Calls the gateway; `.timedOut` if there is no answer in time, and the next call goes to the
    /// next gateway.
    func call<Request: ProtobufMessage, Response: ProtobufMessage>(
        _ key: APIKey, _ request: Request
    ) async throws -> Response {
        lastCall = lastCall == .max ? 0 : lastCall + 1
        let number = lastCall
        let gateway = current
        let address = gateways[gateway]
        let exchange = Exchange(
            machine, idle.popLast(),
            RequestFrame.encode(key, version: 0, identifier: number, request.encoded))
        guard let bytes = try await exchange.answer(of: address, within: timeout) else {
            if current == gateway {
                current = (gateway + 1) % gateways.count
                for connection in idle { connection.close() }
                idle = []
                machine.observer.reached("Fluss client turned to another gateway")
            }
            throw ClusterError.timedOut("\(address)")
        }
        if current == gateway, let connection = exchange.connection { idle.append(connection) }
        let frame = try ResponseFrame(decoding: bytes)
        guard frame.identifier == number else {
            throw ClusterError.malformedMessage(
                reason: "\(address) answers call \(frame.identifier), not \(number)")
        }
        return try Response(reading: try frame.result.get())
    }
}

/// One call on a connection that no other call uses meanwhile.
private final class Exchange {
    private(set) var connection: (any Connection)?
    private let machine: Machine
    private let frame: [UInt8]
    private var isGivenUp = false

    init(_ machine: Machine, _ connection: (any Connection)?, _ frame: [UInt8]) {
        self.machine = machine
        self.connection = connection
        self.frame = frame
    }

    /// The answer; nil if none came in time or the connection broke, which is closed then.
    func answer(of address: Address, within timeout: Duration) async throws -> [UInt8]? {
        let arrived = Channel<[UInt8]?>(machine)
        machine.spawn("call to \(address)") {
            do {
                let connection = try await self.opened(address)
                try await connection.send(self.frame)
                arrived.send(try await connection.receive())
            } catch is NetworkError {
                arrived.send(nil)
            }
        }
        let answer = try await arrived.receive(until: machine.clock.now + timeout) ?? nil
        if answer == nil {
            isGivenUp = true
            connection?.close()
        }
        return answer
    }

    private func opened(_ address: Address) async throws -> any Connection {
        if let connection { return connection }
        let opened = try await machine.network.connect(to: address)
        connection = opened
        if isGivenUp {
            opened.close()
            throw NetworkError.closed(address)
        }
        return opened
    }
}
