public import Changelog
import Columnar
import Iceberg
import KeyValue
public import Platform

/// A client of the cluster: creates tables, writes, reads logs and looks rows up.
public final class ClusterClient {
    public let machine: Machine
    public let mirror: MetadataMirror
    let configuration: ClusterConfiguration
    private let calls: Calls
    /// How writers' batches get to the cluster; nil for straight to each bucket's leader.
    public var writeRoute: (any WriteRoute)?
    /// How reads of logs with a predicate may get there, beside straight from each bucket's leader.
    public var readRoute: (any ReadRoute)?
    /// What searches of each bucket were told, and by whom.
    let searches = SearchMemory()
    /// Manifests of the lake that this client's reads share.
    let lakeManifests = ManifestCache()

    public init(_ machine: Machine, _ configuration: ClusterConfiguration) {
        self.machine = machine
        self.configuration = configuration
        mirror = MetadataMirror(machine, configuration)
        calls = Calls(machine, mirror, timeout: configuration.callTimeout + .seconds(1))
    }

    /// Follows the metadata until the machine ends; start it before anything else.
    public func run() async throws { try await mirror.follow() }

    // MARK: Tables

    /// Creates a table and waits until this client sees it; one of the same shape is taken as it
    /// is.
    public func createTable(_ table: TableDescription) async throws -> TableDescription {
        try table.check()
        var retry = Backoff(configuration)
        while true {
            if let known = mirror.table(at: table.path), known.isSame(asRequested: table) {
                return known
            }
            if let coordinator = mirror.coordinator {
                do {
                    _ = try await calls.call(
                        Address(host: coordinator, port: configuration.port), .createTable(table))
                } catch let error as ClusterError where error.isRetriable {
                }
            }
            _ = try await mirror.changed.wait(
                until: machine.clock.now + retry.next(machine.entropy))
        }
    }

    /// Changes a table and waits until this client sees it as it is then.
    ///
    /// Throws `.invalidRequest` if a change is not allowed, or if the table has another schema by
    /// now than this client has seen.
    public func alterTable(
        _ path: TablePath, _ changes: [TableChange]
    ) async throws -> TableDescription {
        guard let known = mirror.table(at: path) else {
            throw ClusterError.unknownTable(name: "\(path)")
        }
        let expected = try known.applying(changes)
        _ = try await askCoordinator(
            .alterTable(path, schema: known.schema.identifier, changes))
        while true {
            guard let table = mirror.tables[known.identifier] else {
                throw ClusterError.unknownTable(name: "\(path)")
            }
            // Of properties alone no number tells that they are set.
            let isSeen =
                expected.schema == known.schema
                ? table != known || changes.allSatisfy { $0.isSet(in: table) }
                : table.schema.identifier > known.schema.identifier
            if isSeen { return table }
            _ = try await mirror.changed.wait(until: machine.clock.now + .seconds(1))
        }
    }

    /// Draws a writer id that no other writer has or will have.
    public func newWriter() async throws -> Int64 {
        if let writeRoute { return try await writeRoute.newWriter() }
        var retry = Backoff(configuration)
        while true {
            do {
                return try await nextNumber(of: "writers", mirror)
            } catch is CoordinationError {
                try await machine.sleep(retry.next(machine.entropy))
            }
        }
    }

    // MARK: Reading

    /// Batches from `offset` on, at most what one answer holds; waits up to `wait` for the first.
    ///
    /// With `columns`, by identifier, the server leaves the others out of each batch: decode them
    /// with `LogBatch.decodeRecords(_:pruned:)`. With a `filter` it leaves out batches that surely
    /// have no wanted row; go on at `nextOffset`, which counts them.
    public func fetch(
        _ bucket: BucketIdentifier, from offset: Int64, waiting wait: Duration,
        byteCount: Int = 1024 * 1024, columns: [Int32]? = nil, filter: LogFilter? = nil
    ) async throws -> FetchedBatches {
        let request = FetchRequest(
            replica: nil, incarnation: 0, waitMilliseconds: wait.nanoseconds / 1_000_000,
            byteCount: byteCount,
            parts: [
                FetchRequest.Part(bucket: bucket, leaderEpoch: -1, offset: offset, lastEpoch: -1)
            ], columns: columns, filter: filter)
        let response = try await callLeader(of: bucket, .fetch(request), allowing: wait)
        let answers: [FetchedBucket]
        var consumed: Int64?
        switch response {
        case .fetched(let found): answers = found
        case .filtered(let found, let nextOffsets):
            answers = found
            consumed = nextOffsets.first.flatMap { $0 < 0 ? nil : $0 }
        default: throw ClusterError.malformedMessage(reason: "no answer to a fetch of \(bucket)")
        }
        guard let answer = answers.first else {
            return FetchedBatches(batches: [], highWatermark: offset, nextOffset: offset)
        }
        if let error = answer.error { throw error }
        let batches = try LogBatch.split(answer.batches)
        for batch in batches where batch.lastOffset >= offset {
            // The engine's own client checks every checksum: nobody after it will.
            try batch.verifyChecksum()
        }
        return FetchedBatches(
            batches: batches.filter { $0.lastOffset >= offset },
            highWatermark: answer.highWatermark,
            nextOffset: consumed ?? batches.last.map { $0.lastOffset + 1 } ?? offset)
    }

