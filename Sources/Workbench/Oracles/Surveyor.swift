import Cluster
import Columnar
import Platform
import ScenarioFiles
import Simulation
import Vectors

/// Looks rows up, scans, and searches while the writers write, as readers do, and has each answer
/// held against the changelog as of the very offset that the answer claims to reflect.
final class Surveyor {
    /// Near rows asked for in a search.
    static let searchLimit = 10
    /// How often a cluster that is well again is asked, a second apart.
    private static let patience = 20

    let client: ClusterClient
    let auditor: Auditor
    /// The snapshots of a table so far, for reads of the past.
    var snapshots: (TableDescription) -> [Int64] = { _ in [] }
    /// Called at each answer to a question of a paced reader, with its time, nil for none.
    var onAnswer: (Question, Int64?) -> Void = { _, _ in }
    /// Whether the cluster has someone who searches vectors.
    var hasIndexer = true
    let tables: [TableDescription]
    let random: RandomStream
    let machine: Machine
    /// Of the rows that searches should have found, those they did.
    private let recall: Recall

    init(
        _ client: ClusterClient, _ auditor: Auditor, _ tables: [TableDescription], recall: Recall,
        random: RandomStream
    ) {
        self.client = client
        self.auditor = auditor
        self.tables = tables
        self.recall = recall
        self.random = random
        machine = client.machine
    }

    var tallies: Tallies { auditor.tallies }

    /// Asks one thing after the other until the machine ends or `isStopped` says so.
    func run(isStopped: () -> Bool) async throws {
        while !isStopped() {
            try await machine.sleep(.milliseconds(200 + random.next(in: 0..<800)))
            let table = tables[random.next(in: 0..<tables.count)]
            let bucket = table.buckets[random.next(in: 0..<table.buckets.count)]
            try await survey(bucket, of: table)
        }
    }

    /// Asks everything of every bucket once.
    func surveyAll() async throws {
        for table in tables {
            if table.isInLake {
                try await insisting(.unionRead) { try await readUnion(table, at: nil) }
                for snapshot in snapshots(table).suffix(2) {
                    try await insisting(.unionRead) { try await readUnion(table, at: snapshot) }
                }
            }
            for bucket in table.buckets {
                if table.isPrimaryKeyTable {
                    try await insisting(.tableIsFold) { try await scan(bucket, whole: true) }
                }
                if hasIndexer && table.vectorColumn != nil {
                    try await insisting(.vectorAnswers) { try await search(bucket, table) }
                }
            }
        }
    }

