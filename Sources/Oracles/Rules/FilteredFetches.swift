import Cluster
import Columnar
import Workloads

extension OracleName {
    public static let filteredFetches = OracleName("filteredFetches")
}

/// A fetch with a filter leaves out no row that the filter wants, and changes none.
///
/// A server leaves out whole batches by their statistics, which were made of rows of an earlier
/// schema perhaps. The oracle goes by every row as it was written and by `SchemaRules`: a row is
/// wanted if it is once it is seen under the schema that the filter speaks of.
final class FilteredFetches: Oracle {
    static let description = OracleDescription(
        .filteredFetches, "a fetch with a filter leaves out no row that the filter wants",
        compares: "committed rows with what fetches with a filter brought")

    private let tally: Tally
    private var wasAsked = false

    init(_ evidence: Evidence, _ tally: Tally) { self.tally = tally }

    var hasWork: Bool { wasAsked }

    func learned(_ fact: Fact) {
        guard case .fetchedFiltered(let answer) = fact else { return }
        wasAsked = true
        answer.log.whenReached(answer.offsets.upperBound) { self.judge(answer, $0) }
    }

    private func judge(_ answer: FilteredAnswer, _ log: CommittedLog) {
        for offset in answer.offsets {
            guard let written = log.written(at: offset) else { continue }
            if let found = answer.found[offset] {
                tally.expect(
                    found == log.changes[Int(offset)].hash,
                    "\(log.place): the row of offset \(offset) is another one in a fetch with a "
                        + "filter")
                continue
            }
            // A filter says nothing of what a schema has that its reader has not heard of.
            if written.schema.identifier > answer.schema.identifier { continue }
            let row = SchemaRules.row(written.row, from: written.schema, to: answer.schema)
            tally.expect(
                !answer.terms.allSatisfy { Self.holds($0, row[$0.column]) },
                "\(log.place): a fetch from \(answer.offsets.lowerBound) left out the row of "
                    + "offset \(offset), written under schema \(written.schema.identifier), "
                    + "which is wanted: \(describe(answer, row))")
        }
    }

    private static func holds(_ term: FilteredAnswer.Term, _ value: Value) -> Bool {
        if term.comparison == .isNull { return value.isNull }
        if value.isNull { return false }
        let ordering = term.comparison == .isNotNull ? nil : Value.compare(value, term.value)
        return switch term.comparison {
        case .equal: ordering == .same
        case .less: ordering == .ascending
        case .lessOrEqual: ordering != .descending
        case .greater: ordering == .descending
        case .greaterOrEqual: ordering != .ascending
        case .isNotNull: true
        case .isNull: false
        }
    }

    private func describe(_ answer: FilteredAnswer, _ row: Row) -> String {
        answer.terms.map {
            "\(answer.schema.fields[$0.column].name) is "
                + "\(row[$0.column].plainText.prefix(40)), \($0.comparison) "
                + "\($0.value.plainText.prefix(40))"
        }.joined(separator: ", ")
    }
}
