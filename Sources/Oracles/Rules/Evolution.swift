import Changelog
import Cluster
import Columnar
import Iceberg
import LakeTiering
import Workloads

extension OracleName {
    public static let evolution = OracleName("evolution")
}

/// Every row ever written reads, at every later schema, as the rules say: columns that were added
/// are null in it, those that were dropped are gone, those that were renamed or moved are found by
/// their identifiers, and what was widened is the same number; in the log, in lookups, in scans, in
/// the lake and in union reads.
///
/// It goes by every row as it was written, and by `SchemaRules`, not by the engine's own
/// evolution. It also holds that no identifier is given to two columns, and that the columns of a
/// lake table are those of the schema that it follows.
final class Evolution: Oracle {
    static let description = OracleDescription(
        .evolution, "every row reads, at every later schema, as the rules say",
        compares: "rows that were read under another schema than their own")

    private let evidence: Evidence
    private let tally: Tally
    /// How many schemas of each table were looked at.
    private var judged: [Int64: Int] = [:]
    private var hasEvolved = false

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    /// Only where a table was altered and read afterwards.
    var hasWork: Bool { hasEvolved }

    func learned(_ fact: Fact) {
        switch fact {
        case .fetched(_, let log): judgeSchemas(log.table)
        case .readUnderSchema(let answer): judge(answer)
        case .lakeMetadata(_, _, let now): judgeColumns(of: now)
        default: break
        }
    }

    /// A column's identifier is its own for ever, whatever was dropped or is called the same.
    private func judgeSchemas(_ table: TableDescription) {
        let schemas = table.schemas.schemas
        let first = judged[table.identifier] ?? 1
        judged[table.identifier] = schemas.count
        for position in first..<max(first, schemas.count) {
            var former: Set<Int32> = []
            for schema in schemas[..<position] { former.formUnion(schema.fields.map(\.identifier)) }
            let before = Set(schemas[position - 1].fields.map(\.identifier))
            for field in schemas[position].fields where !before.contains(field.identifier) {
                tally.expect(
                    !former.contains(field.identifier),
                    "\(table.name): column \(field.name), which is new in schema "
                        + "\(schemas[position].identifier), has the identifier "
                        + "\(field.identifier) of one that was dropped")
            }
        }
    }

    /// A lake table has the columns of the schema that it says it follows, in their order and by
    /// their identifiers: other programs find them by these alone.
    private func judgeColumns(of lake: TableMetadata) {
        // What other programs do to columns stays.
        if evidence.observation.hasForeignWriters { return }
        guard let progress = try? LakeProgress.current(of: lake),
            let table = evidence.client?.mirror.tables[progress.tableIdentifier],
            let schema = table.schemas.schema(table.tiered.schemaIdentifier(at: progress))
        else { return }
        tally.expect(
            !table.isPartitioned || lake.partitionSpec(by: table.partitionFields) != nil,
            "\(table.name): the lake table has no partition spec by its partition columns")
        let (found, expected) = (lake.schema.columns.fields, IcebergSchema(tiering: schema))
        tally.expect(
            found == expected.columns.fields,
            "\(table.name): the lake table follows schema \(schema.identifier), whose columns are "
                + "\(expected.columns.fields), and has \(found)")
    }

    private func judge(_ answer: EvolvedAnswer) {
        answer.log.whenReached(answer.offset) { [self] log in
            for offset in answer.byOffset.keys.sorted() {
                judge(answer, answer.byOffset[offset]!, offset, "offset \(offset)", log)
            }
            let keys = answer.byKey.keys.sorted { $0.lexicographicallyPrecedes($1) }
            for key in keys {
                // That it is the right row is for others to say.
                guard let number = log.number(ofKey: key) else { continue }
                let offset = log.row(ofKey: number, at: answer.offset)
                if offset < 0 { continue }
                judge(answer, answer.byKey[key]!, offset, "key \(log.describe(key))", log)
            }
        }
    }

    private func judge(
        _ answer: EvolvedAnswer, _ found: Row, _ offset: Int64, _ place: String,
        _ log: CommittedLog
    ) {
        guard let written = log.written(at: offset) else { return }
        hasEvolved = true
        let whole = SchemaRules.row(written.row, from: written.schema, to: answer.schema)
        let columns = answer.columns ?? Array(whole.indices)
        let expected = columns.map { whole[$0] }
        tally.count()
        if CommittedLog.hash(found) == CommittedLog.hash(expected) { return }
        let wrong = zip(expected, found).enumerated().first {
            CommittedLog.hash([$0.element.0]) != CommittedLog.hash([$0.element.1])
        }
        let column = wrong.map { answer.schema.fields[columns[$0.offset]].name } ?? "a column"
        tally.violated(
            "\(log.place): the \(answer.way) under schema \(answer.schema.identifier) shows of "
                + "\(place), written under schema \(written.schema.identifier), in \(column) "
                + "\(wrong?.element.1.plainText.prefix(80) ?? "too much or too little"), where "
                + "\(wrong?.element.0.plainText.prefix(80) ?? "it") should be")
    }
}