    private func survey(_ bucket: BucketIdentifier, of table: TableDescription) async throws {
        if table.isInLake && random.chance(1, in: 20) {
            try await asking(.unionRead) { try await readUnion(table, at: aMoment(of: table)) }
        } else if hasIndexer && table.vectorColumn != nil && random.chance(1, in: 2) {
            try await asking(.vectorAnswers) { try await search(bucket, table) }
        } else if table.isPrimaryKeyTable {
            let isLookup = random.chance(2, in: 3)
            try await asking(.tableIsFold) {
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
        _ name: CheckName, _ ask: () async throws -> String?
    ) async throws -> String? {
        do {
            return try await ask()
        } catch let error as ClusterError {
            if error.isRetriable { return "\(error)" }
            tallies[name].violated("\(error)")
        } catch let error as ColumnarError {
            tallies[name].violated("an answer cannot be decoded: \(error)")
        }
        return nil
    }

    /// As `asking` of a cluster that is well again: it has to answer in the end.
    private func insisting(
        _ name: CheckName, _ ask: () async throws -> String?
    ) async throws {
        var reason: String?
        for _ in 0..<Self.patience {
            reason = try await asking(name, ask)
            if reason == nil { return }
            try await machine.sleep(.seconds(1))
        }
        if let reason { tallies[name].violated("a healed cluster does not answer: \(reason)") }
    }

    // MARK: Rows

    func lookUp(_ bucket: BucketIdentifier) async throws -> String? {
        guard let log = auditor.logs[bucket], !log.keys.isEmpty else { return nil }
        // Some of these keys are deleted by now, and one was never there.
        var keys = (0..<4).map { _ in log.keys[random.next(in: 0..<log.keys.count)] }
        keys.append(keys[0] + [0xFF])
        let (rows, offset) = try await client.lookup(keys, in: bucket)
        let codec = RowCodec(schema: log.table.schema)
        let found = try rows.map { try $0.map { CommittedLog.hash(try codec.decode($0)) } }
        log.whenReached(offset) { [tallies] log in
            for (key, hash) in zip(keys, found) {
                let row = log.number(ofKey: key).map { log.row(ofKey: $0, at: offset) } ?? -1
                let expected = row < 0 ? nil : log.changes[Int(row)].hash
                tallies[.tableIsFold].expect(
                    hash == expected,
                    "\(bucket): the lookup of key \(log.describe(key)) at offset \(offset) found "
                        + log.difference(hash, expected, at: row))
            }
        }
        return nil
    }

    func scan(_ bucket: BucketIdentifier, whole: Bool) async throws -> String? {
        guard let log = auditor.logs[bucket] else { return nil }
        let start =
            whole || log.keys.isEmpty
            ? nil : log.keys[random.next(in: 0..<log.keys.count)]
        let limits = [1, 2, 5, 20, 100]
        let limit = whole ? 1_000_000 : limits[random.next(in: 0..<limits.count)]
        let page = try await client.scan(bucket, after: start, limit: limit)
        let codec = RowCodec(schema: log.table.schema)
        var found: [[UInt8]: UInt64] = [:]
        for (key, row) in page.rows { found[key] = CommittedLog.hash(try codec.decode(row)) }
        let last = page.isLast ? nil : page.rows.last?.key
        log.whenReached(page.offset) { [tallies] log in
            let offsets = log.rowOffsets(at: page.offset)
            var expectedCount = 0
            for (number, key) in log.keys.enumerated() {
                if let start, !start.lexicographicallyPrecedes(key) { continue }
                if let last, last.lexicographicallyPrecedes(key) { continue }
                let row = number < offsets.count ? offsets[number] : -1
                let expected = row < 0 ? nil : log.changes[Int(row)].hash
                if expected != nil { expectedCount += 1 }
                tallies[.tableIsFold].expect(
                    found[key] == expected,
                    "\(bucket): the scan at offset \(page.offset) shows of key "
                        + "\(log.describe(key)) "
                        + log.difference(found[key], expected, at: row))
            }
            tallies[.tableIsFold].expect(
                found.count == expectedCount,
                "\(bucket): the scan at offset \(page.offset) shows \(found.count) rows "
                    + "where the changelog leaves \(expectedCount)")
        }
        return nil
    }

    // MARK: Vectors

    func search(
        _ bucket: BucketIdentifier, _ table: TableDescription
    ) async throws -> String? {
        guard let log = auditor.logs[bucket], let column = table.vectorColumn,
            case .vector(let dimension, _) = table.schema.fields[column].type
        else { return nil }
        let query = (0..<dimension).map { _ in
            Float(Int(random.next(in: 0..<2001)) - 1000) / 1000
        }
        let answer = try await client.search(bucket, query, limit: Self.searchLimit)
        log.whenReached(answer.freshUpTo) { [tallies, recall] log in
            Self.check(answer, to: query, log, tallies[.vectorAnswers], recall)
        }
        return nil
    }

    private static func check(
        _ answer: VectorAnswer, to query: [Float], _ log: CommittedLog, _ tally: Tally,
        _ recall: Recall
    ) {
        let place = "\(log.bucket): the search at offset \(answer.freshUpTo)"
        let rows = log.rowOffsets(at: answer.freshUpTo).filter { log.vectors[$0] != nil }
        var live: [[UInt8]: Int64] = [:]
        for row in rows { live[log.keys[Int(log.changes[Int(row)].key)]] = row }
        let metric = VectorDistance.cosine
        var previous = -Float.infinity
        for hit in answer.hits {
            let row = live[hit.key]
            tally.expect(
                row != nil, "\(place) names key \(log.describe(hit.key)), which is not there")
            guard let row else { continue }
            tally.expect(
                hit.offset <= row && metric.between(query, log.vectors[row]!) == hit.distance
                    && hit.distance >= previous,
                "\(place) gives key \(log.describe(hit.key)) the wrong distance or place")
            previous = hit.distance
        }
        let distances = rows.map { metric.between(query, log.vectors[$0]!) }.sorted()
        let wanted = min(searchLimit, distances.count)
        tally.expect(
            answer.hits.count == wanted,
            "\(place) names \(answer.hits.count) rows of \(distances.count)")
        if wanted == 0 { return }
        recall.expected += wanted
        recall.found += answer.hits.filter { $0.distance <= distances[wanted - 1] }.count
    }
}

/// Of the nearest rows, how many searches found.
final class Recall {
    /// Below this share of the nearest rows, in thousandths, an index is not good enough.
    static let bound = 950

    var expected = 0
    var found = 0

    func check(_ tally: Tally) {
        if expected == 0 { return }
        tally.expect(
            found * 1000 >= expected * Self.bound,
            "searches found \(found) of the \(expected) nearest rows")
    }
}
