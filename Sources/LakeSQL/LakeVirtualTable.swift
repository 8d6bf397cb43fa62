import CSQLite
import Columnar
import Iceberg
import Platform

/// A table of the lake as SQLite plans scans of it.
final class LakeVirtualTable: VirtualTable {
    let session: any LakeTables
    let table: LakeTable
    /// The columns that SQLite is told, in their order; after them comes the hidden one that says
    /// as of when the table is read.
    let fields: [Field]
    /// When it is read unless a statement says so; the present if nil.
    let defaultMoment: String?
    private var scans: [Int64: LakeScan] = [:]

    /// Whether its rows are changes: what became of the table's rows from one moment to another.
    let isOfChanges: Bool

    init(
        _ session: any LakeTables, _ name: LakeTableName, asOf moment: String?,
        isOfChanges: Bool = false
    ) throws {
        self.isOfChanges = isOfChanges
        self.session = session
        table = try session.open(name)
        fields = table.metadata.schema.columns.fields
        defaultMoment = moment
        if let moment { _ = try snapshot(asOf: moment) }
    }

    /// The columns, and the hidden ones that say when the table is read.
    var shape: TableShape { TableShape(fields: fields, isOfChanges: isOfChanges) }

    var declaration: String { shape.declaration }

    func makeCursor() -> any VirtualCursor { LakeCursor(self) }

    /// The snapshot that a moment means; nil of an empty table.
    func snapshot(asOf moment: String?) throws -> Snapshot? {
        guard let moment else { return table.metadata.current }
        guard let found = table.metadata.snapshot(asOf: moment) else {
            throw LakeSQLError.statement(
                reason: "table \(table.name) has no state as of '\(moment)': name a snapshot id, "
                    + "a branch or tag, or a time such as 2026-11-28 12:00:00 that is not before "
                    + "the first snapshot that is left")
        }
        return found
    }

    func scan(_ snapshot: Snapshot) throws -> LakeScan {
        if let known = scans[snapshot.identifier] { return known }
        let scan = try session.wait { _ in try await self.table.scan(snapshot) }
        scans[snapshot.identifier] = scan
        return scan
    }

    /// Chooses what of the constraints a scan uses, and says what it will cost.
    func plan(_ information: UnsafeMutablePointer<sqlite3_index_info>) throws {
        let plan = shape.plan(information)
        let rowCount = Double(
            table.metadata.current?.summary("total-records").flatMap { Int64($0) } ?? 1_000_000)
        let hasEqual = plan.constraints.contains { $0.comparison.isEquality }
        let share = plan.constraints.isEmpty ? 1.0 : hasEqual ? 0.01 : 0.3
        information.pointee.estimatedRows = max(1, Int64(rowCount * share))
        // Each scan begins with the files' footers.
        information.pointee.estimatedCost = 1000 + rowCount * (share + 0.1)
        plan.give(to: information)
    }
}

/// A name as SQL has it where it might be taken for another word.
func quoted(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        + "\""
}

/// A text in memory that SQLite frees.
func copied(_ text: String) -> UnsafeMutablePointer<CChar>? {
    let bytes = Array(text.utf8CString)
    guard let memory = sqlite3_malloc64(UInt64(bytes.count)) else { return nil }
    let target = memory.bindMemory(to: CChar.self, capacity: bytes.count)
    target.update(from: bytes, count: bytes.count)
    return target
}
