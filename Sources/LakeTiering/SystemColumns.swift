public import Columnar
public import Iceberg

/// The columns of a lake table that are not its table's own: where in the log each row stands.
///
/// Their names and types are Fluss's. They come last. Their ids are far above those that a table's
/// own columns will ever have and below the ids that the spec reserves (from 2,147,483,447 on), so
/// that a column added later never takes one of them.
public enum SystemColumns {
    /// The bucket of the row.
    public static let bucket = Field(
        identifier: 1_000_000_001, name: "__bucket", type: .int, isNullable: false)
    /// The offset of the change that made the row what it is.
    public static let offset = Field(
        identifier: 1_000_000_002, name: "__offset", type: .bigint, isNullable: false)
    /// When the leader appended that change.
    public static let timestamp = Field(
        identifier: 1_000_000_003, name: "__timestamp", type: .timestampLTZ(precision: 6),
        isNullable: false)

    public static let all = [bucket, offset, timestamp]

    /// Whether no column of a table may have this name, in whatever case it is written.
    public static func isReserved(_ name: String) -> Bool {
        all.contains { $0.name == name.lowercased() }
    }

    /// Whether a table's columns leave room for these, and have a form in a lake.
    public static func fit(_ table: Schema) -> Bool {
        table.highestFieldIdentifier < 1_000_000
            && table.fields.allSatisfy { field in
                field.identifier > 0 && !all.contains { $0.name == field.name }
            } && IcebergSchema.flaw(table.fields) == nil
    }
}

extension DataType {
    /// Whether a column of this type may have files of another (spec, "Schema Evolution").
    func takes(_ other: DataType) -> Bool {
        switch (self, other) {
        case (.bigint, .int), (.bigint, .smallint), (.bigint, .tinyint), (.double, .float): true
        // One type in a lake.
        case (.int, .smallint), (.int, .tinyint): true
        case (.decimal(let precision, let scale), .decimal(let narrow, let same)):
            precision >= narrow && scale == same
        default: self == other
        }
    }
}

extension IcebergSchema {
    /// The lake's schema of a table: its columns and the system columns.
    ///
    /// Precondition: `SystemColumns.fit(table)`.
    public init(tiering table: Schema) {
        precondition(SystemColumns.fit(table), "a table's columns clash with the system columns")
        self.init(
            Schema(
                identifier: table.identifier, fields: table.fields + SystemColumns.all,
                primaryKey: table.primaryKey),
            identifier: Int32(table.identifier))
    }
}
