import Columnar

/// The tables of a capture by name, and the changes that its lines make to them.
struct CapturedTables {
    private let tables: [CapturedTable]
    private let positions: [String: Int]

    init(_ tables: [CapturedTable], file: String) throws(CaptureError) {
        guard (1...CapturedTable.tableLimit).contains(tables.count) else {
            throw .noTables(
                file: file,
                reason: tables.isEmpty
                    ? "no line that describes or changes one"
                    : "\(tables.count) tables are over the limit of \(CapturedTable.tableLimit)")
        }
        var positions: [String: Int] = [:]
        for (position, table) in tables.enumerated() {
            let name = table.definition.name
            if positions.updateValue(position, forKey: name) != nil {
                throw .unusableTable(file: file, name: name, reason: "it is described twice")
            }
        }
        self.tables = tables
        self.positions = positions
    }

    var definitions: [TableDefinition] { tables.map(\.definition) }

    func position(_ name: String) throws(Refusal) -> Int {
        guard let position = positions[name] else {
            throw Refusal("the capture has no table '\(name.prefix(80))'")
        }
        return position
    }

    subscript(position: Int) -> CapturedTable { tables[position] }

    func insertion(of values: CapturedValues, into position: Int) throws(Refusal) -> [Change] {
        let table = tables[position]
        let row = try table.row(values, old: [])
        return [Change(table: position, table.isLog ? .append(row) : .upsert(row))]
    }

    /// The change of a row; two changes if its key is another one now.
    func update(
        of old: CapturedValues, to values: CapturedValues, in position: Int
    ) throws(Refusal) -> [Change] {
        let table = tables[position]
        if table.isLog { throw refusal("an update", of: table) }
        let row = try table.row(values, old: old)
        let change = Change(table: position, .upsert(row))
        let key = table.definition.schema.key(of: row)
        guard let oldKey = try table.key(old), oldKey != key else { return [change] }
        return [Change(table: position, .delete(key: oldKey)), change]
    }

    func deletion(of old: CapturedValues, from position: Int) throws(Refusal) -> [Change] {
        let table = tables[position]
        if table.isLog { throw refusal("a delete", of: table) }
        guard let key = try table.key(old) else {
            throw Refusal("a delete from \(table.definition.name) that does not say the key")
        }
        return [Change(table: position, .delete(key: key))]
    }

    private func refusal(_ what: String, of table: CapturedTable) -> Refusal {
        Refusal(
            "\(what) of \(table.definition.name), which has no primary key: "
                + "such a table only takes new rows")
    }
}
