import JSON

extension PostgresIngest {
    /// Renames and drops columns of the target, as far as that was not done before; others are
    /// added and widened where the table is opened.
    ///
    /// - Parameter known: The columns as they were, by name, with the server's numbers.
    func evolve(_ table: ReplicatedTable, _ known: [String: Int]) throws(IngestError) {
        let (shape, target) = (table.shape, delivery.target)
        try delivery.flush()
        try delivery.settle()
        guard let there = try target.table(shape.database, shape.table) else { return }
        let gone = known.keys.sorted().filter { name in
            guard there.field(name) != nil else { return false }
            let column = table.columns.first { $0.name == name }
            // A column of another number is another column, though it has the name.
            return column.map { $0.number != 0 && $0.number != known[name] } ?? true
        }
        var renamed: [JSONMember] = []
        var dropped: [JSONValue] = []
        for name in gone {
            let number = known[name] ?? 0
            let new = table.columns.first { $0.number == number && number != 0 }
            if let new, there.field(new.name) == nil {
                renamed.append(JSONMember(name, .string(new.name)))
            } else {
                dropped.append(.string(name))
            }
        }
        let note = "the columns of \(table.path) changed, and those of \(shape.name) with them"
        if !renamed.isEmpty { try target.alter(shape, ["rename_columns": .object(renamed)]) }
        if !dropped.isEmpty { try target.alter(shape, ["drop_columns": .array(dropped)]) }
        if !(renamed.isEmpty && dropped.isEmpty) { onNote(note) }
    }
}
