public import Columnar

/// What a table with a merge engine must hold, by what its writers were told.
///
/// Written from Fluss's documentation of the engines and not from this engine's code. A key's
/// changes reach the log in the order in which they are acknowledged, so its row is the fold of the
/// acknowledged ones. A key of which one change is of unknown outcome is not compared from then on:
/// the change may take effect at any later time, and an aggregate of it says nothing certain.
public final class MergeModel {
    private enum Engine {
        case lastRow, firstRow
        case versioned(column: Int)
        /// The function of each column.
        case aggregation([String])
    }

    private struct KeyState {
        var row: Row?
        var lastNumber = -1
        var isDoubtful = false
    }

    public let table: TableDefinition
    private let engine: Engine
    private let ignoresDeletes: Bool
    private let keyCodec: KeyCodec
    private var keys: [[UInt8]: KeyState] = [:]

    /// Nil for a table that keeps whole rows as they are written: `ReferenceModel` knows more of
    /// those.
    public init?(_ table: TableDefinition) {
        func property(_ name: String) -> String? {
            table.properties.first { $0.name == name }?.value
        }
        if table.schema.primaryKey.isEmpty { return nil }
        self.table = table
        keyCodec = KeyCodec(primaryKeyOf: table.schema)
        switch property("table.merge-engine") {
        case "first_row": engine = .firstRow
        case "versioned":
            let name = property("table.merge-engine.versioned.ver-column") ?? ""
            guard let column = table.schema.position(of: name) else { return nil }
            engine = .versioned(column: column)
        case "aggregation":
            engine = .aggregation(
                table.schema.fields.map {
                    property("fields.\($0.name).agg") ?? "last_value_ignore_nulls"
                })
        default:
            if !table.hasPartialUpdates { return nil }
            engine = .lastRow
        }
        let behavior = property("table.delete.behavior")
        if case .lastRow = engine {
            ignoresDeletes = behavior == "ignore"
        } else {
            ignoresDeletes = behavior != "allow"
        }
    }

    /// Takes in what the writer of the change of this number was told.
    public func learned(
        _ kind: Change.Kind, number: Int, _ outcome: ReferenceModel.Outcome
    ) throws {
        let key: [Value]
        switch kind {
        case .append: preconditionFailure("an append to the primary-key table \(table.name)")
        case .upsert(let row), .update(let row, _): key = table.schema.key(of: row)
        case .delete(let values): key = values
        }
        let encoded = try keyCodec.encode(key)
        var state = keys[encoded] ?? KeyState()
        switch outcome {
        case .refused: return
        case .unknown: state.isDoubtful = true
        case .acknowledged:
            precondition(number > state.lastNumber, "acknowledged out of order")
            state.lastNumber = number
            state.row = merge(state.row, kind)
        }
        keys[encoded] = state
    }

    /// Compares the rows, by encoded key; returns how many keys it compared.
    public func check(rows: [[UInt8]: Row], violated: (String) -> Void) -> Int {
        var compared = 0
        for key in keys.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let state = keys[key]!
            if state.isDoubtful { continue }
            compared += 1
            if state.row == rows[key] { continue }
            violated(
                "\(table.name): the row of key \(describe(key)) is "
                    + "\(rows[key].map { "\($0)" } ?? "missing"), but what was acknowledged comes "
                    + "to \(state.row.map { "\($0)" } ?? "none")")
        }
        for key in rows.keys.sorted(by: { $0.lexicographicallyPrecedes($1) })
        where keys[key] == nil {
            violated("\(table.name): the row of key \(describe(key)) was never written")
        }
        return compared
    }

    private func describe(_ key: [UInt8]) -> String {
        guard let values = try? keyCodec.decode(key) else { return "\(key)" }
        return values.map(\.plainText).joined(separator: ", ")
    }

    // MARK: Merging

    private func merge(_ old: Row?, _ kind: Change.Kind) -> Row? {
        switch kind {
        case .append: return old
        case .delete: return ignoresDeletes ? old : nil
        case .upsert(let new): return merge(old, new, Array(new.indices))
        case .update(let new, let columns): return merge(old, new, columns)
        }
    }

    private func merge(_ old: Row?, _ new: Row, _ columns: [Int]) -> Row {
        guard let old else {
            return new.indices.map { columns.contains($0) ? new[$0] : .null }
        }
        var row = old
        switch engine {
        case .firstRow: break
        case .versioned(let column):
            guard case .int(let version) = new[column] else { return old }
            if case .int(let known) = old[column], known > version { return old }
            return new
        case .lastRow: for column in columns { row[column] = new[column] }
        case .aggregation(let functions):
            for column in columns where !table.schema.primaryKey.contains(column) {
                row[column] = aggregate(functions[column], old[column], new[column])
            }
        }
        return row
    }

    private func aggregate(_ function: String, _ old: Value, _ new: Value) -> Value {
        if new.isNull { return old }
        if old.isNull { return new }
        switch (function, old, new) {
        case ("sum", .bigint(let left), .bigint(let right)): return .bigint(left + right)
        case ("max", .int(let left), .int(let right)): return .int(max(left, right))
        case ("listagg", .string(let left), .string(let right)): return .string(left + "," + right)
        case ("bool_or", .boolean(let left), .boolean(let right)): return .boolean(left || right)
        case ("last_value_ignore_nulls", _, _): return new
        default: preconditionFailure("the model has no \(function) of \(old) and \(new)")
        }
    }
}
