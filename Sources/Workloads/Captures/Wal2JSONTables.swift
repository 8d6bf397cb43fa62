import Columnar
import JSON

/// Finds out which tables the changes of wal2json are about, from the whole capture: a column may
/// be left out of many lines.
struct Wal2JSONTables {
    private struct Found {
        var draft: TableDraft
        var positions: [String: Int] = [:]
        /// The names that go with old values, where those are the same each time.
        var oldNames: [String]?
        /// How many rows, and how many values other than null by column.
        var rowCount = 0
        var counts: [Int] = []
    }

    private var found: [Found] = []
    private var positions: [TableIdentity: Int] = [:]

    var isEmpty: Bool { found.isEmpty }

    mutating func note(_ change: Wal2JSONChange, line: Int) throws(Refusal) {
        let position = positions[change.identity] ?? found.count
        if position == found.count {
            if found.count > CapturedTable.tableLimit { return }
            positions[change.identity] = position
            found.append(Found(draft: TableDraft(identity: change.identity)))
        }
        if found[position].draft.primaryKey.isEmpty {
            found[position].draft.primaryKey = change.primaryKey ?? []
        }
        if !change.oldValues.isEmpty {
            let names = change.oldValues.map(\.name)
            found[position].oldNames =
                found[position].oldNames.map { $0 == names ? $0 : [] } ?? names
        }
        if !change.columns.isEmpty { found[position].rowCount += 1 }
        for column in change.columns {
            guard let type = column.type else {
                throw Refusal("its columns have no types: capture with include-types")
            }
            Self.note(column.name, PostgresType.dataType(type), &found[position], line)
            if !column.value.isNull, let place = found[position].positions[column.name] {
                found[position].counts[place] += 1
            }
        }
    }

    private static func note(
        _ name: String, _ type: DataType, _ table: inout Found, _ line: Int
    ) {
        let column = CapturedColumn(name: name, type: type, isNullable: true)
        guard let position = table.positions[name] else {
            if table.draft.columns.count > CapturedTable.columnLimit { return }
            table.positions[name] = table.draft.columns.count
            table.draft.columns.append(column)
            table.counts.append(0)
            table.draft.firstLines[name] = line
            return
        }
        // What cannot be widened is refused line by line.
        table.draft.columns[position] =
            table.draft.columns[position].widened(by: column) ?? table.draft.columns[position]
    }

    /// The tables; where no line says the primary key, an old key does.
    var drafts: [TableDraft] {
        found.map { table in
            var draft = table.draft
            draft.filled = Set(
                zip(draft.columns, table.counts).filter { $0.1 == table.rowCount }.map(\.0.name))
            if draft.primaryKey.isEmpty, let names = table.oldNames,
                names.count < draft.columns.count
            {
                draft.primaryKey = names
            }
            return draft
        }.filter { !$0.columns.isEmpty }
    }
}
