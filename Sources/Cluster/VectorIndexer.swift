import Changelog
import Columnar
public import Platform
import Vectors

/// Keeps the vector indexes of its buckets of all tables that have a vector column, and answers
/// searches of them.
///
/// Buckets are spread over the indexers that run: see `IndexerAssignment`. Two of them hold each
/// bucket: one writes its indexes, the other follows the log with copies that answer as well and
/// take over, with all that they hold, when the first is gone. Two that both write a bucket for a
/// moment do no harm, because the later one fences the other's index.
public final class VectorIndexer {
    /// Near rows that one answer has at most.
    public static let hitLimit = 10_000

    public let machine: Machine
    public let mirror: MetadataMirror
    /// The indexes that are open, by bucket, copies among them.
    public private(set) var indexes: [BucketIdentifier: BucketIndexes] = [:]
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
                    where self.isHolder(of: bucket) && followed.insert(bucket).inserted {
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

    /// Whether a bucket's indexes are this indexer's to write, as far as it has heard.
    public func isAssigned(_ bucket: BucketIdentifier) -> Bool {
        mirror.indexer(of: bucket) == machine.name
    }

    /// Whether this indexer has a bucket's indexes, to write or as copies, as far as it has heard.
    public func isHolder(of bucket: BucketIdentifier) -> Bool {
        mirror.indexers(of: bucket).contains(machine.name)
    }

    private func answer(_ request: Request) throws -> Response {
        guard case .search(let bucket, let query) = request else {
            throw ClusterError.invalidRequest(reason: "an indexer searches vectors, no more")
        }
        guard let opened = indexes[bucket], let table = mirror.tables[bucket.table] else {
            throw ClusterError.busy(reason: "the index of \(bucket) is not open here")
        }
        guard let index = opened.index(of: query.field) else {
            throw ClusterError.invalidRequest(
                reason: "column \(query.field ?? 0) of \(table.path) is not indexed")
        }
        let filter = try VectorAttributes(table).filter(query.filter, table)
        do {
            return .nearest(
                try index.search(
                    query.vector, limit: min(query.limit, Self.hitLimit), filter: filter))
        } catch {
            throw ClusterError.invalidRequest(reason: "\(error)")
        }
    }

    // MARK: Following a changelog

    private func follow(
        _ bucket: BucketIdentifier, _ table: TableDescription, _ term: LeaderLease.Term
    ) async throws {
        var retry = Backoff(configuration)
        while term.isHeld && isHolder(of: bucket) && !mirror.isGone(bucket) {
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

    private func open(
        _ bucket: BucketIdentifier, _ table: TableDescription
    ) async throws -> BucketIndexes {
        let columns = table.vectorColumns
        precondition(!columns.isEmpty, "table \(table.name) has no vector column")
        var parts: [(field: Int32, index: VectorIndex)] = []
        for column in columns {
            let isFirst = column.field == table.vectorField
            let prefix = "vectors/\(bucket.path)" + (isFirst ? "" : "/column-\(column.field)")
            let opened: VectorIndex
            if isAssigned(bucket) {
                opened = try await VectorIndex.open(
                    machine, prefix: prefix, epoch: mirror.revision.number,
                    configuration: settings(column, table))
            } else {
                opened = try await VectorIndex.openCopy(
                    machine, prefix: prefix, configuration: settings(column, table))
            }
            if opened.durableOffset > 0 {
                machine.observer.reached("vector index opened from its manifest")
            }
            parts.append((column.field, opened))
        }
        return BucketIndexes(parts)
    }

    private func settings(
        _ column: VectorColumn, _ table: TableDescription
    ) -> VectorIndexConfiguration {
        var settings = VectorIndexConfiguration(
            dimension: column.dimension, distance: column.distance)
        settings.quantization = column.quantization
        settings.attributes = table.vectorFilterFields
        settings.hotPointLimit = configuration.hotPointLimit
        settings.isExactWhereFaster = configuration.searchesExactlyWhereFaster
        settings.degree = configuration.vectorDegree
        settings.insertionBreadth = configuration.vectorBreadth
        settings.searchBreadth = configuration.vectorBreadth
        settings.mergeCount = configuration.vectorMergeCount
        settings.segmentPointLimit = configuration.vectorSegmentPointLimit
        return settings
    }

    private func index(
        _ bucket: BucketIdentifier, _ table: TableDescription, _ term: LeaderLease.Term
    ) async throws {
        let opened = try await open(bucket, table)
        let codec = KeyCodec(primaryKeyOf: table.schema)
        var checkpointDue = machine.clock.now + configuration.lakeInterval
        if self.term === term { indexes[bucket] = opened }
        var handedOver: Instant?
        while term.isHeld && !mirror.isGone(bucket) {
            if isHolder(of: bucket) {
                handedOver = nil
            } else {
                // Answers go on until the other has opened it.
                let since = handedOver ?? machine.clock.now
                handedOver = since
                if machine.clock.now >= since + configuration.callTimeout { return }
            }
            if !isAssigned(bucket) {
                opened.stepDown()
            } else if !opened.isOwner {
                try await takeOver(bucket, opened)
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
            if machine.clock.now >= checkpointDue {
                checkpointDue = machine.clock.now + configuration.lakeInterval
                try await save(bucket, opened, term)
            }
        }
    }

    /// Makes copies of a bucket's indexes the owners; they go on as they are if that fails.
    private func takeOver(_ bucket: BucketIdentifier, _ opened: BucketIndexes) async throws {
        do { try await opened.takeOver(epoch: mirror.revision.number) } catch let error
            as VectorsError
        {
            machine.observer.note(.debug, "index of \(bucket): \(error)")
            if case .damaged = error { throw error }
            try await machine.sleep(configuration.retryWait * 4)
        }
    }

    private func save(
        _ bucket: BucketIdentifier, _ opened: BucketIndexes, _ term: LeaderLease.Term
    ) async throws {
        guard isAssigned(bucket) && opened.isOwner else { return try await opened.tidy() }
        let durable: Int64
        do { durable = try await opened.checkpoint() } catch VectorsError.fenced {
            machine.observer.reached("vector index goes on as a copy")
            return
        }
        if self.term === term { try await publishProgress(bucket, durable) }
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
        _ batch: LogBatch, to indexes: BucketIndexes, _ table: TableDescription, _ codec: KeyCodec
    ) throws {
        // The table may have been altered since it was followed.
        let table = mirror.tables[table.identifier] ?? table
        let columns = indexes.parts.map { part in
            guard let column = table.schema.position(ofIdentifier: part.field) else {
                preconditionFailure("\(table.path) lost its vector column \(part.field)")
            }
            return (column: column, index: part.index)
        }
        let kept = VectorAttributes(table)
        let (records, changes) = try batch.decodeRecords(table.schemas)
        for position in 0..<records.rowCount where changes[position] != .updateBefore {
            let offset = batch.baseOffset + Int64(position)
            let row = records.row(at: position)
            let key = try codec.encode(table.schema.key(of: row))
            let attributes = try kept.values(of: row, table.schema)
            for (column, index) in columns {
                var vector: [Float]?
                if changes[position] != .delete, case .vector(let found) = row[column] {
                    vector = found
                }
                try index.apply(
                    offset: offset, key: key, vector: vector, attributes: attributes)
            }
        }
        for part in indexes.parts { part.index.advance(to: batch.endOffset) }
    }
}
