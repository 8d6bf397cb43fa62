import Changelog
import Columnar
public import Platform
public import Vectors

/// Keeps the vector indexes of its buckets of all tables that have a vector column, and answers
/// searches of them.
///
/// Buckets are spread over the indexers that run: see `IndexerAssignment`. Two that hold the same
/// bucket for a moment do no harm, because the later one fences the other's index.
public final class VectorIndexer {
    /// Near rows that one answer has at most.
    public static let hitLimit = 10_000

    public let machine: Machine
    public let mirror: MetadataMirror
    /// The indexes that are open, by bucket.
    public private(set) var indexes: [BucketIdentifier: VectorIndex] = [:]
    /// Called when an index shows everything of a bucket below an offset: for those who watch.
    public var onIndexed: (BucketIdentifier, Int64) -> Void = { _, _ in }
    private let client: ClusterClient
    private let configuration: ClusterConfiguration
    private let server: CallServer
    private let progressGate: Gate
    /// Up to where indexes of this indexer are durable, and up to where that was said.
    private var durableOffsets: [BucketIdentifier: Int64] = [:]
    private var publishedOffsets: [BucketIdentifier: Int64] = [:]
    /// The newest term; what an earlier one still does must not touch the indexes of this one.
    private var term: LeaderLease.Term?

    public init(_ machine: Machine, _ configuration: ClusterConfiguration) {
        self.machine = machine
        self.configuration = configuration
        client = ClusterClient(machine, configuration)
        server = CallServer(machine, configuration)
        progressGate = Gate(machine)
        mirror = client.mirror
    }

    public func run() async throws {
        machine.spawn("metadata of \(machine.name)") { try await self.client.run() }
        machine.spawn("calls to \(machine.name)") {
            try await self.server.serve { request, _ in try self.answer(request) }
        }
        let name = IndexerAssignment.leaseName(of: machine.name)
        let lease = LeaderLease(machine, name, mirror, configuration)
        try await lease.run { term in
            self.term = term
            self.indexes.removeAll()
            var followed: Set<BucketIdentifier> = []
            while term.isHeld {
                for table in self.mirror.tables.keys.sorted().map({ self.mirror.tables[$0]! })
                where table.vectorColumn != nil {
                    for bucket in self.mirror.buckets(of: table)
                    where self.isAssigned(bucket) && followed.insert(bucket).inserted {
                        self.machine.spawn("index of \(bucket)") {
                            try await self.follow(bucket, table, term)
                            followed.remove(bucket)
                            self.durableOffsets[bucket] = nil
                            self.publishedOffsets[bucket] = nil
                        }
                    }
                }
                _ = try await self.mirror.changed.wait(until: self.machine.clock.now + .seconds(5))
            }
            if self.term === term { self.indexes.removeAll() }
        }
    }

    /// Whether a bucket is this indexer's, as far as it has heard.
    public func isAssigned(_ bucket: BucketIdentifier) -> Bool {
        mirror.indexer(of: bucket) == machine.name
    }

    private func answer(_ request: Request) throws -> Response {
        guard case .search(let bucket, let query, let limit) = request else {
            throw ClusterError.invalidRequest(reason: "an indexer searches vectors, no more")
        }
        guard let index = indexes[bucket] else {
            throw ClusterError.busy(reason: "the index of \(bucket) is not open here")
        }
        do {
            return .nearest(try index.search(query, limit: min(limit, Self.hitLimit)))
        } catch {
            throw ClusterError.invalidRequest(reason: "\(error)")
        }
    }

    // MARK: Following a changelog

    private func follow(
        _ bucket: BucketIdentifier, _ table: TableDescription, _ term: LeaderLease.Term
    ) async throws {
        var retry = Backoff(configuration)
        while term.isHeld && isAssigned(bucket) && !mirror.isGone(bucket) {
            do {
                try await index(bucket, table, term)
            } catch let error as VectorsError {
                // Who fenced it has heard more of who runs: soon this indexer will have, too.
                machine.observer.note(.debug, "index of \(bucket): \(error)")
            } catch let error as ClusterError {
                machine.observer.note(.debug, "index of \(bucket): \(error)")
            } catch let error as ChangelogError {
                machine.observer.note(.warning, "index of \(bucket): \(error)")
            }
            if self.term === term { indexes[bucket] = nil }
            try await machine.sleep(retry.next(machine.entropy))
        }
        if self.term === term { indexes[bucket] = nil }
    }

