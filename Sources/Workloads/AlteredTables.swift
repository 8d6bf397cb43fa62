public import Columnar

/// A workload of which some tables are altered while it writes them, as by the releases of an
/// application.
///
/// What it does and when stays as it was made. Rows follow the columns of their table: what was
/// added is filled from then on, what was dropped is left out, what was widened holds the same
/// number. While a release is rolled out some instances still write the columns of before.
public final class AlteredTables: Workload {
    private struct Columns {
        /// As the workload makes its rows: the first that the cluster has.
        var first: Schema
        var present: Schema
        var former: Schema
        var formerUntil: Duration
    }

    /// How long instances of the release before still write.
    public static let rollout = Duration.seconds(5)

    public let tables: [TableDefinition]
    private let whole: any Workload
    /// Of the tables that are altered, by position; there once they are created.
    private var columns: [Int: Columns] = [:]
    private var elapsed = Duration.zero
    private var random: RandomSource
    private let draw = RowDraw()

    /// Precondition: at least one table has one of the names.
    public init(_ whole: any Workload, named names: Set<String>, seed: UInt64) {
        precondition(
            whole.tables.contains { names.contains($0.name) }, "no table is named \(names.sorted())"
        )
        self.whole = whole
        tables = whole.tables.map { table in
            var table = table
            if names.contains(table.name) { table.isEvolving = true }
            return table
        }
        random = RandomSource(seed: seed, label: "altered tables")
    }

    public func next(now: Int64) -> WorkloadStep? {
        guard var step = whole.next(now: now) else { return nil }
        elapsed += step.delay
        step.changes = step.changes.map(follow)
        return step
    }

    public func learned(_ schema: Schema?, of table: Int) {
        guard let schema, tables[table].isEvolving else {
            return whole.learned(schema, of: table)
        }
        guard var known = columns[table] else {
            columns[table] = Columns(
                first: schema, present: schema, former: schema, formerUntil: .zero)
            return
        }
        if known.present.identifier == schema.identifier { return }
        known.former = known.present
        known.present = schema
        known.formerUntil = elapsed + Self.rollout
        columns[table] = known
    }

    private func follow(_ change: Change) -> Change {
        guard let known = columns[change.table] else { return change }
        let isFormer = elapsed < known.formerUntil && random.below(2) == 0
        let schema = isFormer ? known.former : known.present
        let kind: Change.Kind =
            switch change.kind {
            case .append(let row): .append(self.row(row, known.first, schema))
            case .upsert(let row): .upsert(self.row(row, known.first, schema))
            case .update(let row, let positions):
                .update(
                    self.row(row, known.first, schema),
                    columns: positions.compactMap {
                        schema.position(ofIdentifier: known.first.fields[$0].identifier)
                    })
            case .deletePart(let key, let positions):
                .deletePart(
                    key: key,
                    columns: positions.compactMap {
                        schema.position(ofIdentifier: known.first.fields[$0].identifier)
                    })
            case .delete, .insertIfAbsent: change.kind
            }
        return Change(table: change.table, kind, schema: schema.identifier)
    }

    private func row(_ row: Row, _ first: Schema, _ schema: Schema) -> Row {
        var row = SchemaRules.row(row, from: first, to: schema)
        for (position, field) in schema.fields.enumerated()
        where first.position(ofIdentifier: field.identifier) == nil {
            row[position] = draw.value(field, &random)
        }
        return row
    }

    public func redraw(_ number: UInt64) { whole.redraw(number) }

    public var refusedLines: RefusedLines { whole.refusedLines }

    public func coverage(sentCount: Int) -> CaptureCoverage? {
        whole.coverage(sentCount: sentCount)
    }

    public var profiler: (any WorkloadProfiler)? { whole.profiler }
}
