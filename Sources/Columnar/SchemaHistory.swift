/// The schemas that a table has had, the present one last.
///
/// Data is written under one schema and read under any later one: fields are matched by
/// identifier, what the writer did not have is null, what the reader does not have is left out, and
/// numbers widen as Iceberg lets them.
public struct SchemaHistory: Hashable, Sendable {
    public private(set) var schemas: [Schema]

    public init(_ schema: Schema) { schemas = [schema] }

    /// Nil unless there is a schema, identifiers grow, and the primary key keeps its fields.
    public init?(_ schemas: [Schema]) {
        guard let first = schemas.first else { return nil }
        for (earlier, later) in zip(schemas, schemas.dropFirst())
        where later.identifier <= earlier.identifier { return nil }
        let key = first.primaryKey.map { first.fields[$0].identifier }
        for schema in schemas
        where schema.primaryKey.map({ schema.fields[$0].identifier }) != key { return nil }
        self.schemas = schemas
    }

    /// The present schema.
    public var current: Schema { schemas[schemas.count - 1] }

    /// The schema with an identifier. Complexity: O(n), the present one first.
    public func schema(_ identifier: Int16) -> Schema? {
        schemas.last { $0.identifier == identifier }
    }

    /// The largest field identifier that was ever given: the next field gets a larger one.
    public var lastFieldIdentifier: Int32 {
        schemas.reduce(0) { highest, schema in
            schema.fields.reduce(highest) { max($0, $1.identifier) }
        }
    }

    /// Adds the next schema. Precondition: it continues the history.
    public mutating func append(_ schema: Schema) {
        guard let grown = SchemaHistory(schemas + [schema]) else {
            preconditionFailure("schema \(schema.identifier) does not continue the history")
        }
        self = grown
    }
}

extension Schema {
    /// A row of this schema as `reader` sees it; `ColumnarError.unsupported` if it cannot.
    public func read(_ row: Row, as reader: Schema) throws(ColumnarError) -> Row {
        if self == reader { return row }
        var result: Row = []
        result.reserveCapacity(reader.fields.count)
        for field in reader.fields {
            let position = fields.firstIndex { $0.identifier == field.identifier }
            let value = position.map { row[$0] } ?? .null
            guard let widened = value.widened(to: field.type) else {
                throw .unsupported(
                    reason: "column \(field.name) was written as another type than \(field.type)")
            }
            if case .null = widened, !field.isNullable {
                throw .unsupported(reason: "column \(field.name) has no value in an older row")
            }
            result.append(widened)
        }
        return result
    }
}

extension RecordBatch {
    /// The batch as a later schema of its table sees it; columns of the same type are not copied.
    ///
    /// Throws `ColumnarError.unsupported` where a value cannot be read so.
    public func read(as reader: Schema) throws(ColumnarError) -> RecordBatch {
        if schema == reader { return self }
        var columns: [ColumnVector] = []
        columns.reserveCapacity(reader.fields.count)
        for field in reader.fields {
            let position = schema.fields.firstIndex { $0.identifier == field.identifier }
            if let position, schema.fields[position].type == field.type {
                columns.append(self.columns[position])
            } else {
                columns.append(try column(position, as: field))
            }
        }
        return RecordBatch(schema: reader, rowCount: rowCount, columns: columns)
    }

    private func column(_ position: Int?, as field: Field) throws(ColumnarError) -> ColumnVector {
        var builder = ColumnVectorBuilder(type: field.type, capacity: rowCount)
        for row in 0..<rowCount {
            let value = position.map { columns[$0].value(at: row) } ?? .null
            guard let widened = value.widened(to: field.type) else {
                throw .unsupported(
                    reason: "column \(field.name) was written as another type than \(field.type)")
            }
            if case .null = widened, !field.isNullable {
                throw .unsupported(reason: "column \(field.name) has no value in an older row")
            }
            try builder.append(widened)
        }
        return builder.finish()
    }
}
