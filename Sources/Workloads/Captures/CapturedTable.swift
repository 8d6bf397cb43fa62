import Columnar
import JSON

/// The values that a line gives, by column.
typealias CapturedValues = [(name: String, value: JSONValue)]

/// What a capture says of a table, before it is known whether the engine can hold it.
struct TableDraft {
    var identity: TableIdentity
    var columns: [CapturedColumn] = []
    var primaryKey: [String] = []
    /// Whether it was put together from the lines, and is not described by a header.
    var isFound = true
    /// Columns of which no line has a value that is null, where that was noted.
    var filled: Set<String> = []
    /// The line from which on each column is there, by name, where that was noted.
    var firstLines: [String: Int] = [:]
}

/// A table of a capture: what the engine makes of it, and how its values are written.
struct CapturedTable {
    static let columnLimit = 1000
    static let tableLimit = 1000
    /// Columns that every lake table has beside its own.
    static let systemColumns = ["__bucket", "__offset", "__timestamp"]

    let definition: TableDefinition
    let columns: [CapturedColumn]
    let isFound: Bool
    private let firstLines: [Int]
    private let positions: [String: Int]

    init(_ draft: TableDraft, name: String, file: String) throws(CaptureError) {
        let columns = draft.columns
        func unusable(_ reason: String) -> CaptureError {
            .unusableTable(file: file, name: String(name.prefix(80)), reason: reason)
        }
        guard (1...Self.columnLimit).contains(columns.count) else {
            throw unusable("\(columns.count) columns are not 1 to \(Self.columnLimit)")
        }
        var positions: [String: Int] = [:]
        for (position, column) in columns.enumerated() {
            guard (1...200).contains(column.name.utf8.count) else {
                throw unusable("the name of column \(position + 1) has not 1 to 200 bytes")
            }
            if Self.systemColumns.contains(column.name.lowercased()) {
                throw unusable("the name of its column '\(column.name)' is taken by the engine")
            }
            if positions.updateValue(position, forKey: column.name) != nil {
                throw unusable("two columns are named '\(column.name)'")
            }
        }
        var key: [Int] = []
        for name in draft.primaryKey {
            guard let position = positions[name] else {
                throw unusable("its primary key names '\(name)', which is no column")
            }
            if key.contains(position) {
                throw unusable("its primary key names '\(name)' twice")
            }
            key.append(position)
        }
        let fields = columns.enumerated().map { position, column in
            Field(
                identifier: Int32(position + 1), name: column.name, type: column.type,
                isNullable: column.isNullable && !key.contains(position))
        }
        self.columns = columns
        self.positions = positions
        isFound = draft.isFound
        firstLines = columns.map { draft.firstLines[$0.name] ?? 0 }
        // A log's bucket is chosen by a column that is always there.
        let chooser =
            fields.firstIndex { !$0.isNullable }
            ?? columns.firstIndex { draft.filled.contains($0.name) } ?? 0
        definition = TableDefinition(
            name: name, schema: Schema(fields: fields, primaryKey: key),
            bucketKey: key.isEmpty ? [chooser] : key)
    }

    /// Fluss's rule for the names of tables.
    static func isUsable(name: String) -> Bool {
        (1...200).contains(name.utf8.count) && !name.hasPrefix("__")
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    var name: String { definition.name }
    var isLog: Bool { !definition.isPrimaryKeyTable }
    var keyNames: [String] { definition.schema.primaryKey.map { columns[$0].name } }

    // MARK: Rows

    /// A row from values by column; nil where there is none.
    ///
    /// `layout` says how the columns of this line are written, if not as those of the table.
    func row(_ values: CapturedValues, _ layout: RowLayout?) throws(Refusal) -> [Value?] {
        var found = [Value?](repeating: nil, count: columns.count)
        for (name, value) in values {
            guard let position = positions[name] else {
                throw Refusal(
                    "\(definition.name) has no column '\(name.prefix(80))': its schema changed, "
                        + "or what describes it is of another time")
            }
            found[position] = try decode(value, at: position, layout)
        }
        return found
    }

    /// Puts null where a row has no value because its line is of a time without the column.
    func fill(_ row: inout [Value?], absent: Absence, unsent: [String] = [], line: Int) {
        guard isFound else { return }
        for position in row.indices where row[position] == nil {
            guard definition.schema.fields[position].isNullable,
                !unsent.contains(columns[position].name)
            else { continue }
            if absent == .notYet && line >= firstLines[position] { continue }
            row[position] = .null
        }
    }

    /// What it means where a line leaves a column out.
    enum Absence {
        /// That the table does not have it then.
        case notThere
        /// The same in lines before the column's first; later that its value did not change.
        case notYet
    }

    /// A value of a row that went before, for a column that the change does not give.
    func value(
        _ values: CapturedValues, at position: Int, _ layout: RowLayout?
    ) throws(Refusal) -> Value? {
        let name = columns[position].name
        guard let known = values.first(where: { $0.name == name }) else { return nil }
        return try decode(known.value, at: position, layout)
    }

    /// The primary key from values by column; nil if they lack a part of it.
    func key(_ values: CapturedValues, _ layout: RowLayout?) throws(Refusal) -> [Value]? {
        let keyPositions = definition.schema.primaryKey
        var found: [Value?] = keyPositions.map { _ in nil }
        for (name, value) in values {
            guard let position = positions[name],
                let place = keyPositions.firstIndex(of: position)
            else { continue }
            found[place] = try decode(value, at: position, layout)
        }
        return found.isEmpty || found.contains(nil) ? nil : found.map { $0! }
    }

    private func decode(
        _ value: JSONValue, at position: Int, _ layout: RowLayout?
    ) throws(Refusal) -> Value {
        let field = definition.schema.fields[position]
        if value.isNull {
            if field.isNullable { return .null }
            throw Refusal("column '\(field.name)' of \(definition.name) is null")
        }
        let column = layout?.columns[position] ?? columns[position]
        guard let decoded = column.decode(value) else {
            let text = value.string ?? value.compact
            throw Refusal(
                "column '\(field.name)' of \(definition.name) holds '\(text.prefix(40))', "
                    + "which is no \(field.type)")
        }
        if definition.schema.primaryKey.contains(position), column.isFinerThanType(value) {
            throw Refusal(
                "the key column '\(field.name)' of \(definition.name) is finer than a "
                    + "microsecond, so that two rows could become one")
        }
        precondition(decoded.matches(field.type), "a decoded value of another type")
        return decoded
    }
}

/// How the columns of a table are written in the lines of one schema, by their position in it.
struct RowLayout {
    /// nil where the schema does not have the column.
    var columns: [CapturedColumn?]
}
