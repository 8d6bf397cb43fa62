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
    /// Near rows that had moved since the index was asked, and how many took a nearer one's place.
    public private(set) var movedCount = 0
    public private(set) var jumpedCount = 0

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
        case .searched(let search): learned(search)
        case .searchedTable(let search):
            let place = "\(search.table.name): the search of the whole table"
            let asked = Asked(column: search.column, query: search.query, limit: search.limit)
            expectAll(search.buckets, in: search.answer.freshUpTo, place)
            whenReached(search.answer.freshUpTo) { self.check(search.answer, asked, $0, place) }
        case .foundNearest(let search): learned(search)
        case .notAnswered(.search, let reason), .notAnswered(.nearRows, let reason):
            tally.violated(reason)
        default: break
        }
    }

    private func learned(_ search: SearchAnswer) {
        let progress = BucketProgress(bucket: search.log.bucket, offset: search.answer.freshUpTo)
        let answer = TableVectorAnswer(
            hits: search.answer.hits.map { TableHit(bucket: search.log.bucket, hit: $0) },
            freshUpTo: [progress])
        let what = search.question.map { " among \($0)" } ?? ""
        let place = "\(search.log.place): the search\(what) at offset \(progress.offset)"
        tally.expect(
            progress.offset >= search.notBefore,
            "\(place) is behind an earlier one of the same reader, at \(search.notBefore)")
        let asked = Asked(
            column: search.column, query: search.query, limit: search.limit,
            question: search.question)
        whenReached([progress]) { self.check(answer, asked, $0, place) }
    }

    /// What a search was asked.
    private struct Asked {
        let column: VectorColumn
        let query: [Float]
        let limit: Int
        var question: PartialQuestion?

        /// How far the index has to find a vector.
        func distance(to vector: [Float]) -> Float {
            column.distance.between(query, vector, column.quantization)
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
        _ answer: TableVectorAnswer, _ asked: Asked, _ parts: [Part], _ place: String
    ) {
        var distances: [Float] = []
        var live: [BucketIdentifier: [[UInt8]: Row]] = [:]
        for part in parts {
            let rows = self.rows(of: part, asked)
            for row in rows where row.passes == true { distances.append(row.distance) }
            for row in rows { live[part.log.bucket, default: [:]][row.key] = row }
        }
        distances.sort()
        var previous: TableHit?
        var unsureCount = 0
        for found in answer.hits {
            let (row, hit) = (live[found.bucket]?[found.hit.key], found.hit)
            let key = evidence.logs[found.bucket]?.describe(hit.key) ?? "\(hit.key)"
            tally.expect(row != nil, "\(place) names key \(key), which is not there")
            guard let row else { continue }
            tally.expect(
                hit.offset <= row.offset && row.distance == hit.distance
                    && previous.map { $0 < found } ?? true,
                "\(place) gives key \(key) the wrong distance or place")
            tally.expect(row.passes != false, "\(place) names key \(key), which does not pass")
            if row.passes == nil { unsureCount += 1 }
            previous = found
        }
        let wanted = min(asked.limit, distances.count)
        tally.expect(
            wanted...min(asked.limit, distances.count + unsureCount) ~= answer.hits.count,
            "\(place) names \(answer.hits.count) rows of \(distances.count)")
        count(answer.hits.map(\.hit.distance), distances, wanted)
    }

    /// A row with a vector, as of an answer.
    private struct Row {
        let key: [UInt8]
        /// Of the change that made it.
        let offset: Int64
        let distance: Float
        /// Whether it passes what was asked; nil where the row has changed since and is not known.
        let passes: Bool?
    }

    private func rows(of part: Part, _ asked: Asked) -> [Row] {
        let log = part.log
        let present = asked.question == nil ? [:] : log.presentRows
        return log.rowOffsets(at: part.offset).enumerated().compactMap { number, offset in
            guard let vector = log.vector(asked.column.field, at: offset) else { return nil }
            let key = log.keys[number]
            var passes: Bool? = true
            if let question = asked.question {
                let isPresent = log.row(ofKey: Int32(number), at: log.endOffset) == offset
                passes = isPresent ? present[key].map(question.passes) : nil
            }
            return Row(
                key: key, offset: offset, distance: asked.distance(to: vector), passes: passes)
        }
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
            self.checkMoved(search, logs)
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
            guard let row, row >= 0, let vector = log.vector(search.column.field, at: row) else {
                tally.violated("\(place) names key \(key), which is not there")
                continue
            }
            let indexed = search.answer.freshUpTo.first { $0.bucket == found.bucket }?.offset ?? 0
            tally.expect(
                found.offset >= indexed,
                "\(place) gives key \(key) the row that it had at \(found.offset), behind the "
                    + "index at \(indexed)")
            tally.expect(
                log.table.schemas.schemas.count > 1
                    || CommittedLog.hash(found.row) == log.changes[Int(row)].hash,
                "\(place) gives key \(key) a row that it does not have at \(found.offset)")
            tally.expect(
                search.question?.passes(found.row) ?? true,
                "\(place) has a row that does not pass, of key \(key)")
            let distance = search.column.distance.between(search.query, vector)
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
        let distances = unchanged(search, parts).map(\.distance).sorted()
        let wanted = min(search.limit, distances.count)
        let rows = search.answer.rows
        tally.expect(
            wanted...search.limit ~= rows.count,
            "\(place) found \(rows.count) rows of \(distances.count)")
        count(rows.map(\.distance), distances, wanted)
    }

    /// The rows that pass and have not changed since the index was asked.
    private func unchanged(
        _ search: NearestAnswer, _ parts: [Part]
    ) -> [(bucket: BucketIdentifier, key: [UInt8], distance: Float)] {
        var found: [(bucket: BucketIdentifier, key: [UInt8], distance: Float)] = []
        for part in parts {
            let rows = part.log.presentRows
            for (number, key) in part.log.keys.enumerated() {
                let row = part.log.row(ofKey: Int32(number), at: part.log.endOffset)
                guard (0..<part.offset).contains(row),
                    let vector = part.log.vector(search.column.field, at: row),
                    let present = rows[key], search.question?.passes(present) ?? true
                else { continue }
                found.append(
                    (part.log.bucket, key, search.column.distance.between(search.query, vector)))
            }
        }
        return found
    }

    /// Counts rows that have moved since the index was asked, and those of them that push a nearer
    /// one out which has not: the index looked for others only as far as its last candidate.
    private func checkMoved(_ search: NearestAnswer, _ parts: [Part]) {
        if search.column.quantization != .none { return }
        let rows = search.answer.rows
        guard rows.count == search.limit else { return }
        let moved = rows.filter { row in
            guard let part = parts.first(where: { $0.log.bucket == row.bucket }),
                let number = part.log.number(ofKey: row.key)
            else { return false }
            let log = part.log
            let (before, after) = (
                log.row(ofKey: number, at: part.offset), log.row(ofKey: number, at: row.offset)
            )
            return before >= 0 && after > before
                && log.vector(search.column.field, at: before)
                    != log.vector(search.column.field, at: after)
        }
        if moved.isEmpty { return }
        movedCount += moved.count
        let left = unchanged(search, parts).filter { row in
            !rows.contains { $0.bucket == row.bucket && $0.key == row.key }
        }
        jumpedCount += moved.filter { row in left.contains { $0.distance < row.distance } }.count
    }

    public func conclude() {
        if movedCount > 0 {
            // A few nearer ones an index may miss, as it is approximate.
            tally.expect(
                jumpedCount < 3 || jumpedCount * 5 <= movedCount,
                "of \(movedCount) near rows that had moved since the index was asked, "
                    + "\(jumpedCount) push nearer ones out")
        }
        if expectedCount == 0 { return }
        tally.expect(
            foundCount * 1000 >= expectedCount * Self.recallBound,
            "searches found \(foundCount) of the \(expectedCount) nearest rows")
    }
}
