public import Columnar

/// What a table whose rows are merged, or whose columns change, must hold, by what its writers were
/// told.
///
/// Written from Fluss's documentation of the engines and not from this engine's code. A key's
/// changes reach the log in the order in which they are acknowledged, so its row is the fold of the
/// acknowledged ones. A key of which one change is of unknown outcome is not compared from then on:
/// the change may take effect at any later time, and an aggregate of it says nothing certain.
///
/// Values are kept by the identifiers of their columns, so that a row is what was written whatever
/// its columns are called by now.
public final class MergeModel {
    private enum Engine {
        case lastRow, firstRow
        /// By the identifier of the column.
        case versioned(column: Int32)
        /// The function of each column that has one, by its identifier.
        case aggregation([Int32: String])
    }

    /// A value, the type that it was written as, and the schema that has it so.
    private struct Written {
        var value: Value
        var type: DataType
        var schema: Int16
    }

    private struct KeyState {
        var row: [Int32: Written]?
        var lastNumber = -1
        var isDoubtful = false
    }

    public let table: TableDefinition
    private let engine: Engine
    private let ignoresDeletes: Bool
    private let keyCodec: KeyCodec
    /// The column that the cluster numbers rows in.
    private let numberedColumn: Int32?
    private var keys: [[UInt8]: KeyState] = [:]
    private var numbering = NumberedRows()
    /// Keys of which a deletion was acknowledged that the table has to refuse.
    private var wronglyDeleted: [[UInt8]] = []
    /// Keys of which a change was acknowledged after a later one.
    private var disordered: [[UInt8]] = []
    private var dropped: DroppedPartitions

    /// Nil for a table that keeps whole rows as they are written: `ReferenceModel` knows more of
    /// those.
    public init?(_ table: TableDefinition) {
        if table.schema.primaryKey.isEmpty { return nil }
        let fields = table.schema.fields
        self.table = table
        dropped = DroppedPartitions(table)
        keyCodec = KeyCodec(primaryKeyOf: table.schema)
        numberedColumn = table.autoIncrementColumn.map { fields[$0].identifier }
        switch table.mergeEngine {
        case "first_row": engine = .firstRow
        case "versioned":
            let name = table.property("table.merge-engine.versioned.ver-column") ?? ""
            guard let column = table.schema.position(of: name) else { return nil }
            engine = .versioned(column: fields[column].identifier)
        case "aggregation":
            var functions: [Int32: String] = [:]
            for field in fields {
                functions[field.identifier] = table.property("fields.\(field.name).agg")
            }
            engine = .aggregation(functions)
        default:
            if !table.hasPartialUpdates && !table.isEvolving && numberedColumn == nil {
                return nil
            }
            engine = .lastRow
        }
        let behavior = table.property("table.delete.behavior")
        if case .lastRow = engine {
            ignoresDeletes = behavior == "ignore"
        } else {
            ignoresDeletes = behavior != "allow"
        }
    }

