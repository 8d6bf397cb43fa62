import Columnar

/// Rows of few keys, written again and again to a table of each merge engine.
///
/// Nothing here is like a real system: each table asks for what one engine has to get right, the
/// keys are few so that every change meets a row, and the values are such that a change that is
/// lost, repeated or merged out of order shows.
public final class MergingWorkload: Workload {
    public struct Options: Sendable, Hashable {
        public var keys = 200
        public var pace = Pace(interval: .milliseconds(10))

        public init() {}
    }

    /// One table for each way to merge.
    enum Table: Int, CaseIterable {
        /// The last row, or of a partial update its columns.
        case lastRows
        /// As that, logged without the rows before, and deletions change nothing.
        case keptRows
        case firstRows
        case versions
        case totals

        var name: String {
            switch self {
            case .lastRows: "last_rows"
            case .keptRows: "kept_rows"
            case .firstRows: "first_rows"
            case .versions: "versions"
            case .totals: "totals"
            }
        }

        var hasPartialUpdates: Bool {
            switch self {
            case .lastRows, .keptRows, .totals: true
            case .firstRows, .versions: false
            }
        }

        var properties: [TableDefinition.Property] {
            let pairs: [(String, String)] =
                switch self {
                case .lastRows: []
                case .keptRows:
                    [("table.changelog.image", "WAL"), ("table.delete.behavior", "ignore")]
                case .firstRows: [("table.merge-engine", "first_row")]
                case .versions:
                    [
                        ("table.merge-engine", "versioned"),
                        ("table.merge-engine.versioned.ver-column", "version"),
                    ]
                case .totals:
                    [
                        ("table.merge-engine", "aggregation"), ("fields.amount.agg", "sum"),
                        ("fields.version.agg", "max"), ("fields.note.agg", "listagg"),
                        ("fields.flag.agg", "bool_or"),
                    ]
                }
            return pairs.map { TableDefinition.Property(name: $0.0, value: $0.1) }
        }
    }

    public let tables: [TableDefinition]
    private let options: Options
    private var random: RandomSource
    private var elapsed = Duration.zero
    private var written: Int64 = 0

    public init(seed: UInt64, _ options: Options = Options()) {
        self.options = options
        random = RandomSource(seed: seed, label: "merging")
        tables = Table.allCases.map { table in
            TableDefinition(
                name: table.name, schema: Self.schema, bucketKey: [0],
                properties: table.properties, hasPartialUpdates: table.hasPartialUpdates)
        }
    }

    static let schema = Schema(
        fields: [
            Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
            Field(identifier: 2, name: "amount", type: .bigint),
            Field(identifier: 3, name: "version", type: .int),
            Field(identifier: 4, name: "note", type: .string),
            Field(identifier: 5, name: "flag", type: .boolean),
        ], primaryKey: [0])

    public func next(now: Int64) -> WorkloadStep? {
        let delay = options.pace.delay(at: elapsed, &random)
        elapsed += delay
        let table = Table.allCases[random.below(Table.allCases.count)]
        return WorkloadStep(delay: delay, changes: [Change(table: table.rawValue, draw(table))])
    }

    private func draw(_ table: Table) -> Change.Kind {
        written += 1
        let key = Value.bigint(Int64(random.below(options.keys)))
        if random.below(10) == 0 { return .delete(key: [key]) }
        var row: Row = [
            key, .bigint(Int64(1 + random.below(1000))), .int(Int32(random.below(1000))),
            // Texts that are joined stay short: only now and then is there one.
            .string("\(written)"), .boolean(random.below(20) == 0),
        ]
        for column in 1..<row.count {
            let isRare = table == .totals && column == 3
            if random.below(10) < (isRare ? 9 : 1) { row[column] = .null }
        }
        if !table.hasPartialUpdates || random.below(3) > 0 { return .upsert(row) }
        let columns = [0] + (1..<row.count).filter { _ in random.below(2) == 0 }
        return .update(row, columns: columns)
    }
}
