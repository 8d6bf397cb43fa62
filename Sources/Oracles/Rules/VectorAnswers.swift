import Cluster
import Columnar
import Platform
import Server
import Vectors

extension OracleName {
    public static let vectorAnswers = OracleName("vectorAnswers")
}

/// Vector answers are correct over the visible rows: deleted points never return, and the nearest
/// are found as often as the bound says, in a bucket and in a whole table.
public final class VectorAnswers: Oracle {
    public static let description = OracleDescription(
        .vectorAnswers, "vector answers are right about the rows that are visible",
        compares: "hits of searches, and answers")

    /// Below this share of the nearest rows, in thousandths, an index is not good enough.
    static let recallBound = 950

    private let evidence: Evidence
    private let tally: Tally
    /// Of the nearest rows, how many searches should have found, and found.
    public private(set) var expectedCount = 0
    public private(set) var foundCount = 0

    public init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    public var hasWork: Bool {
        evidence.observation.has(.indexer)
            && evidence.observation.tables.contains { $0.vectorColumn != nil }
    }

    public func learned(_ fact: Fact) {
        switch fact {
        case .searched(let search):
            let progress = BucketProgress(
                bucket: search.log.bucket, offset: search.answer.freshUpTo)
            let answer = TableVectorAnswer(
                hits: search.answer.hits.map {
                    TableHit(bucket: search.log.bucket, hit: $0)
                }, freshUpTo: [progress])
            let place = "\(search.log.place): the search at offset \(progress.offset)"
            tally.expect(
                progress.offset >= search.notBefore,
                "\(place) is behind an earlier one of the same reader, at \(search.notBefore)")
            whenReached([progress]) { self.check(answer, search.query, search.limit, $0, place) }
        case .searchedTable(let search):
            let place = "\(search.table.name): the search of the whole table"
            expectAll(search.buckets, in: search.answer.freshUpTo, place)
            whenReached(search.answer.freshUpTo) {
                self.check(search.answer, search.query, search.limit, $0, place)
            }
        case .foundNearest(let search): learned(search)
        case .notAnswered(.search, let reason): tally.violated(reason)
        default: break
        }
    }

    /// A bucket of a log, and up to where an answer reflects it.
    private struct Part {
        let log: CommittedLog
        let offset: Int64
    }

    /// Runs `body` once each log has been seen up to where the answer is.
    private func whenReached(
        _ progress: [BucketProgress], _ parts: [Part] = [], _ body: @escaping ([Part]) -> Void
    ) {
        guard let next = progress.dropFirst(parts.count).first else { return body(parts) }
        // A table that was dropped has no logs any more.
        guard let log = evidence.logs[next.bucket] else { return }
        log.whenReached(next.offset) {
            self.whenReached(progress, parts + [Part(log: $0, offset: next.offset)], body)
        }
    }

    private func expectAll(
        _ buckets: [BucketIdentifier], in answered: [BucketProgress], _ place: String
    ) {
        for bucket in buckets {
            tally.expect(
                answered.contains { $0.bucket == bucket }, "\(place) is silent about \(bucket)")
        }
    }

    private func check(
        _ answer: TableVectorAnswer, _ query: [Float], _ limit: Int, _ parts: [Part],
        _ place: String
    ) {
        var distances: [Float] = []
        var live: [BucketIdentifier: [[UInt8]: (row: Int64, distance: Float)]] = [:]
        for part in parts {
            let log = part.log
            for row in log.rowOffsets(at: part.offset) {
                guard let vector = log.vectors[row] else { continue }
                let distance = log.table.vectorDistance.between(query, vector)
                let key = log.keys[Int(log.changes[Int(row)].key)]
                live[log.bucket, default: [:]][key] = (row, distance)
                distances.append(distance)
            }
        }
        distances.sort()
        var previous: TableHit?
        for found in answer.hits {
            let (row, hit) = (live[found.bucket]?[found.hit.key], found.hit)
            let key = evidence.logs[found.bucket]?.describe(hit.key) ?? "\(hit.key)"
            tally.expect(row != nil, "\(place) names key \(key), which is not there")
            guard let row else { continue }
            tally.expect(
                hit.offset <= row.row && row.distance == hit.distance
                    && previous.map { $0 < found } ?? true,
                "\(place) gives key \(key) the wrong distance or place")
            previous = found
        }
        let wanted = min(limit, distances.count)
        tally.expect(
            answer.hits.count == wanted,
            "\(place) names \(answer.hits.count) rows of \(distances.count)")
        count(answer.hits.map(\.hit.distance), distances, wanted)
    }