    /// The log's start and high watermark.
    public func offsets(of bucket: BucketIdentifier) async throws -> LogOffsets {
        guard case .offsets(let offsets) = try await callLeader(of: bucket, .offsets(bucket)) else {
            throw ClusterError.malformedMessage(reason: "no answer about offsets of \(bucket)")
        }
        return offsets
    }

    /// The committed row of each key, nil where there is none, as of the returned offset.
    ///
    /// `ClusterError.tooLarge` where the rows are too many for one answer: ask for fewer keys.
    public func lookup(
        _ keys: [[UInt8]], in bucket: BucketIdentifier
    ) async throws -> (rows: [[UInt8]?], offset: Int64) {
        guard
            case .rows(let rows, let offset) = try await callLeader(
                of: bucket, .lookup(bucket, keys: keys)), rows.count == keys.count
        else {
            throw ClusterError.malformedMessage(reason: "no answer to a lookup in \(bucket)")
        }
        return (rows, offset)
    }

    /// Some rows after a key, in key order, each with its encoded key.
    public func scan(
        _ bucket: BucketIdentifier, after key: [UInt8]?, limit: Int
    ) async throws -> ScannedRows {
        try await page(of: bucket, .scan(bucket, after: key, limit: limit))
    }

    /// Some rows whose encoded keys begin with `prefix`, in key order, each with its encoded key.
    ///
    /// The bucket key has to be in the prefix, so that all its rows are in one bucket.
    public func lookup(
        prefix: [UInt8], in bucket: BucketIdentifier, after key: [UInt8]? = nil, limit: Int
    ) async throws -> ScannedRows {
        try await page(
            of: bucket, .prefixLookup(bucket, prefix: prefix, after: key, limit: limit))
    }

    private func page(
        of bucket: BucketIdentifier, _ request: Request
    ) async throws -> ScannedRows {
        guard case .page(let page) = try await callLeader(of: bucket, request) else {
            throw ClusterError.malformedMessage(reason: "no answer to a scan of \(bucket)")
        }
        return ScannedRows(
            rows: page.rows.map { ($0.key, $0.value) }, offset: page.offset, isLast: page.isLast)
    }

    /// Calls a node by name.
    func call(_ host: String, _ request: Request) async throws -> Response {
        try await calls.call(Address(host: host, port: configuration.port), request)
    }

    /// Calls whoever leads a bucket.
    func callLeader(
        of bucket: BucketIdentifier, _ request: Request, allowing extra: Duration = .zero
    ) async throws -> Response {
        guard let leader = mirror.buckets[bucket]?.value.leader else {
            throw ClusterError.notLeader(bucket)
        }
        return try await calls.call(
            Address(host: leader.server, port: configuration.port), request, allowing: extra)
    }
}

/// What one fetch brought.
public struct FetchedBatches {
    public var batches: [LogBatch]
    public var highWatermark: Int64
    /// Where to fetch on; progress even where no batch has a record.
    public var nextOffset: Int64

    public init(batches: [LogBatch], highWatermark: Int64, nextOffset: Int64) {
        self.batches = batches
        self.highWatermark = highWatermark
        self.nextOffset = nextOffset
    }
}

/// What one step of a scan brought.
public struct ScannedRows {
    public var rows: [(key: [UInt8], row: [UInt8])]
    public var offset: Int64
    public var isLast: Bool
}
