/// The schemas that a table has had, the present one last.
///
/// Data is written under one of them and read under any later one, as `SchemaEvolution` says.
public struct SchemaHistory: Hashable, Sendable {
    public private(set) var schemas: [Schema]

    /// A table takes no more changes than these.
    public static let countLimit = 1000

    public init(_ schema: Schema) { schemas = [schema] }

    /// Throws `ColumnarError.invalidValue` unless there is a schema, identifiers grow, the primary
    /// key keeps its fields, and rows of each can be read under every later one.
    public init(validating schemas: [Schema]) throws(ColumnarError) {
        guard let first = schemas.first, schemas.count <= Self.countLimit else {
            throw .invalidValue(reason: "\(schemas.count) schemas, not 1 to \(Self.countLimit)")
        }
        self.schemas = [first]
        for schema in schemas.dropFirst() { try append(schema) }
    }

    /// The present schema.
    public var current: Schema { schemas[schemas.count - 1] }

    /// The schema with an identifier. Complexity: O(n), the present one first.
    public func schema(_ identifier: Int16) -> Schema? {
        schemas.last { $0.identifier == identifier }
    }

    /// Adds the next schema; `ColumnarError.invalidValue` or `.unsupported`, and no change, if it
    /// does not continue the history.
    public mutating func append(_ schema: Schema) throws(ColumnarError) {
        guard schemas.count < Self.countLimit, schema.identifier > current.identifier else {
            throw .invalidValue(
                reason: "schema \(schema.identifier) after \(current.identifier), the "
                    + "\(schemas.count + 1)th of at most \(Self.countLimit)")
        }
        // A renamed key column is the same one.
        guard key(of: schema).map(\.identifier) == key(of: current).map(\.identifier),
            key(of: schema).map(\.type) == key(of: current).map(\.type)
        else { throw .invalidValue(reason: "the columns of the primary key changed") }
        guard schema.highestFieldIdentifier >= current.highestFieldIdentifier else {
            throw .invalidValue(reason: "field identifiers may be given again")
        }
        _ = try SchemaEvolution(from: current, to: schema)
        schemas.append(schema)
    }

    private func key(of schema: Schema) -> [Field] { schema.primaryKey.map { schema.fields[$0] } }
}
