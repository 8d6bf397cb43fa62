import Columnar

@testable import Workloads

/// The changes of a workload as a database would take them in, at a steady clock.
struct WorkloadStream {
    struct Timed {
        var at: Duration
        var change: Change
    }

    let tables: [TableDefinition]
    private(set) var changes: [Timed] = []
    /// What a database would refuse: a delete of a row that is not there, a value of a wrong type.
    private(set) var faults: [String] = []
    private(set) var rows: [[[Value]: Row]]

    static let epoch: Int64 = 1_700_000_000_000_000

    init(_ workload: any Workload, steps: Int) {
        tables = workload.tables
        rows = tables.map { _ in [:] }
        var elapsed = Duration.zero
        for _ in 0..<steps {
            let now = Self.epoch + Int64(elapsed / .microseconds(1))
            guard let step = workload.next(now: now) else { break }
            elapsed += step.delay
            for change in step.changes {
                changes.append(Timed(at: elapsed, change: change))
                take(change)
            }
        }
    }

    private mutating func take(_ change: Change) {
        let table = tables[change.table]
        switch change.kind {
        case .append(let row):
            check(row, table)
            if table.isPrimaryKeyTable { faults.append("an append to \(table.name)") }
        case .upsert(let row):
            check(row, table)
            if !table.isPrimaryKeyTable { faults.append("an upsert to \(table.name)") }
            rows[change.table][table.schema.key(of: row)] = row
        case .update, .deletePart, .insertIfAbsent:
            faults.append("a partial update of \(table.name)")
        case .delete(let key):
            if rows[change.table].removeValue(forKey: key) == nil {
                faults.append("a delete of \(key) from \(table.name), which is not there")
            }
        }
    }

    private mutating func check(_ row: Row, _ table: TableDefinition) {
        let fields = table.schema.fields
        if row.count != fields.count { faults.append("\(row.count) values for \(table.name)") }
        for (value, field) in zip(row, fields)
        where value == .null ? !field.isNullable : !value.matches(field.type) {
            faults.append("\(table.name).\(field.name) is \(value)")
        }
    }

    func table(_ name: String) -> Int { tables.firstIndex { $0.name == name }! }

    func rows(_ name: String) -> [[Value]: Row] { rows[table(name)] }

    /// The rows that were upserted or appended to a table, in their order.
    func written(_ name: String) -> [Row] {
        changes.compactMap {
            if $0.change.table != table(name) { return nil }
            switch $0.change.kind {
            case .append(let row), .upsert(let row), .update(let row, _): return row
            case .delete, .deletePart, .insertIfAbsent: return nil
            }
        }
    }

    var deleteCount: Int {
        changes.count { if case .delete = $0.change.kind { true } else { false } }
    }
}
