import Columnar
import JSON

/// Finds out which tables change events are about, from their schemas or else from their values.
struct DebeziumTables {
    /// A schema of a table's events; there is another after each change of the table.
    private struct Version {
        var schema: JSONValue
        var columns: [CapturedColumn]
        /// Why its values cannot be stored with those of the versions before.
        var conflict: String?
    }

    private struct Found {
        var draft: TableDraft
        var versions: [Version] = []
        /// What values show, where there is no schema.
        var shown: [InferredColumn] = []
        var shownPositions: [String: Int] = [:]
        var rowCount = 0
    }

    /// More changes of one table's schema are not followed.
    private static let versionLimit = 100

    private var found: [Found] = []
    private var positions: [TableIdentity: Int] = [:]

    mutating func note(_ event: ChangeEvent) {
        guard let identity = event.identity, found.count <= CapturedTable.tableLimit else { return }
        let position = positions[identity] ?? found.count
        if position == found.count {
            positions[identity] = position
            found.append(Found(draft: TableDraft(identity: identity)))
        }
        if found[position].draft.primaryKey.isEmpty, let key = event.keyValues {
            found[position].draft.primaryKey = key.map(\.name)
        }
        if let schema = event.schema, note(schema, event.form, &found[position]) { return }
        for row in [event.before, event.after] where row != nil {
            found[position].rowCount += 1
            note(row!, &found[position])
        }
    }

    private func note(_ row: CapturedValues, _ table: inout Found) {
        for (name, value) in row {
            // A value that was not sent says nothing of its type.
            let value = UnsentValue.isPart(of: value) ? .null : value
            note(name, value, &table)
        }
    }

    var drafts: [TableDraft] {
        found.map { table in
            var draft = table.draft
            if table.versions.isEmpty {
                draft.columns = table.shown.map(\.column)
                draft.filled = Set(
                    table.shown.filter { $0.count == table.rowCount }.map(\.name))
            }
            return draft
        }.filter { !$0.columns.isEmpty }
    }

    // MARK: By the values

    private func note(_ name: String, _ value: JSONValue, _ table: inout Found) {
        let position = table.shownPositions[name] ?? table.shown.count
        if position == table.shown.count {
            if position > CapturedTable.columnLimit { return }
            table.shown.append(InferredColumn(name))
            table.shownPositions[name] = position
        }
        table.shown[position].note(value)
    }

    // MARK: By the schema

    /// Takes in a schema; false if it does not describe rows.
    private func note(
        _ schema: JSONValue, _ form: ChangeEvent.Form, _ table: inout Found
    ) -> Bool {
        if table.versions.contains(where: { $0.schema == schema }) { return true }
        guard let columns = DebeziumSchema.columns(schema, form) else { return false }
        if table.versions.count >= Self.versionLimit { return true }
        var version = Version(schema: schema, columns: columns)
        let isFirst = table.versions.isEmpty
        if isFirst {
            table.draft.columns = columns
        } else {
            version.conflict = Self.add(columns, to: &table.draft.columns)
        }
        table.versions.append(version)
        return true
    }

    /// Makes room for the columns of another version, or says why there can be none.
    private static func add(
        _ columns: [CapturedColumn], to all: inout [CapturedColumn]
    ) -> String? {
        var wide = all
        for column in columns {
            guard let position = wide.firstIndex(where: { $0.name == column.name }) else {
                // The rows before do not have it.
                var added = column
                added.isNullable = true
                wide.append(added)
                continue
            }
            guard let widened = wide[position].widened(by: column) else {
                return "its column '\(column.name)' was \(wide[position].type), "
                    + "and is \(column.type) here"
            }
            wide[position] = widened
        }
        for position in wide.indices {
            let name = wide[position].name
            if !columns.contains(where: { $0.name == name }) { wide[position].isNullable = true }
        }
        all = wide
        return nil
    }

    /// How the values of an event are written; nil where the table has no schema.
    func layout(of event: ChangeEvent, in table: CapturedTable) throws(Refusal) -> RowLayout? {
        guard let identity = event.identity, let position = positions[identity],
            !found[position].versions.isEmpty
        else { return nil }
        let versions = found[position].versions
        guard let schema = event.schema,
            let version = versions.last(where: { $0.schema == schema })
        else {
            if event.schema == nil && versions.count == 1 { return nil }
            throw Refusal("an event of \(table.name) without its schema, which others have")
        }
        if let conflict = version.conflict {
            throw Refusal("the schema of \(table.name) changed: \(conflict)")
        }
        if versions.count == 1 { return nil }
        return RowLayout(
            columns: table.columns.map { column in
                version.columns.first { $0.name == column.name }.map { $0.stored(as: column) }
            })
    }
}
