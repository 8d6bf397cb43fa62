import CSQLite
import Columnar

/// The columns of a table as SQLite sees them: its own, and the hidden ones that say when it is
/// read.
struct TableShape {
    let fields: [Field]
    /// Whether its rows are changes: what became of the table's rows from one moment to another.
    let isOfChanges: Bool

    static let momentColumn = "as_of"
    static let startColumn = "since"
    static let changeColumn = "_change"

    /// What SQLite is told the table is.
    var declaration: String {
        let columns = fields.map { "\(quoted($0.name)) \($0.type.sqlName)" }
        let change = isOfChanges ? ["\(free(Self.changeColumn)) TEXT"] : []
        let hidden = (isOfChanges ? [Self.startColumn] : []) + [Self.momentColumn]
        let declared = change + columns + hidden.map { "\(free($0)) TEXT HIDDEN" }
        return "CREATE TABLE x(\(declared.joined(separator: ", ")))"
    }

    /// The name, with as many underscores before it as it takes to be no column's.
    private func free(_ name: String) -> String {
        var free = name
        while fields.contains(where: { $0.name.lowercased() == free }) { free = "_" + free }
        return free
    }

    /// Chooses the constraints whose values a scan is handed.
    func plan(_ information: UnsafeMutablePointer<sqlite3_index_info>) -> ScanPlan {
        var plan = ScanPlan()
        plan.usedColumns = information.pointee.colUsed
        for position in 0..<Int(information.pointee.nConstraint) {
            let constraint = information.pointee.aConstraint[position]
            let column = Int(constraint.iColumn)
            if constraint.usable == 0 || column < 0 { continue }
            guard let comparison = comparison(constraint.op, column, position, information) else {
                continue
            }
            var value: OpaquePointer?
            let isKnown =
                sqlite3_vtab_rhs_value(information, Int32(position), &value) == SQLITE_OK
            plan.constraints.append(
                ScanPlan.Constraint(column: column, comparison: comparison, isKnown: isKnown))
            let usage = information.pointee.aConstraintUsage + position
            usage.pointee.argvIndex = Int32(plan.constraints.count)
            // The moment is not a value of any row.
            usage.pointee.omit = [.asOf, .since].contains(comparison) ? 1 : 0
        }
        plan.rowLimit = rowLimit(information)
        return plan
    }

    /// How many rows are wanted where any will do: those of LIMIT and OFFSET, of a statement that
    /// has neither conditions nor an order.
    private func rowLimit(_ information: UnsafeMutablePointer<sqlite3_index_info>) -> Int? {
        if information.pointee.nOrderBy > 0 { return nil }
        var limit: Int64?
        var offset: Int64 = 0
        for position in 0..<Int(information.pointee.nConstraint) {
            let code = Int32(information.pointee.aConstraint[position].op)
            var value: OpaquePointer?
            guard [SQLITE_INDEX_CONSTRAINT_LIMIT, SQLITE_INDEX_CONSTRAINT_OFFSET].contains(code),
                sqlite3_vtab_rhs_value(information, Int32(position), &value) == SQLITE_OK,
                case .integer(let number) = SQLCell(value), number >= 0
            else { return nil }
            if code == SQLITE_INDEX_CONSTRAINT_LIMIT { limit = number } else { offset = number }
        }
        return limit.flatMap { Int(exactly: $0.addingReportingOverflow(offset).partialValue) }
            .flatMap { $0 < 0 ? nil : $0 }
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

extension ScanPlan {
    /// Has SQLite carry the plan to the scans that follow it.
    func give(to information: UnsafeMutablePointer<sqlite3_index_info>) {
        information.pointee.idxStr = copied(text)
        information.pointee.needToFreeIdxStr = 1
    }
}
