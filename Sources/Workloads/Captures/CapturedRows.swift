import Columnar

/// The rows as the capture has left them so far, for updates that do not say all of a row.
struct CapturedRows {
    /// No more rows than this are kept; what is left out of an update of another is not known.
    static let limit = 2_000_000

    private let tables: CapturedTables
    private var rows: [[[Value]: Row]]
    private var count = 0

    init(_ tables: CapturedTables) {
        self.tables = tables
        rows = tables.definitions.map { _ in [:] }
    }

    /// What a change comes to: two changes if the key of its row is another one now.
    mutating func apply(_ change: CapturedChange) throws(Refusal) -> [Change] {
        let table = change.table
        switch change.kind {
        case .append(let row): return [Change(table: table, .append(row))]
        case .insert(let row):
            keep(row, key: tables[table].definition.schema.key(of: row), in: table)
            return [Change(table: table, .upsert(row))]
        case .delete(let key):
            forget(key, in: table)
            return [Change(table: table, .delete(key: key))]
        case .update(let oldKey, let partial):
            return try update(oldKey, partial, in: table)
        case .refused(let refusal):
            forget(refusal.doubt)
            throw refusal
        }
    }

    private mutating func update(
        _ oldKey: [Value]?, _ partial: [Value?], in table: Int
    ) throws(Refusal) -> [Change] {
        let schema = tables[table].definition.schema
        var partial = partial
        for (place, position) in schema.primaryKey.enumerated() where partial[position] == nil {
            partial[position] = oldKey?[place]
        }
        let parts = schema.primaryKey.map { partial[$0] }
        guard !parts.contains(nil) else {
            forget(.table(table))
            throw tables[table].leftOut(schema.primaryKey[parts.firstIndex(of: nil)!])
        }
        let key = parts.map { $0! }
        let known = rows[table][oldKey ?? key]
        for position in partial.indices where partial[position] == nil {
            guard let value = known?[position] else {
                forget(key, in: table)
                if let oldKey { forget(oldKey, in: table) }
                throw tables[table].leftOut(position)
            }
            partial[position] = value
        }
        let row = partial.map { $0! }
        var changes = [Change(table: table, .upsert(row))]
        if let oldKey, oldKey != key {
            forget(oldKey, in: table)
            changes.insert(Change(table: table, .delete(key: oldKey)), at: 0)
        }
        keep(row, key: key, in: table)
        return changes
    }

    private mutating func keep(_ row: Row, key: [Value], in table: Int) {
        if count >= Self.limit && rows[table][key] == nil { return }
        if rows[table].updateValue(row, forKey: key) == nil { count += 1 }
    }

    private mutating func forget(_ key: [Value], in table: Int) {
        if rows[table].removeValue(forKey: key) != nil { count -= 1 }
    }

    /// Takes rows for unknown from here on.
    mutating func forget(_ doubt: Refusal.Doubt) {
        switch doubt {
        case .nothing: break
        case .row(let table, let key): forget(key, in: table)
        case .table(let table):
            count -= rows[table].count
            rows[table] = [:]
        case .everything:
            rows = rows.map { _ in [:] }
            count = 0
        }
    }

    /// Takes the rows of a change that may or may not have been made for unknown.
    mutating func forget(_ change: CapturedChange) {
        switch change.kind {
        case .append: break
        case .refused(let refusal): forget(refusal.doubt)
        case .insert(let row):
            forget(tables[change.table].definition.schema.key(of: row), in: change.table)
        case .delete(let key): forget(key, in: change.table)
        case .update: forget(.table(change.table))
        }
    }
}
