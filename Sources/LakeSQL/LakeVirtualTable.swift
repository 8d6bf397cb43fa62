import CSQLite
import Columnar
import Iceberg
import Platform

/// A table of the lake as SQLite plans scans of it.
final class LakeVirtualTable {
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

    static let momentColumn = "as_of"
    static let startColumn = "since"
    static let changeColumn = "_change"

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

    /// What SQLite is told the table is.
    var declaration: String {
        var columns = fields.map { "\(quoted($0.name)) \($0.type.sqlName)" }
        var hidden = hidesMoment ? [] : ["\(Self.momentColumn) TEXT HIDDEN"]
        if isOfChanges {
            columns = ["\(Self.changeColumn) TEXT"] + columns
            hidden = [
                "\(Self.startColumn) TEXT HIDDEN", "\(Self.momentColumn) TEXT HIDDEN",
            ]
        }
        return "CREATE TABLE x(\((columns + hidden).joined(separator: ", ")))"
    }

    /// A column of that name leaves no room for the hidden one.
    var hidesMoment: Bool { fields.contains { $0.name.lowercased() == Self.momentColumn } }

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

    // MARK: Planning

    /// Chooses what of the constraints a scan uses, and says what it will cost.
    func plan(_ information: UnsafeMutablePointer<sqlite3_index_info>) throws {
        var plan = ScanPlan()
        plan.usedColumns = information.pointee.colUsed
        var equalCount = 0
        for position in 0..<Int(information.pointee.nConstraint) {
            let constraint = information.pointee.aConstraint[position]
            let column = Int(constraint.iColumn)
            if constraint.usable == 0 || column < 0 { continue }
            guard let comparison = comparison(constraint.op, column, position, information) else {
                continue
            }
            plan.constraints.append(ScanPlan.Constraint(column: column, comparison: comparison))
            let usage = information.pointee.aConstraintUsage + position
            usage.pointee.argvIndex = Int32(plan.constraints.count)
            // The moment is not a value of any row.
            usage.pointee.omit = [.asOf, .since].contains(comparison) ? 1 : 0
            if [.equal, .isIn, .isSame].contains(comparison) { equalCount += 1 }
        }
        let rowCount = Double(
            table.metadata.current?.summary("total-records").flatMap { Int64($0) } ?? 1_000_000)
        let share = plan.constraints.isEmpty ? 1.0 : equalCount > 0 ? 0.01 : 0.3
        information.pointee.estimatedRows = max(1, Int64(rowCount * share))
        // Each scan begins with the files' footers.
        information.pointee.estimatedCost = 1000 + rowCount * (share + 0.1)
        information.pointee.idxStr = copied(plan.text)
        information.pointee.needToFreeIdxStr = 1
    }

    private func comparison(
        _ code: UInt8, _ column: Int, _ position: Int,
        _ information: UnsafeMutablePointer<sqlite3_index_info>
    ) -> ScanPlan.Comparison? {
        if isOfChanges {
            guard Int32(code) == SQLITE_INDEX_CONSTRAINT_EQ else { return nil }
            return column == fields.count + 1 ? .since : column == fields.count + 2 ? .asOf : nil
        }
        if column == fields.count {
            return Int32(code) == SQLITE_INDEX_CONSTRAINT_EQ ? .asOf : nil
        }
        // Texts here have one order, that of their bytes.
        let isText = fields[column].type.sqlName == "TEXT"
        let collation = sqlite3_vtab_collation(information, Int32(position))
        if isText, let collation, String(cString: collation).uppercased() != "BINARY" { return nil }
        switch Int32(code) {
        case SQLITE_INDEX_CONSTRAINT_EQ:
            // All values of a list at once, where it is one.
            return sqlite3_vtab_in(information, Int32(position), 1) != 0 ? .isIn : .equal
        case SQLITE_INDEX_CONSTRAINT_NE: return .notEqual
        case SQLITE_INDEX_CONSTRAINT_LT: return .less
        case SQLITE_INDEX_CONSTRAINT_LE: return .lessOrEqual
        case SQLITE_INDEX_CONSTRAINT_GT: return .greater
        case SQLITE_INDEX_CONSTRAINT_GE: return .greaterOrEqual
        case SQLITE_INDEX_CONSTRAINT_ISNULL: return .isNull
        case SQLITE_INDEX_CONSTRAINT_ISNOTNULL: return .isNotNull
        case SQLITE_INDEX_CONSTRAINT_IS: return .isSame
        default: return nil
        }
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
