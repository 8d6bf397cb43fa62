import CSQLite
import Columnar
import Iceberg

/// A table of a question as SQLite plans scans of it.
final class HeldTable: VirtualTable {
    private unowned let session: QuestionSession
    private let number: Int
    let shape: TableShape

    /// Rows of a table of which nothing is known yet.
    private static let assumedRowCount = 1_000_000.0

    init(_ session: QuestionSession, _ number: Int, isOfChanges: Bool) {
        self.session = session
        self.number = number
        shape = TableShape(fields: session.table(number).columns, isOfChanges: isOfChanges)
    }

    var declaration: String { shape.declaration }

    func plan(_ information: UnsafeMutablePointer<sqlite3_index_info>) throws {
        let plan = shape.plan(information)
        let hasEqual = plan.constraints.contains { $0.comparison.isEquality }
        let share = hasEqual ? 0.00001 : plan.constraints.isEmpty ? 1.0 : 0.3
        information.pointee.estimatedRows = max(1, Int64(Self.assumedRowCount * share))
        // Rows of equal values are found by an index, which is made when they are first sought.
        information.pointee.estimatedCost = 10 + Self.assumedRowCount * share
        plan.give(to: information)
    }

    func makeCursor() -> any VirtualCursor { HeldCursor(self) }

    /// The rows for a scan, which throws if they are lacking.
    func rows(_ plan: ScanPlan, _ values: [[SQLCell]]) throws -> HeldRows {
        var scan = SQLScan(
            table: number, isOfChanges: shape.isOfChanges, since: nil, asOf: nil, columns: [],
            filter: RowFilter())
        var conditions: [RowFilter.Condition] = []
        for (constraint, cells) in zip(plan.constraints, values) {
            switch constraint.comparison {
            case .asOf: scan.asOf = cells.first?.moment
            case .since: scan.since = cells.first?.moment
            default:
                // A value that another table's rows say differs from scan to scan.
                if !constraint.isKnown && constraint.comparison != .isIn { continue }
                let condition = Pushdown.condition(
                    shape.fields[constraint.column], constraint.comparison, cells)
                if let condition { conditions.append(condition) }
            }
        }
        let first = shape.isOfChanges ? 1 : 0
        scan.columns = shape.fields.indices.filter { plan.uses($0 + first) }
        if !shape.isOfChanges {
            scan.filter = RowFilter(conditions)
            scan.rowLimit = plan.rowLimit
        }
        return try session.rows(for: scan)
    }
}

extension SQLCell {
    /// The moment that it names; nil for the usual one.
    fileprivate var moment: String? { self == .null ? nil : words }
}

/// A scan of rows that are at hand.
final class HeldCursor: VirtualCursor {
    private let table: HeldTable
    private var rows: HeldRows?
    /// By column of the table: where it is among those that were read.
    private var places: [Int?] = []
    private var position = RowPosition(batch: 0, row: 0)
    /// The rows of a value that is sought, and where among them the scan is.
    private var found: [RowPosition]?
    private var foundIndex = 0

    init(_ table: HeldTable) { self.table = table }

    func begin(_ plan: ScanPlan, _ values: [[SQLCell]]) throws {
        let rows = try table.rows(plan, values)
        self.rows = rows
        let first = table.shape.isOfChanges ? 1 : 0
        places = table.shape.fields.indices.map { field in
            rows.rows.scan.columns.firstIndex(of: field).map { $0 + first }
        }
        if first == 1 { places.insert(0, at: 0) }
        position = RowPosition(batch: 0, row: 0)
        found = nil
        foundIndex = 0
        for (constraint, cells) in zip(plan.constraints, values)
        where constraint.comparison == .equal && !table.shape.isOfChanges {
            guard let place = places[constraint.column], let cell = cells.first else { continue }
            let type = table.shape.fields[constraint.column].type
            found = rows.positions(of: cell, type, at: place)
            if found != nil { break }
        }
        if found == nil { skipEmpty() }
    }

    var isAtEnd: Bool {
        if let found { return foundIndex >= found.count }
        return position.batch >= (rows?.rows.batches.count ?? 0)
    }

    private var current: RowPosition { found.map { $0[foundIndex] } ?? position }

    var rowIdentifier: Int64 { Int64(current.batch) << 32 | Int64(current.row) }

    func next() throws {
        if found != nil {
            foundIndex += 1
            return
        }
        position.row += 1
        skipEmpty()
    }

    private func skipEmpty() {
        guard let batches = rows?.rows.batches else { return }
        while position.batch < batches.count, position.row >= batches[position.batch].rowCount {
            position = RowPosition(batch: position.batch + 1, row: 0)
        }
    }

    func cell(_ column: Int) -> SQLCell {
        guard let rows, places.indices.contains(column), let place = places[column] else {
            return .null
        }
        return rows.cell(current, place)
    }
}

struct RowPosition: Hashable {
    var batch: Int
    var row: Int
}

/// Rows at hand, and where values are in them.
final class HeldRows {
    let rows: SQLRows
    private var indexes: [Int: [SQLCell: [RowPosition]]] = [:]

    init(_ rows: SQLRows) { self.rows = rows }

    func cell(_ position: RowPosition, _ column: Int) -> SQLCell {
        let batch = rows.batches[position.batch]
        return SQLCell(
            batch.value(row: position.row, column: column), batch.schema.fields[column].type)
    }

    /// Where a value is; nil if an index cannot tell, since SQLite may hold it equal to others.
    func positions(of cell: SQLCell, _ type: DataType, at column: Int) -> [RowPosition]? {
        switch (cell, type.sqlName) {
        case (.integer, "INTEGER"), (.text, "TEXT"), (.blob, "BLOB"): break
        default: return nil
        }
        if indexes[column] == nil {
            var index: [SQLCell: [RowPosition]] = [:]
            for (number, batch) in rows.batches.enumerated() {
                for row in 0..<batch.rowCount {
                    let position = RowPosition(batch: number, row: row)
                    index[self.cell(position, column), default: []].append(position)
                }
            }
            indexes[column] = index
        }
        return indexes[column]?[cell] ?? []
    }
}
