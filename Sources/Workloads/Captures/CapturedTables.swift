import Columnar

/// The tables of a capture, and the changes that its lines make to them.
struct CapturedTables {
    private enum Place {
        case table(Int)
        case leftOut
        /// With the reason why no change of it can be taken.
        case unusable(String)
    }

    private var tables: [CapturedTable] = []
    private var places: [TableIdentity: Place] = [:]

    init(
        _ drafts: [TableDraft], _ selection: TableSelection, file: String
    ) throws(CaptureError) {
        let identities = drafts.map(\.identity)
        if drafts.count > CapturedTable.tableLimit {
            throw .noTables(
                file: file,
                reason: "\(drafts.count) tables are over the limit of \(CapturedTable.tableLimit)")
        }
        let names = TableIdentity.names(of: identities)
        if let unknown = selection.unknownName(among: identities) {
            throw .unknownTable(file: file, name: unknown, known: names)
        }
        var firstError: CaptureError?
        for (draft, name) in zip(drafts, names) {
            let isNew = places.updateValue(.leftOut, forKey: draft.identity) == nil
            if !selection.includes(draft.identity) { continue }
            if !isNew || tables.contains(where: { $0.name == name }) {
                throw .unusableTable(file: file, name: name, reason: "it is described twice")
            }
            guard CapturedTable.isUsable(name: name) else {
                let reason = "a name has 1 to 200 letters of ASCII, digits, '_' and '-'"
                let error = CaptureError.unusableTable(
                    file: file, name: String(name.prefix(80)), reason: reason)
                firstError = firstError ?? error
                places[draft.identity] = .unusable(
                    "the table '\(name.prefix(80))' cannot be made: \(reason)")
                continue
            }
            places[draft.identity] = .table(tables.count)
            tables.append(try CapturedTable(draft, name: name, file: file))
        }
        if !tables.isEmpty { return }
        throw firstError ?? .noTables(file: file, reason: "the scenario leaves all of them out")
    }

    var definitions: [TableDefinition] { tables.map(\.definition) }

    subscript(position: Int) -> CapturedTable { tables[position] }

    /// The position of a table; nil if it is left out.
    func position(_ identity: TableIdentity) throws(Refusal) -> Int? {
        switch places[identity] {
        case .table(let position): return position
        case .leftOut: return nil
        case .unusable(let reason): throw Refusal(reason)
        case nil:
            throw Refusal("the capture has no table '\(identity.names[0].prefix(80))'")
        }
    }

    // MARK: Changes

    func insertion(
        of values: CapturedValues, into position: Int, _ layout: RowLayout? = nil, line: Int
    ) throws(Refusal) -> CapturedChange {
        let table = tables[position]
        return try inDoubt(position, key: values, layout) { () throws(Refusal) in
            var row = try table.row(values, layout)
            table.fill(&row, absent: .notThere, line: line)
            if let missing = row.firstIndex(where: { $0 == nil }) {
                throw table.leftOut(missing)
            }
            let whole = row.map { $0! }
            if table.isLog { return try append(whole, to: position) }
            return CapturedChange(table: position, .insert(whole))
        }
    }

    /// A new row of a log.
    func append(_ row: Row, to position: Int) throws(Refusal) -> CapturedChange {
        let table = tables[position]
        if let place = table.definition.bucketKey.first(where: { row[$0] == .null }) {
            throw Refusal(
                "column '\(table.columns[place].name)' of \(table.name) is null, and the table "
                    + "has no other column to choose a bucket by")
        }
        return CapturedChange(table: position, .append(row))
    }

    /// The change of a row; `old` are values before the change that are known to be right, and
    /// `unsent` names columns whose value did not change and is not said.
    func update(
        of old: CapturedValues, oldKey: CapturedValues, to values: CapturedValues,
        unsent: [String] = [], in position: Int, _ layout: RowLayout? = nil,
        absent: CapturedTable.Absence, line: Int
    ) throws(Refusal) -> CapturedChange {
        let table = tables[position]
        return try inDoubt(position, key: values, layout) { () throws(Refusal) in
            if table.isLog { throw refusal("an update", of: table) }
            var row = try table.row(values, layout)
            table.fill(&row, absent: absent, unsent: unsent, line: line)
            for place in row.indices where row[place] == nil {
                row[place] = try table.value(old, at: place, layout)
            }
            return CapturedChange(
                table: position, .update(oldKey: try table.key(oldKey, layout), row))
        }
    }

    func deletion(
        of old: CapturedValues, from position: Int, _ layout: RowLayout? = nil
    ) throws(Refusal) -> CapturedChange {
        let table = tables[position]
        return try inDoubt(position, key: old, layout) { () throws(Refusal) in
            if table.isLog { throw refusal("a delete", of: table) }
            guard let key = try table.key(old, layout) else {
                throw Refusal("a delete from \(table.name) that does not say the key")
            }
            return CapturedChange(table: position, .delete(key: key))
        }
    }

    /// Names the rows that are in doubt when `body` refuses a line.
    private func inDoubt(
        _ position: Int, key values: CapturedValues, _ layout: RowLayout?,
        _ body: () throws(Refusal) -> CapturedChange
    ) throws(Refusal) -> CapturedChange {
        do throws(Refusal) {
            return try body()
        } catch {
            var refusal = error
            let key = try? tables[position].key(values, layout)
            refusal.doubt = key.map { .row(table: position, key: $0) } ?? .table(position)
            throw refusal
        }
    }

    private func refusal(_ what: String, of table: CapturedTable) -> Refusal {
        Refusal(
            "\(what) of \(table.name), which has no primary key: such a table only takes new rows")
    }
}

extension CapturedTable {
    /// The refusal of a change that lacks the value of a column.
    func leftOut(_ position: Int) -> Refusal {
        Refusal(
            "column '\(columns[position].name)' of \(name) is left out, and the capture does not "
                + "have its row: capture the table with replica identity full")
    }
}
