public import Columnar

/// A change of one row, in the columns of its shape.
public enum RowChange: Hashable, Sendable {
    /// A new row of a log, or the whole row of a table with a primary key.
    case row(Row)
    /// Some columns of a row, nil where they keep their values; the key is among them.
    case part([Value?])
    /// The values of the primary key, in its order.
    case deletion([Value])
}

/// A table as its source sees it.
public struct TableShape: Hashable, Sendable {
    public var database: String
    public var table: String
    /// The source's columns, which may be some of the table's, in any order.
    public var fields: [Field]
    /// Names of columns, in key order; empty for a log.
    public var primaryKey: [String]

    public init(database: String, table: String, fields: [Field], primaryKey: [String]) {
        self.database = database
        self.table = table
        self.fields = fields
        self.primaryKey = primaryKey
    }

    /// As messages name it.
    public var name: String { "\(database).\(table)" }

    /// The positions of the primary key in `fields`.
    ///
    /// Precondition: all of it is among them, which `IngestTarget.prepare` sees to.
    var keyPositions: [Int] {
        primaryKey.map { name in
            guard let position = fields.firstIndex(where: { $0.name == name }) else {
                preconditionFailure("\(self.name) has no key column \(name)")
            }
            return position
        }
    }
}

extension Value {
    /// The bytes that a value takes in memory, roughly.
    var byteCount: Int {
        switch self {
        case .string(let text): 16 + text.utf8.count
        case .bytes(let bytes): 16 + bytes.count
        case .decimal, .uuid: 32
        case .vector(let elements): 16 + 4 * elements.count
        case .array(let values), .row(let values): values.reduce(16) { $0 + $1.byteCount }
        case .map(let entries):
            entries.reduce(16) { $0 + $1.key.byteCount + $1.value.byteCount }
        default: 16
        }
    }
}
