public import Columnar

/// Rows of any tables, written again and again: upserts, partial updates, deletions, appends and
/// keys that are inserted unless they are there.
///
/// Nothing here is like a real system: rows are drawn from the schemas, from nothing to large, with
/// nulls and the edges of each type, and keys are few, the first much more often than the last, so
/// that a change which is lost, repeated or merged out of order shows.
public final class TableTraffic: Workload {
    public struct Options: Sendable, Hashable {
        /// Keys of each table.
        public var keys = 200
        public var pace = Pace(interval: .milliseconds(10))
        public var deletesPartsPerMillion = 100_000
        public var partialPartsPerMillion = 300_000
        /// Of the deletions.
        public var partialDeletesPartsPerMillion = 200_000
        /// The tables whose columns may be dropped, which have no partial deletions: whether a row
        /// is left depends on the columns that it has at that moment. Nil for all.
        public var tablesLosingColumns: Set<String>? = []
        public var insertsPartsPerMillion = 30_000
        /// Of the largest text that is drawn.
        public var largestByteCount = 20_000
        /// How long some changes go on to be of the schema before.
        public var formerSchema = Duration.seconds(5)

        public init() {}
    }

    /// A table as writers know it.
    private struct Known {
        /// Nil while the table is not there.
        var present: Schema?
        /// Who has not heard of the last change still writes by it, until then.
        var former: Schema?
        var formerUntil = Duration.zero
    }

    public let tables: [TableDefinition]
    private let options: Options
    private var random: RandomSource
    private var elapsed = Duration.zero
    private var known: [Known]
    private let keyDraws: [KeyDraw]
    private let ranks: ZipfTable
    private var rows: RowDraw

    /// `tables`, and as many more as the seed draws.
    public init(
        seed: UInt64, tables: [TableDefinition], drawnCount: Int = 0,
        _ options: Options = Options()
    ) {
        var random = RandomSource(seed: seed, label: "tables")
        var all = tables.map { table in
            var table = table
            table.hasPartialUpdates = table.takesPartialUpdates
            table.isEvolving = true
            return table
        }
        for name in Self.drawnNames(drawnCount) { all.append(TableDraw.table(name, &random)) }
        precondition(!all.isEmpty, "traffic without tables")
        self.tables = all
        self.options = options
        self.random = RandomSource(seed: seed, label: "rows of tables")
        known = all.map { Known(present: $0.schema) }
        keyDraws = all.map(KeyDraw.init)
        ranks = ZipfTable(count: options.keys, shift: 20)
        rows = RowDraw()
        rows.largestByteCount = options.largestByteCount
    }

    /// The names of tables that are drawn.
    public static func drawnNames(_ count: Int) -> [String] {
        (0..<count).map { "drawn_\($0 + 1)" }
    }

    public func learned(_ schema: Schema?, of table: Int) {
        if let schema, let present = known[table].present {
            if schema.identifier == present.identifier { return }
            known[table].former = present
            known[table].formerUntil = elapsed + options.formerSchema
        } else {
            known[table].former = nil
        }
        known[table].present = schema
    }

    public func redraw(_ number: UInt64) {
        random = RandomSource(seed: number, label: "rows of tables, drawn anew")
    }

    public func next(now: Int64) -> WorkloadStep? {
        let delay = options.pace.delay(at: elapsed, &random)
        elapsed += delay
        let table = random.below(tables.count)
        guard let schema = schema(of: table) else {
            return WorkloadStep(delay: delay, changes: [])
        }
        let change = Change(
            table: table, draw(table, schema, now: now), schema: schema.identifier)
        return WorkloadStep(delay: delay, changes: [change])
    }

    private func schema(of table: Int) -> Schema? {
        if elapsed >= known[table].formerUntil { known[table].former = nil }
        let choosesFormer = random.below(2) == 0
        return choosesFormer ? known[table].former ?? known[table].present : known[table].present
    }

    private func draw(_ table: Int, _ schema: Schema, now: Int64) -> Change.Kind {
        let definition = tables[table]
        let rank = ranks.draw(&random)
        if !definition.isPrimaryKeyTable {
            return .append(row(table, schema, rank, now: now))
        }
        let key = keyDraws[table].key(rank, schema, now: now)
        // Also where it has to be refused.
        if random.chance(partsPerMillion: options.deletesPartsPerMillion) {
            return deletion(of: key, definition, schema)
        }
        if definition.takesBareKeys(schema),
            random.chance(partsPerMillion: options.insertsPartsPerMillion)
        {
            return .insertIfAbsent(key: key)
        }
        var row = row(table, schema, rank, now: now)
        for (position, value) in zip(schema.primaryKey, key) { row[position] = value }
        guard definition.hasPartialUpdates,
            random.chance(partsPerMillion: options.partialPartsPerMillion)
        else { return .upsert(row) }
        return .update(row, columns: someColumns(schema))
    }

    private func deletion(
        of key: [Value], _ definition: TableDefinition, _ schema: Schema
    ) -> Change.Kind {
        guard definition.hasPartialUpdates,
            options.tablesLosingColumns?.contains(definition.name) == false,
            random.chance(partsPerMillion: options.partialDeletesPartsPerMillion)
        else { return .delete(key: key) }
        return .deletePart(key: key, columns: someColumns(schema))
    }

    /// The columns of a partial change: those that it has to name, and half of the others.
    private func someColumns(_ schema: Schema) -> [Int] {
        schema.fields.indices.filter {
            schema.primaryKey.contains($0) || !schema.fields[$0].isNullable
                || random.below(2) == 0
        }
    }

    private func row(_ table: Int, _ schema: Schema, _ rank: Int, now: Int64) -> Row {
        let definition = tables[table]
        let isAggregate = definition.mergeEngine == "aggregation"
        return schema.fields.map { field in
            if let value = keyDraws[table].partitionValue(rank, field, now: now) { return value }
            let function = definition.function(ofField: field.identifier)
            if isAggregate, let function {
                // Texts that are joined stay short: only now and then is there one.
                let isRare = function == "listagg" || function == "string_agg"
                if random.below(10) < (isRare ? 9 : 1) && field.isNullable { return .null }
                if function == "rbm32" { return rows.bitmap(&random) }
                if isRare { return .string("\(random.below(1000))") }
                return rows.summand(field.type, &random)
            }
            return rows.value(field, &random)
        }
    }
}

extension TableDefinition {
    /// Whether changes may be about some columns only.
    var takesPartialUpdates: Bool {
        isPrimaryKeyTable && (mergeEngine == "last_row" || mergeEngine == "aggregation")
    }

    /// Whether a row may have nothing but its key.
    func takesBareKeys(_ schema: Schema) -> Bool {
        schema.fields.indices.allSatisfy {
            schema.fields[$0].isNullable || schema.primaryKey.contains($0)
        }
    }

    /// The aggregate function that a column was given at creation.
    func function(ofField identifier: Int32) -> String? {
        schema.position(ofIdentifier: identifier).flatMap {
            property("fields.\(schema.fields[$0].name).agg")
        }
    }
}
