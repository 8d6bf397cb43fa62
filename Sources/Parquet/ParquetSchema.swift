public import Columnar

/// One top-level column of a Parquet file.
///
/// `LeafLayout` says how each type is stored; what nests others stands in groups, as the format's
/// LIST and MAP have them (`ParquetNode`).
public struct ParquetColumn: Hashable, Sendable {
    /// Written as the column's field id.
    public var identifier: Int32
    public var name: String
    public var type: DataType
    public var isRequired: Bool

    public init(identifier: Int32, name: String, type: DataType, isRequired: Bool = false) {
        self.identifier = identifier
        self.name = name
        self.type = type
        self.isRequired = isRequired
    }

    var field: Field {
        Field(identifier: identifier, name: name, type: type, isNullable: !isRequired)
    }
}

/// The columns of a Parquet file.
public struct ParquetSchema: Hashable, Sendable {
    public var columns: [ParquetColumn]

    public init(columns: [ParquetColumn]) { self.columns = columns }

    init(fields: [Field]) {
        columns = fields.map { field in
            ParquetColumn(
                identifier: field.identifier, name: field.name, type: field.type,
                isRequired: !field.isNullable)
        }
    }

    /// The columns of a table.
    public init(_ schema: Schema) { self.init(fields: schema.fields) }

    /// The schema of the batches that are written or read.
    ///
    /// Precondition: names and identifiers are unique.
    public var batchSchema: Schema { Schema(fields: columns.map(\.field)) }

    /// The position of the column with this field id.
    public func position(of identifier: Int32) -> Int? {
        columns.firstIndex { $0.identifier == identifier }
    }
}
