/// Some of the tables of a workload: what it changes in the others does not happen.
///
/// The changes that are left, and their times, are those of the whole workload.
public final class SelectedTables: Workload {
    private let whole: any Workload
    public let tables: [TableDefinition]
    /// Where each table of the whole is in the selection.
    private let positions: [Int?]

    /// Precondition: at least one table has one of the names.
    public init(_ whole: any Workload, named names: [String]) {
        self.whole = whole
        tables = whole.tables.filter { names.contains($0.name) }
        precondition(!tables.isEmpty, "none of the tables is named \(names)")
        let selected = tables
        positions = whole.tables.map { table in
            selected.firstIndex { $0.name == table.name }
        }
    }

    public func next(now: Int64) -> WorkloadStep? {
        guard var step = whole.next(now: now) else { return nil }
        step.changes = step.changes.compactMap { change in
            guard let position = positions[change.table] else { return nil }
            return Change(table: position, change.kind)
        }
        return step
    }

    public var refusedLines: RefusedLines { whole.refusedLines }

    public func redraw(_ number: UInt64) { whole.redraw(number) }

    public func coverage(sentCount: Int) -> CaptureCoverage? {
        whole.coverage(sentCount: sentCount)
    }
}
