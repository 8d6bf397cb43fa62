import Columnar
import JSON
import Workloads

/// A table of PostgreSQL: its columns as the server writes them, and its shape in the target.
struct ReplicatedTable {
    struct Column: Hashable {
        var name: String
        /// As `format_type` prints it.
        var typeName: String
        /// The server's number of it, which stays when it is renamed; 0 if it is not known.
        var number: Int
    }

    let schema: String
    let name: String
    private(set) var columns: [Column]
    let shape: TableShape
    private let readers: [PostgresColumn]

    /// - Parameter primaryKey: Names of columns; what is not among them makes the table a log.
    init(
        schema: String, name: String, columns: [Column], primaryKey: [String], database: String
    ) {
        self.schema = schema
        self.name = name
        self.columns = columns
        readers = columns.map { PostgresColumn(name: $0.name, typeName: $0.typeName) }
        let names = columns.map(\.name)
        let key = primaryKey.allSatisfy(names.contains) ? primaryKey : []
        let fields = zip(columns, readers).enumerated().map { position, column in
            Field(
                identifier: Int32(position + 1), name: column.0.name,
                type: column.1.type == .uuid ? .string : column.1.type,
                isNullable: !key.contains(column.0.name))
        }
        shape = TableShape(
            database: database, table: schema == "public" ? name : "\(schema)_\(name)",
            fields: fields, primaryKey: key)
    }

    /// As messages and the state name it.
    var path: String { "\(schema).\(name)" }

    /// The numbers of the columns by name, for the state.
    var numbers: JSONValue {
        .object(columns.map { JSONMember($0.name, .integer(Int64($0.number))) })
    }

    /// The value of a column from the server's text.
    func value(_ text: String?, at position: Int) throws(IngestError) -> Value {
        guard let text else { return .null }
        switch readers[position].value(text) {
        case .uuid(let identifier)?: return .string(identifier.description)
        case let value?: return value
        case nil:
            throw .source(
                place: path,
                reason: "column '\(columns[position].name)' holds '\(text.prefix(40))', which no "
                    + "\(shape.fields[position].type) can be")
        }
    }

    /// A row; nil for what the server does not say.
    func values(_ cells: [ReplicationMessage.Cell]) throws(IngestError) -> [Value?] {
        guard cells.count == columns.count else {
            throw .source(
                place: path, reason: "a row of \(cells.count) values for \(columns.count) columns")
        }
        var values: [Value?] = []
        for (position, cell) in cells.enumerated() {
            switch cell {
            case .null: values.append(.null)
            case .unsent: values.append(nil)
            case .text(let text): values.append(try value(text, at: position))
            }
        }
        return values
    }

    // MARK: Changes

    /// What an insert comes to.
    func insertion(_ cells: [ReplicationMessage.Cell]) throws(IngestError) -> [RowChange] {
        [.row(try values(cells).map { $0 ?? .null })]
    }

    /// What an update comes to; `old` is the key or the row before, as far as it is said.
    func update(
        _ old: [ReplicationMessage.Cell]?, _ cells: [ReplicationMessage.Cell]
    ) throws(IngestError) -> [RowChange] {
        let key = try requiredKey("an update")
        let before = try old.map { cells throws(IngestError) in try values(cells) }
        var after = try values(cells)
        // With replica identity full the row before has what did not change.
        for position in after.indices where after[position] == nil {
            if let value = before?[position], !value.isNull { after[position] = value }
        }
        let oldKey = before.map { before in key.map { before[$0] ?? .null } }
        guard let changes = RowUpdate.changes(key: key, oldKey: oldKey, after) else {
            throw .source(
                place: path,
                reason: "an update changes a key and leaves out values that did not change: say "
                    + "ALTER TABLE \(path) REPLICA IDENTITY FULL")
        }
        return changes
    }

    func deletion(_ cells: [ReplicationMessage.Cell]) throws(IngestError) -> [RowChange] {
        let key = try requiredKey("a delete")
        let before = try values(cells)
        return [.deletion(key.map { before[$0] ?? .null })]
    }

    private func requiredKey(_ what: String) throws(IngestError) -> [Int] {
        let key = shape.keyPositions
        if key.isEmpty {
            throw .source(
                place: path,
                reason: "\(what) of a table without a primary key, which only takes new rows: add "
                    + "one, or leave the table out of the publication")
        }
        return key
    }

    // MARK: COPY

    /// The values of a line of COPY's text format; nil for null.
    static func cells(ofLine line: [UInt8]) -> [String?] {
        line.split(separator: 0x09, omittingEmptySubsequences: false).map { field in
            if field.elementsEqual([0x5C, UInt8(ascii: "N")]) { return nil }
            guard field.contains(0x5C) else { return String(decoding: field, as: UTF8.self) }
            var bytes: [UInt8] = []
            var rest = field
            while let byte = rest.popFirst() {
                guard byte == 0x5C, let next = rest.popFirst() else {
                    bytes.append(byte)
                    continue
                }
                switch next {
                case UInt8(ascii: "b"): bytes.append(8)
                case UInt8(ascii: "f"): bytes.append(12)
                case UInt8(ascii: "n"): bytes.append(10)
                case UInt8(ascii: "r"): bytes.append(13)
                case UInt8(ascii: "t"): bytes.append(9)
                case UInt8(ascii: "v"): bytes.append(11)
                default: bytes.append(next)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
