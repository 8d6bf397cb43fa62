import Changelog
public import Cluster
import Columnar
public import Platform
import Vectors

/// Looks rows up, scans, and searches while the writers write, as readers do, and has each answer
/// held against the changelog as of the very offset that the answer claims to reflect.
public final class ClusterReader {
    /// How often a cluster that is well again is asked, a second apart.
    private static let patience = 20

    public let client: ClusterClient
    let oracles: OracleSet
    /// The snapshots of a table so far, for reads of the past.
    public var snapshots: (TableDescription) -> [Int64] = { _ in [] }
    /// Called at each answer to a question of a paced reader, with its time, nil for none.
    public var onAnswer: (Question, Int64?) -> Void = { _, _ in }
    /// Whether the cluster has someone who searches vectors.
    public var hasIndexer = true
    private let tablesNow: () -> [TableDescription]
    /// How far this reader has followed each log.
    var bookmarks: [BucketIdentifier: Bookmark] = [:]
    /// What this reader, as a consumer of a table, has had the cluster keep last.
    var keptOffsets: [Int64: [BucketIdentifier: Int64]] = [:]
    /// Up to where searches of each bucket and column have been answered.
    var searchedUpTo: [BucketIdentifier: [Int32: Int64]] = [:]
    let random: any Entropy
    let machine: Machine

    /// `tables` are those that are there when it is asked; `random` draws a number below another.
    public init(
        _ client: ClusterClient, _ oracles: OracleSet,
        _ tables: @escaping () -> [TableDescription], random: any Entropy
    ) {
        self.client = client
        self.oracles = oracles
        tablesNow = tables
        self.random = random
        machine = client.machine
    }

    var tables: [TableDescription] { tablesNow() }

    /// Buckets that hold questions off, and are asked again and again.
    private var heldOff: Set<BucketIdentifier> = []

    /// A bucket of a table; nil if it has none yet.
    func aBucket(of table: TableDescription) -> BucketIdentifier? {
        let buckets = client.mirror.buckets(of: table)
        return buckets.isEmpty ? nil : buckets[random.next(in: 0..<buckets.count)]
    }

    /// Asks one thing after the other until the machine ends or `isStopped` says so.
    public func run(isStopped: () -> Bool) async throws {
        while !isStopped() {
            try await machine.sleep(.milliseconds(200 + random.next(in: 0..<800)))
            let tables = tables
            // Without a table there is nothing to ask.
            if tables.isEmpty { continue }
            let table = tables[random.next(in: 0..<tables.count)]
            guard let bucket = aBucket(of: table) else { continue }
            try await ask(something: bucket, of: table)
        }
    }

    /// Asks everything of every bucket once.
    public func askAll() async throws {
        for table in tables {
            if table.isInLake {
                try await insisting(.unionRead) { try await readUnion(table, at: nil) }
                for snapshot in snapshots(table).suffix(2) {
                    try await insisting(.unionRead) { try await readUnion(table, at: snapshot) }
                }
            }
            for bucket in client.mirror.buckets(of: table) {
                if table.isPrimaryKeyTable {
                    try await insisting(.scan) { try await scan(bucket, whole: true) }
                }
                if hasIndexer && table.vectorColumn != nil {
                    try await insisting(.search) { try await search(bucket, table) }
                }
            }
            if hasIndexer && table.vectorColumn != nil {
                try await insisting(.search) { try await searchTable(table) }
                try await insisting(.search) { try await findNearest(table) }
            }
        }
    }

    private func ask(something bucket: BucketIdentifier, of table: TableDescription) async throws {
        if random.chance(1, in: 5) {
            try await ask(ofTable: table, bucket)
        } else if table.isInLake && random.chance(1, in: 20) {
            try await asking(.unionRead) {
                random.chance(1, in: 3)
                    ? try await readOtherwise(table)
                    : try await readUnion(table, at: aMoment(of: table))
            }
        } else if hasIndexer && table.vectorColumn != nil && random.chance(1, in: 2) {
            try await asking(.search) { try await searchSomehow(bucket, table) }
        } else if random.chance(1, in: 6) {
            try await readPast(bucket)
        } else if table.isPrimaryKeyTable && random.chance(1, in: 12) {
            try await asking(.scan) { try await readSnapshot(bucket) }
        } else if table.isPrimaryKeyTable {
            let isLookup = random.chance(2, in: 3)
            try await asking(isLookup ? .lookup : .scan, of: bucket) {
                isLookup ? try await lookUp(bucket) : try await scan(bucket, whole: false)
            }
        }
    }

