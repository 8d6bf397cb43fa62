import CSQLite
import Columnar
import Iceberg
import LakeTiering

/// A scan of a table under way: holds the rows of one row group, and what is deleted; of a table of
/// changes all of them.
final class LakeCursor: VirtualCursor {
    private let table: LakeVirtualTable
    private var plan = ScanPlan()
    private var filter = RowFilter()
    /// The columns that are read, and for each of the table's where it is among them.
    private var schema = Schema(fields: [])
    private var places: [Int?] = []
    /// The files that may have rows that are wanted, each with its number among all.
    private var files: [(number: Int, file: LakeScan.LiveFile)] = []
    private var nextFile = 0
    private var deletions = LakeDeletions()
    private var reader: LakeFileReader?
    private var rows: LakeRows?
    private var fileNumber = 0
    private var row = 0
    /// For people: how much of the table a scan looked at.
    private(set) var readRowCount = 0
    private var changes: [(name: String, row: Row)] = []
    /// Of the snapshots that are read, where their table is served by this program.
    private var leases: [SnapshotLease] = []

    init(_ table: LakeVirtualTable) { self.table = table }

    deinit { release() }

    private func release() {
        for lease in leases { try? table.session.wait { _ in await lease.end() } }
        leases = []
    }

    var isAtEnd: Bool { table.isOfChanges ? row >= changes.count : rows == nil }

    /// The same for the same row in each scan of a snapshot.
    var rowIdentifier: Int64 {
        if table.isOfChanges { return Int64(row) }
        guard let rows else { return 0 }
        return Int64(fileNumber) << 40 | rows.positions[row] & 0xFF_FFFF_FFFF
    }

    func cell(_ column: Int) -> SQLCell {
        if table.isOfChanges {
            if column == 0 { return .text(changes[row].name) }
            guard table.fields.indices.contains(column - 1) else { return .null }
            return SQLCell(changes[row].row[column - 1], table.fields[column - 1].type)
        }
        guard let rows, table.fields.indices.contains(column), let place = places[column] else {
            return .null
        }
        return SQLCell(
            rows.batch.value(row: row, column: place), table.fields[column].type)
    }

    // MARK: Scanning

    func begin(_ plan: ScanPlan, _ values: [[SQLCell]]) throws {
        self.plan = plan
        rows = nil
        reader = nil
        row = 0
        nextFile = 0
        files = []
        changes = []
        release()
        var moment = table.defaultMoment
        var start: String?
        var conditions: [RowFilter.Condition] = []
        for (constraint, cells) in zip(plan.constraints, values) {
            if [.asOf, .since].contains(constraint.comparison) {
                if case .null = cells.first ?? .null { continue }
                let words = cells.first.map(\.words)
                if constraint.comparison == .asOf { moment = words } else { start = words }
                continue
            }
            let condition = Pushdown.condition(
                table.fields[constraint.column], constraint.comparison, cells)
            if let condition { conditions.append(condition) }
        }
        if table.isOfChanges { return try readChanges(since: start, asOf: moment) }
        filter = RowFilter(conditions)
        chooseColumns()
        guard let snapshot = try table.snapshot(asOf: moment) else { return }
        try hold(snapshot)
        let scan = try table.scan(snapshot)
        for (number, file) in scan.dataFiles.enumerated()
        where filter.mayMatch(file, table.table.metadata.schema.columns) {
            files.append((number, file))
        }
        let wanted = files.map(\.file)
        deletions = try table.session.wait { _ in
            try await self.table.table.deletions(of: scan, from: wanted)
        }
        try advance()
    }

    private func hold(_ snapshot: Snapshot) throws {
        if let lease = try table.session.lease(snapshot, of: table.table) { leases.append(lease) }
    }

    /// Reads what became of rows since a moment, or since the table was empty.
    private func readChanges(since start: String?, asOf end: String?) throws {
        let before = try start.flatMap { try table.snapshot(asOf: $0) }
        let after = try table.snapshot(asOf: end)
        for snapshot in [before, after].compactMap(\.self) { try hold(snapshot) }
        let schema = Schema(fields: table.fields)
        let key = table.table.metadata.schema.columns.primaryKey
        let found = try table.session.wait { _ in
            try await self.table.table.difference(from: before, to: after, as: schema) {
                for lease in self.leases { await lease.keep() }
            }
        }.pairing(by: key)
        changes = found.removed.map { ("delete", $0) }
        for (before, after) in found.updated {
            changes += [("update_before", before), ("update_after", after)]
        }
        changes += found.added.map { ("insert", $0) }
        readRowCount += changes.count
    }

    private func chooseColumns() {
        var fields: [Field] = []
        places = table.fields.enumerated().map { position, field in
            guard plan.uses(position) else { return nil }
            fields.append(field)
            return fields.count - 1
        }
        schema = Schema(fields: fields)
    }

    func next() throws {
        row += 1
        if table.isOfChanges { return }
        if let rows, row < rows.positions.count { return }
        try advance()
    }

    /// Reads on until there are rows, or no more.
    private func advance() throws {
        row = 0
        rows = nil
        while rows == nil {
            for lease in leases { try table.session.wait { _ in await lease.keep() } }
            if reader == nil {
                if nextFile == files.count { return }
                let (number, file) = files[nextFile]
                nextFile += 1
                fileNumber = number
                reader = try table.session.wait { _ in
                    try await self.table.table.reader(
                        of: file.file, without: self.deletions, as: self.schema,
                        filter: self.filter)
                }
            }
            rows = try table.session.wait { _ in try await self.reader!.next() }
            if rows == nil { reader = nil }
            readRowCount += rows?.positions.count ?? 0
        }
    }
}

extension SQLCell {
    /// The value as a person would write it.
    var words: String {
        switch self {
        case .null: ""
        case .integer(let number): "\(number)"
        case .real(let number): "\(number)"
        case .text(let text): text
        case .blob(let bytes): String(decoding: bytes, as: UTF8.self)
        }
    }
}
