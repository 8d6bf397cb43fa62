/// One column of a schema.
public struct Field: Hashable, Sendable {
    /// Stays the same over renames and reorderings; unique in its table, from 1.
    public var identifier: Int32
    public var name: String
    public var type: DataType
    public var isNullable: Bool

    public init(identifier: Int32, name: String, type: DataType, isNullable: Bool = true) {
        self.identifier = identifier
        self.name = name
        self.type = type
        self.isNullable = isNullable
    }
}

/// The columns of a table at one point of its evolution.
public struct Schema: Hashable, Sendable {
    /// Counts the schemas of one table, from 0; fits the wire's 16 bits.
    public var identifier: Int16
    public var fields: [Field]
    /// Positions in `fields` of the primary key, in key order; empty for a log table.
    public var primaryKey: [Int]

    /// Precondition: field identifiers and names are unique; key columns exist and are not
    /// nullable.
    public init(identifier: Int16 = 0, fields: [Field], primaryKey: [Int] = []) {
        precondition(Set(fields.map(\.identifier)).count == fields.count, "field ids repeat")
        precondition(Set(fields.map(\.name)).count == fields.count, "field names repeat")
        for position in primaryKey {
            precondition(!fields[position].isNullable, "primary key column is nullable")
        }
        self.identifier = identifier
        self.fields = fields
        self.primaryKey = primaryKey
    }

    /// The position of the field with this name.
    public func position(of name: String) -> Int? { fields.firstIndex { $0.name == name } }

    /// The primary key's values of a row.
    public func key(of row: Row) -> [Value] { primaryKey.map { row[$0] } }
}