    private func index(
        _ bucket: BucketIdentifier, _ table: TableDescription, _ term: LeaderLease.Term
    ) async throws {
        guard let dimension = table.vectorDimension else {
            preconditionFailure("table \(table.name) has no vector column")
        }
        var settings = VectorIndexConfiguration(
            dimension: dimension, distance: table.vectorDistance)
        settings.hotPointLimit = configuration.hotPointLimit
        settings.isExactWhereFaster = configuration.searchesExactlyWhereFaster
        settings.degree = configuration.vectorDegree
        settings.insertionBreadth = configuration.vectorBreadth
        settings.searchBreadth = configuration.vectorBreadth
        settings.mergeCount = configuration.vectorMergeCount
        settings.segmentPointLimit = configuration.vectorSegmentPointLimit
        let opened = try await VectorIndex.open(
            machine, prefix: "vectors/\(bucket.path)", epoch: mirror.revision.number,
            configuration: settings)
        if opened.durableOffset > 0 {
            machine.observer.reached("vector index opened from its manifest")
        }
        let codec = KeyCodec(primaryKeyOf: table.schema)
        var checkpointDue = machine.clock.now + configuration.lakeInterval
        if self.term === term { indexes[bucket] = opened }
        var handedOver: Instant?
        while term.isHeld && !mirror.isGone(bucket) {
            if isAssigned(bucket) {
                handedOver = nil
            } else {
                // Answers go on until the other has opened it.
                let since = handedOver ?? machine.clock.now
                handedOver = since
                if machine.clock.now >= since + configuration.callTimeout { return }
            }
            do {
                let fetched = try await client.fetch(
                    bucket, from: opened.consumedOffset, waiting: configuration.fetchWait)
                for batch in fetched.batches {
                    try apply(batch, to: opened, table, codec)
                    onIndexed(bucket, opened.consumedOffset)
                }
            } catch let error as ClusterError where error.isRetriable {
                try await machine.sleep(configuration.retryWait * 4)
            }
            if machine.clock.now >= checkpointDue && isAssigned(bucket) {
                let durable = try await opened.checkpoint()
                if self.term === term { try await publishProgress(bucket, durable) }
                checkpointDue = machine.clock.now + configuration.lakeInterval
            }
        }
    }

    /// Says up to where the index has a bucket's log for good, so that the log may go below.
    ///
    /// Checkpoints of many buckets end at about the same time: what is known by then of all
    /// buckets of the table is said at once.
    private func publishProgress(_ bucket: BucketIdentifier, _ offset: Int64) async throws {
        durableOffsets[bucket] = offset
        try await progressGate.run {
            let news = durableOffsets.keys.sorted().filter {
                $0.table == bucket.table && durableOffsets[$0]! > publishedOffsets[$0] ?? 0
            }.map { BucketProgress(bucket: $0, offset: durableOffsets[$0]!) }
            if news.isEmpty { return }
            let isSaid = try await mirror.advance(
                news, by: LogConsumer.vectors, of: bucket.table)
            if isSaid { for part in news { publishedOffsets[part.bucket] = part.offset } }
        }
    }

    private func apply(
        _ batch: LogBatch, to index: VectorIndex, _ table: TableDescription, _ codec: KeyCodec
    ) throws {
        // The table may have been altered since it was followed.
        let table = mirror.tables[table.identifier] ?? table
        guard let column = table.vectorColumn else {
            preconditionFailure("\(table.path) lost its vector column")
        }
        let (records, changes) = try batch.decodeRecords(table.schemas)
        for position in 0..<records.rowCount {
            let offset = batch.baseOffset + Int64(position)
            let row = records.row(at: position)
            let key = try codec.encode(table.schema.key(of: row))
            switch changes[position] {
            case .append, .insert, .updateAfter:
                if case .vector(let vector) = row[column] {
                    try index.apply(offset: offset, key: key, vector: vector)
                } else {
                    try index.apply(offset: offset, key: key, vector: nil)
                }
            case .updateBefore: break
            case .delete: try index.apply(offset: offset, key: key, vector: nil)
            }
        }
        index.advance(to: batch.endOffset)
    }
}
