/// One column of a schema, or one field nested in it.
public struct Field: Hashable, Sendable {
    /// Stays the same over renames and reorderings; unique in its table, from 1; 0 until a schema
    /// assigns one.
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
    /// The largest identifier of a field that the table ever had, at any level: a field that is
    /// added later takes the next one.
    public var highestFieldIdentifier: Int32

    /// Assigns identifiers to nested fields that have none, from `highestFieldIdentifier`, by
    /// default the largest among the fields, upwards.
    ///
    /// Precondition: what `validating` says.
    public init(
        identifier: Int16 = 0, fields: [Field], primaryKey: [Int] = [],
        highestFieldIdentifier: Int32? = nil
    ) {
        if let flaw = Schema.flaw(fields: fields, primaryKey: primaryKey) {
            preconditionFailure(flaw)
        }
        self.init(
            checked: identifier, fields: fields, primaryKey: primaryKey,
            highestFieldIdentifier: highestFieldIdentifier)
    }

    /// For columns that come from outside: `ColumnarError.invalidValue` unless identifiers are
    /// unique at every level and names within their row, key columns exist, are not nullable and
    /// have an order, and every type is in its bounds.
    public init(
        validating fields: [Field], identifier: Int16 = 0, primaryKey: [Int] = [],
        highestFieldIdentifier: Int32? = nil
    ) throws(ColumnarError) {
        if let flaw = Schema.flaw(fields: fields, primaryKey: primaryKey) {
            throw .invalidValue(reason: flaw)
        }
        self.init(
            checked: identifier, fields: fields, primaryKey: primaryKey,
            highestFieldIdentifier: highestFieldIdentifier)
    }

    private init(
        checked identifier: Int16, fields: [Field], primaryKey: [Int],
        highestFieldIdentifier: Int32?
    ) {
        self.identifier = identifier
        self.primaryKey = primaryKey
        var highest = max(
            highestFieldIdentifier ?? 0, fields.map(\.highestIdentifier).max() ?? 0)
        self.fields = fields.map { $0.assigningNestedIdentifiers(after: &highest) }
        self.highestFieldIdentifier = highest
    }

    /// The position of the field with this name.
    public func position(of name: String) -> Int? { fields.firstIndex { $0.name == name } }

    /// The position of the field with this identifier.
    public func position(ofIdentifier identifier: Int32) -> Int? {
        fields.firstIndex { $0.identifier == identifier }
    }

    /// The primary key's values of a row.
    public func key(of row: Row) -> [Value] { primaryKey.map { row[$0] } }

    /// Only the fields at these positions, in this order.
    ///
    /// The identifier stays; the primary key stays if all its columns do.
    public func project(_ positions: [Int]) -> Schema {
        precondition(Set(positions).count == positions.count, "a column is asked for twice")
        let key = primaryKey.compactMap { positions.firstIndex(of: $0) }
        // What holds of all columns holds of some.
        var projected = self
        projected.fields = positions.map { fields[$0] }
        projected.primaryKey = key.count == primaryKey.count ? key : []
        return projected
    }
}

extension Field {
    /// The largest identifier of the field and of what it nests.
    var highestIdentifier: Int32 {
        var highest = identifier
        if case .vector(_, let element) = type { highest = max(highest, element) }
        for child in type.children { highest = max(highest, child.highestIdentifier) }
        return highest
    }

    /// The field, with the next numbers for nested fields that have none: those of one level
    /// first, then what they nest, as Iceberg numbers them.
    func assigningNestedIdentifiers(after highest: inout Int32) -> Field {
        var field = self
        if case .vector(let dimension, 0) = type {
            highest += 1
            field.type = .vector(dimension: dimension, elementIdentifier: highest)
        }
        if !type.isNested { return field }
        var children = type.children
        for index in children.indices where children[index].identifier == 0 {
            highest += 1
            children[index].identifier = highest
        }
        for index in children.indices {
            children[index] = children[index].assigningNestedIdentifiers(after: &highest)
        }
        field.type = type.replacingChildren(children)
        return field
    }
}