    /// Now, or a snapshot of the past.
    private func aMoment(of table: TableDescription) -> Int64? {
        let past = snapshots(table)
        if past.isEmpty || random.chance(1, in: 2) { return nil }
        return past[random.next(in: 0..<past.count)]
    }

    /// An answer that has to wait is no violation; one that no retry mends is.
    ///
    /// Nil if all was answered, else why it was not.
    @discardableResult
    func asking(
        _ question: Question, of bucket: BucketIdentifier? = nil,
        _ ask: () async throws -> String?
    ) async throws -> String? {
        do {
            let reason = try await ask()
            if let bucket, reason == nil {
                heldOff.remove(bucket)
                oracles.tell(.answered(question, bucket))
            }
            return reason
        } catch let error as ClusterError {
            // A scan of one moment ends with its leader, and has to be begun anew.
            if case .scanExpired = error { return "\(error)" }
            if error.isRetriable {
                if let bucket {
                    oracles.tell(.heldOff(question, bucket, reason: "\(error)"))
                    askAgain(bucket)
                }
                return "\(error)"
            }
            oracles.tell(.notAnswered(question, reason: "\(error)"))
        } catch let error as ColumnarError {
            oracles.tell(
                .notAnswered(question, reason: "an answer cannot be decoded: \(error)"))
        } catch let error as ChangelogError {
            oracles.tell(
                .notAnswered(question, reason: "an answer cannot be decoded: \(error)"))
        }
        return nil
    }

    /// Asks a bucket that held a question off once a second until it answers, as a client does:
    /// else it would seem to wait though nobody asks.
    private func askAgain(_ bucket: BucketIdentifier) {
        if !heldOff.insert(bucket).inserted { return }
        machine.spawn("question to \(bucket)") {
            while self.heldOff.contains(bucket) {
                try await self.machine.sleep(.seconds(1))
                guard let log = self.oracles.evidence.logs[bucket] else {
                    self.heldOff.remove(bucket)
                    return
                }
                let reason = try await self.asking(.lookup, of: bucket) {
                    log.keys.isEmpty
                        ? try await self.scan(bucket, whole: false) : try await self.lookUp(bucket)
                }
                // What no retry mends was told.
                if reason == nil { self.heldOff.remove(bucket) }
            }
        }
    }

    /// As `asking` of a cluster that is well again: it has to answer in the end.
    private func insisting(
        _ question: Question, _ ask: () async throws -> String?
    ) async throws {
        var reason: String?
        for _ in 0..<Self.patience {
            reason = try await asking(question, ask)
            if reason == nil { return }
            try await machine.sleep(.seconds(1))
        }
        if let reason {
            oracles.tell(
                .notAnswered(question, reason: "a healed cluster does not answer: \(reason)"))
        }
    }

    // MARK: Rows

    func lookUp(_ bucket: BucketIdentifier) async throws -> String? {
        guard let log = oracles.evidence.logs[bucket], !log.keys.isEmpty else { return nil }
        // Some of these keys are deleted by now, and one was never there.
        var keys = (0..<4).map { _ in log.keys[random.next(in: 0..<log.keys.count)] }
        keys.append(keys[0] + [0xFF])
        let known = oracles.evidence.acknowledgedEnds[bucket] ?? 0
        let (rows, offset) = try await client.lookup(keys, in: bucket)
        let found = try rows.map { try $0.map { try log.hash(ofStored: $0) } }
        try tellEvolved("lookup", zip(keys, rows).map { ($0, $1) }, log, at: offset)
        oracles.tell(
            .lookedUp(
                LookupAnswer(log: log, keys: keys, found: found, offset: offset, known: known)))
        return nil
    }

    func scan(_ bucket: BucketIdentifier, whole: Bool) async throws -> String? {
        guard let log = oracles.evidence.logs[bucket] else { return nil }
        let start =
            whole || log.keys.isEmpty
            ? nil : log.keys[random.next(in: 0..<log.keys.count)]
        let limits = [1, 2, 5, 20, 100]
        let limit = whole ? 1_000_000 : limits[random.next(in: 0..<limits.count)]
        let known = oracles.evidence.acknowledgedEnds[bucket] ?? 0
        let page = try await client.scan(bucket, after: start, limit: limit)
        var found: [[UInt8]: UInt64] = [:]
        for (key, row) in page.rows { found[key] = try log.hash(ofStored: row) }
        try tellEvolved("scan", page.rows.map { ($0.key, $0.row) }, log, at: page.offset)
        let last = page.isLast ? nil : page.rows.last?.key
        oracles.tell(
            .scanned(
                ScanAnswer(
                    log: log, start: start, last: last, found: found, offset: page.offset,
                    known: known)))
        return nil
    }
}
