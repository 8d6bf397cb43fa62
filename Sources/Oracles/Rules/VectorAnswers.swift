import Cluster
import Platform
import Server
import Vectors

extension OracleName {
    public static let vectorAnswers = OracleName("vectorAnswers")
}

/// Vector answers are correct over the visible rows: deleted points never return, and the nearest
/// are found as often as the bound says.
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
            search.log.whenReached(search.answer.freshUpTo) { self.check(search, $0) }
        case .notAnswered(.search, let reason): tally.violated(reason)
        default: break
        }
    }

    private func check(_ search: SearchAnswer, _ log: CommittedLog) {
        let answer = search.answer
        let place = "\(log.place): the search at offset \(answer.freshUpTo)"
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
                hit.offset <= row && metric.between(search.query, log.vectors[row]!) == hit.distance
                    && hit.distance >= previous,
                "\(place) gives key \(log.describe(hit.key)) the wrong distance or place")
            previous = hit.distance
        }
        let distances = rows.map { metric.between(search.query, log.vectors[$0]!) }.sorted()
        let wanted = min(search.limit, distances.count)
        tally.expect(
            answer.hits.count == wanted,
            "\(place) names \(answer.hits.count) rows of \(distances.count)")
        if wanted == 0 { return }
        expectedCount += wanted
        foundCount += answer.hits.filter { $0.distance <= distances[wanted - 1] }.count
    }

    public func conclude() {
        if expectedCount == 0 { return }
        tally.expect(
            foundCount * 1000 >= expectedCount * Self.recallBound,
            "searches found \(foundCount) of the \(expectedCount) nearest rows")
    }
}