    /// Counts how many of the nearest an answer has.
    private func count(_ found: [Float], _ distances: [Float], _ wanted: Int) {
        if wanted == 0 { return }
        expectedCount += wanted
        foundCount += min(wanted, found.filter { $0 <= distances[wanted - 1] }.count)
    }

    // MARK: Rows

    private func learned(_ search: NearestAnswer) {
        let answer = search.answer
        let what = search.question.map { " among \($0)" } ?? ""
        let place = "\(search.table.name): the search for near rows\(what)"
        expectAll(search.buckets, in: answer.freshUpTo, place)
        // Rows were looked up after the index was asked.
        let read = answer.freshUpTo.map { progress in
            let offsets = answer.rows.filter { $0.bucket == progress.bucket }.map(\.offset)
            return BucketProgress(
                bucket: progress.bucket, offset: max(progress.offset, offsets.max() ?? 0))
        }
        whenReached(read) { parts in
            self.checkRows(of: search, place)
            let logs = zip(parts, answer.freshUpTo).map { Part(log: $0.log, offset: $1.offset) }
            self.checkNearest(search, logs, place)
        }
    }

    /// Each row is the one that the log gave its key, passes, and is as far as it says.
    private func checkRows(of search: NearestAnswer, _ place: String) {
        var previous: NearRow?
        for found in search.answer.rows {
            guard let log = evidence.logs[found.bucket] else { continue }
            let key = log.describe(found.key)
            let row = log.number(ofKey: found.key).map { log.row(ofKey: $0, at: found.offset) }
            guard let row, row >= 0, let vector = log.vectors[row] else {
                tally.violated("\(place) names key \(key), which is not there")
                continue
            }
            tally.expect(
                log.table.schemas.schemas.count > 1
                    || CommittedLog.hash(found.row) == log.changes[Int(row)].hash,
                "\(place) gives key \(key) a row that it does not have at \(found.offset)")
            tally.expect(
                search.question?.passes(found.row) ?? true,
                "\(place) has a row that does not pass, of key \(key)")
            let distance = log.table.vectorDistance.between(search.query, vector)
            let isInOrder =
                previous.map { before in
                    before.distance == found.distance
                        ? (before.key, before.bucket) != (found.key, found.bucket)
                            && !found.key.lexicographicallyPrecedes(before.key)
                        : before.distance < found.distance
                } ?? true
            tally.expect(
                distance == found.distance && isInOrder,
                "\(place) gives key \(key) the wrong distance or place")
            previous = found
        }
    }

    /// None is missing that passes and has not changed since the index was asked.
    private func checkNearest(_ search: NearestAnswer, _ parts: [Part], _ place: String) {
        var distances: [Float] = []
        for part in parts {
            let rows = part.log.presentRows
            for (number, key) in part.log.keys.enumerated() {
                let row = part.log.row(ofKey: Int32(number), at: part.log.endOffset)
                guard (0..<part.offset).contains(row), let vector = part.log.vectors[row],
                    let present = rows[key], search.question?.passes(present) ?? true
                else { continue }
                distances.append(part.log.table.vectorDistance.between(search.query, vector))
            }
        }
        distances.sort()
        let wanted = min(search.limit, distances.count)
        let rows = search.answer.rows
        tally.expect(
            wanted...search.limit ~= rows.count,
            "\(place) found \(rows.count) rows of \(distances.count)")
        count(rows.map(\.distance), distances, wanted)
    }

    public func conclude() {
        if expectedCount == 0 { return }
        tally.expect(
            foundCount * 1000 >= expectedCount * Self.recallBound,
            "searches found \(foundCount) of the \(expectedCount) nearest rows")
    }
}
