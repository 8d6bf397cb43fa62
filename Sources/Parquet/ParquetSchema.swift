public import Columnar

/// One top-level column of a Parquet file.
///
/// How a `DataType` is stored:
///
///     boolean              BOOLEAN
///     int32, int64         INT32, INT64
///     float32, float64     FLOAT, DOUBLE
///     string               BYTE_ARRAY, STRING
///     bytes                BYTE_ARRAY
///     date                 INT32, DATE
///     timestamp            INT64, TIMESTAMP(MICROS, not adjusted to UTC)
///     timestampWithZone    INT64, TIMESTAMP(MICROS, adjusted to UTC)
///     decimal              INT32 up to 9 digits, INT64 up to 18, DECIMAL
///     vector               LIST group of a repeated group `list` of one FLOAT `element`
public struct ParquetColumn: Hashable, Sendable {
    /// Written as the column's field id.
    public var identifier: Int32
    public var name: String
    public var type: DataType
    public var isRequired: Bool
    /// Whether the elements of a vector are declared as never null.
    public var isElementRequired: Bool

    public init(
        identifier: Int32, name: String, type: DataType, isRequired: Bool = false,
        isElementRequired: Bool = true
    ) {
        self.identifier = identifier
        self.name = name
        self.type = type
        self.isRequired = isRequired
        self.isElementRequired = isElementRequired
    }

    /// The field id that the column's values stand under: a vector's are its elements'.
    public var leafIdentifier: Int32 {
        if case .vector(_, let element) = type, element != 0 { return element }
        return identifier
    }

    var isVector: Bool {
        if case .vector = type { return true }
        return false
    }

    var maximumRepetitionLevel: UInt32 { isVector ? 1 : 0 }

    var maximumDefinitionLevel: UInt32 {
        let own: UInt32 = isRequired ? 0 : 1
        return isVector ? own + 1 + (isElementRequired ? 0 : 1) : own
    }

    /// The names on the way from the root to the values.
    var path: [String] { isVector ? [name, "list", "element"] : [name] }
}

/// The columns of a Parquet file.
public struct ParquetSchema: Hashable, Sendable {
    public var columns: [ParquetColumn]

    public init(columns: [ParquetColumn]) { self.columns = columns }

    /// The columns of a table.
    public init(_ schema: Schema) {
        columns = schema.fields.map { field in
            ParquetColumn(
                identifier: field.identifier, name: field.name, type: field.type,
                isRequired: !field.isNullable)
        }
    }

    /// The schema of the batches that are written or read.
    ///
    /// Precondition: names and identifiers are unique.
    public var batchSchema: Schema {
        Schema(
            fields: columns.map {
                Field(
                    identifier: $0.identifier, name: $0.name, type: $0.type,
                    isNullable: !$0.isRequired)
            })
    }

    /// The position of the column with this field id.
    public func position(of identifier: Int32) -> Int? {
        columns.firstIndex { $0.identifier == identifier }
    }
}