    /// A partition is dropped: nothing of it is compared from now on.
    public func exempt(partition name: String) {
        dropped.insert(name)
        for key in keys.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            if let values = try? keyCodec.decode(key), dropped.contains(key: values) {
                keys[key] = nil
            }
        }
    }

    public func isExempt(partition name: String) -> Bool { dropped.contains(name) }

    /// Takes in what the writer of the change of this number was told; rows are of `schema`.
    public func learned(
        _ kind: Change.Kind, under schema: Schema, number: Int,
        _ outcome: ReferenceModel.Outcome
    ) throws {
        if dropped.contains(kind, under: schema) { return }
        let key: [Value]
        switch kind {
        case .append: preconditionFailure("an append to the primary-key table \(table.name)")
        case .upsert(let row), .update(let row, _): key = schema.key(of: row)
        case .delete(let values), .deletePart(let values, _), .insertIfAbsent(let values):
            key = values
        }
        let encoded = try keyCodec.encode(key)
        if kind.isDeletion, table.refusesDeletes {
            if outcome == .acknowledged { wronglyDeleted.append(encoded) }
            return
        }
        var state = keys[encoded] ?? KeyState()
        switch outcome {
        case .refused: return
        case .unknown: state.isDoubtful = true
        case .acknowledged:
            if number < state.lastNumber {
                disordered.append(encoded)
                state.isDoubtful = true
            }
            state.lastNumber = number
            state.row = merge(state.row, kind, schema)
        }
        keys[encoded] = state
    }

    /// Takes in a committed change of the table's log: what the cluster itself put into a row.
    public func committed(_ row: Row, under schema: Schema, _ change: NumberedRows.Change) throws {
        guard let numberedColumn, let position = schema.position(ofIdentifier: numberedColumn),
            !dropped.contains(row: row, of: schema)
        else { return }
        numbering.learned(try keyCodec.encode(schema.key(of: row)), row[position], change)
    }

    /// Compares the rows, by encoded key and as `schema` has them; returns how many keys it
    /// compared.
    public func check(
        rows: [[UInt8]: Row], under schema: Schema, violated: (String) -> Void
    ) -> Int {
        var compared = numbering.count
        for flaw in numbering.flaws {
            violated("\(table.name): the row of key \(describe(flaw.key)) \(flaw.text)")
        }
        for key in disordered {
            violated(
                "\(table.name): changes of key \(describe(key)) were acknowledged in another order "
                    + "than that in which they were sent")
        }
        for key in wronglyDeleted {
            violated("\(table.name) refuses deletions, and took that of key \(describe(key))")
        }
        for key in keys.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let state = keys[key]!
            if state.isDoubtful { continue }
            compared += 1
            var expected: Row?
            if let known = state.row { expected = row(known, under: schema) }
            let stored = rows[key]
            let found = stored.map(withoutNumber(schema))
            if isSame(expected, found) { continue }
            violated(
                "\(table.name): the row of key \(describe(key)) is "
                    + "\(found.map(describe(row:)) ?? "missing"), but what was acknowledged comes "
                    + "to \(expected.map(describe(row:)) ?? "none")")
        }
        for key in rows.keys.sorted(by: { $0.lexicographicallyPrecedes($1) })
        where keys[key] == nil {
            violated("\(table.name): the row of key \(describe(key)) was never written")
        }
        return compared
    }

    private func row(_ written: [Int32: Written], under schema: Schema) -> Row {
        let row = schema.fields.map { field in
            guard let found = written[field.identifier] else { return Value.null }
            return SchemaRules.value(found.value, from: found.type, to: field.type)
        }
        return withoutNumber(schema)(row)
    }

    /// What number a row gets is the cluster's matter: `NumberedRows` judges it.
    private func withoutNumber(_ schema: Schema) -> (Row) -> Row {
        let position = numberedColumn.flatMap { schema.position(ofIdentifier: $0) }
        return { row in
            guard let position else { return row }
            var row = row
            row[position] = .null
            return row
        }
    }

    private func isSame(_ left: Row?, _ right: Row?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return left.count == right.count
            && zip(left, right).allSatisfy { Value.compare($0, $1) == .same }
    }

    private func describe(_ key: [UInt8]) -> String {
        guard let values = try? keyCodec.decode(key) else { return "\(key)" }
        return values.map(\.plainText).joined(separator: ", ")
    }

    private func describe(row: Row) -> String {
        "[" + row.map { String($0.plainText.prefix(60)) }.joined(separator: ", ") + "]"
    }

    // MARK: Merging

    private func merge(
        _ old: [Int32: Written]?, _ kind: Change.Kind, _ schema: Schema
    ) -> [Int32: Written]? {
        switch kind {
        case .append: return old
        case .delete: return ignoresDeletes ? old : nil
        case .deletePart(_, let columns):
            guard !ignoresDeletes, let old else { return old }
            return delete(columns, of: old, schema)
        case .upsert(let new): return merge(old, new, Array(new.indices), isWhole: true, schema)
        case .update(let new, let columns):
            return merge(old, new, columns, isWhole: false, schema)
        case .insertIfAbsent(let key):
            if let old { return old }
            var row = Row(repeating: .null, count: schema.fields.count)
            for (position, value) in zip(schema.primaryKey, key) { row[position] = value }
            return merge(nil, row, schema.primaryKey, isWhole: false, schema)
        }
    }

    /// What is left of a row without some of its columns; nil if that is nothing, or if one of them
    /// must not be null. The number of a row is no value that can be deleted.
    private func delete(
        _ columns: [Int], of old: [Int32: Written], _ schema: Schema
    ) -> [Int32: Written]? {
        var row = old
        for column in columns where !schema.primaryKey.contains(column) {
            let field = schema.fields[column]
            if field.identifier == numberedColumn { continue }
            if !field.isNullable { return nil }
            row[field.identifier] = nil
        }
        // A later schema's columns, of which who deletes has not heard, count as well.
        let key = schema.primaryKey.map { schema.fields[$0].identifier }
        // Whether there is one, so any order will do.
        let hasValue = row.contains { !key.contains($0.key) && !$0.value.value.isNull }
        return hasValue || numberedColumn != nil ? row : nil
    }

    private func merge(
        _ old: [Int32: Written]?, _ new: Row, _ columns: [Int], isWhole: Bool, _ schema: Schema
    ) -> [Int32: Written] {
        var written: [Int32: Written] = [:]
        for column in columns {
            let field = schema.fields[column]
            written[field.identifier] = Written(
                value: new[column], type: field.type, schema: schema.identifier)
        }
        guard let old else { return written }
        switch engine {
        case .firstRow: return old
        case .versioned(let column):
            guard let version = written[column]?.value.integer else { return old }
            if let known = old[column]?.value.integer, known > version { return old }
            return written
        case .lastRow: return isWhole ? written : old.merging(written) { _, new in new }
        case .aggregation(let functions):
            var row = old
            for column in columns where !schema.primaryKey.contains(column) {
                let identifier = schema.fields[column].identifier
                row[identifier] = aggregate(
                    old[identifier], written[identifier]!,
                    functions[identifier] ?? "last_value_ignore_nulls")
            }
            return row
        }
    }

    /// Merges two values under the later of their schemas: who writes may not have heard yet that
    /// the column was widened.
    private func aggregate(_ old: Written?, _ new: Written, _ function: String) -> Written {
        guard let old else {
            return Written(
                value: Aggregates.merge(function, .null, new.value), type: new.type,
                schema: new.schema)
        }
        let later = old.schema > new.schema ? old : new
        let values = [old, new].map { SchemaRules.value($0.value, from: $0.type, to: later.type) }
        return Written(
            value: Aggregates.merge(function, values[0], values[1]), type: later.type,
            schema: later.schema)
    }
}
