public import Columnar
public import Vectors

/// A table as the cluster knows it.
public struct TableDescription: Hashable, Sendable {
    /// Never used again, also not for a table of the same name.
    public var identifier: Int64
    public var path: TablePath
    /// Every schema that the table has had, the present one last.
    public var schemas: SchemaHistory
    public var bucketCount: Int32
    public var replicationFactor: Int
    /// Identifiers of the columns whose values choose the bucket.
    public var bucketKeyFields: [Int32]
    /// The identifier of the first column whose vectors are indexed, if any.
    public var vectorField: Int32?
    public var properties: TableProperties
    /// Identifiers of the columns whose values choose the partition; empty for a table without
    /// partitions.
    public var partitionFields: [Int32]
    /// The identifier of the column that the cluster numbers new rows in, if any.
    public var autoIncrementField: Int32?

    /// `bucketKey` and `vectorColumn` are positions in the schema; the latter can be said by a
    /// property as well.
    ///
    /// Nothing is checked here but that these positions exist: see `check()`.
    public init(
        identifier: Int64 = 0, database: String = TablePath.defaultDatabase, name: String,
        schema: Schema, bucketCount: Int32, replicationFactor: Int, bucketKey: [Int],
        isInLake: Bool = true, vectorColumn: Int? = nil,
        properties: TableProperties = TableProperties(), partitionKey: [Int] = [],
        autoIncrementColumn: Int? = nil
    ) {
        self.identifier = identifier
        path = TablePath(database: database, table: name)
        schemas = SchemaHistory(schema)
        self.bucketCount = bucketCount
        self.replicationFactor = replicationFactor
        bucketKeyFields = bucketKey.map { schema.fields[$0].identifier }
        let indexed =
            vectorColumn ?? properties.list(.vectorColumn).first.flatMap(schema.position(of:))
        vectorField = indexed.map { schema.fields[$0].identifier }
        self.properties = properties
        partitionFields = partitionKey.map { schema.fields[$0].identifier }
        autoIncrementField = autoIncrementColumn.map { schema.fields[$0].identifier }
        if !isInLake { self.properties.isInLake = false }
    }

    /// The table's name in its database.
    public var name: String { path.table }

    /// The present schema.
    public var schema: Schema { schemas.current }

    /// Positions in the present schema of the columns whose values choose the bucket.
    public var bucketKey: [Int] { bucketKeyFields.map { position(of: $0) } }

    /// The position in the present schema of the first column whose vectors are indexed.
    public var vectorColumn: Int? { vectorField.map { position(of: $0) } }

    /// The elements of a vector of that column; nil where none is indexed.
    public var vectorDimension: Int? {
        guard let vectorColumn, case .vector(let dimension, _) = schema.fields[vectorColumn].type
        else { return nil }
        return dimension
    }

    /// How far two vectors of that column are apart.
    public var vectorDistance: VectorDistance { properties.vectorDistance(0) }

    /// The columns whose vectors are indexed, in the order in which they are named; the first is
    /// searched where none is.
    public var vectorColumns: [VectorColumn] {
        guard let vectorColumn else { return [] }
        let named = properties.list(.vectorColumn).compactMap { schema.position(of: $0) }
        let positions = named.isEmpty ? [vectorColumn] : named
        return positions.enumerated().compactMap { number, position in
            let field = schema.fields[position]
            guard case .vector(let dimension, _) = field.type else { return nil }
            return VectorColumn(
                field: field.identifier, position: position, dimension: dimension,
                distance: properties.vectorDistance(number),
                quantization: properties.vectorQuantization(number))
        }
    }

    /// The indexed column of a name, the first where none is said; nil if it is not indexed.
    public func vectorColumn(named name: String?) -> VectorColumn? {
        let columns = vectorColumns
        guard let name else { return columns.first }
        return columns.first { schema.fields[$0.position].name == name }
    }

    /// The identifiers of the columns that vector indexes keep, so that searches are filtered
    /// inside them.
    public var vectorFilterFields: [Int32] {
        properties.list(.vectorFilterColumns).compactMap {
            schema.position(of: $0).map { schema.fields[$0].identifier }
        }
    }

    public var isInLake: Bool { properties.isInLake }

    public var isPrimaryKeyTable: Bool { !schema.primaryKey.isEmpty }

    /// The counter that the rows of a table are numbered from.
    static func counter(of table: Int64) -> String { "rows-of-table-\(table)" }

    /// Positions in the present schema of the columns whose values choose the partition.
    public var partitionKey: [Int] { partitionFields.map { position(of: $0) } }

    public var isPartitioned: Bool { !partitionFields.isEmpty }

    /// The position in the present schema of the column that the cluster numbers new rows in.
    public var autoIncrementColumn: Int? { autoIncrementField.map { position(of: $0) } }

    /// The values that a partition's rows have in the partition columns, by position in the present
    /// schema; nil where they are none of the columns' types.
    public func partitionValues(_ partition: PartitionDescription) -> [Int: Value]? {
        var values: [Int: Value] = [:]
        for (column, text) in zip(partitionKey, partition.values) {
            guard let value = Partitioning.value(of: text, schema.fields[column].type) else {
                return nil
            }
            values[column] = value
        }
        return values
    }

    /// The buckets of a table without partitions; none of a partitioned one, whose partitions have
    /// them: see `MetadataMirror.buckets(of:)`.
    public var buckets: [BucketIdentifier] {
        if isPartitioned { return [] }
        return (0..<bucketCount).map { BucketIdentifier(table: identifier, bucket: $0) }
    }

    private func position(of field: Int32) -> Int {
        guard let position = schema.fields.firstIndex(where: { $0.identifier == field }) else {
            preconditionFailure("\(path) lost column \(field), which cannot be dropped")
        }
        return position
    }

    /// Whether this is what a creator asked for: the same but for what the cluster assigned.
    func isSame(asRequested other: TableDescription) -> Bool {
        var assigned = other
        assigned.identifier = identifier
        return self == assigned
    }
}

/// A column whose vectors are indexed.
public struct VectorColumn: Hashable, Sendable {
    public let field: Int32
    /// In the table's present schema.
    public let position: Int
    /// Elements of a vector.
    public let dimension: Int
    public let distance: VectorDistance
    public let quantization: VectorQuantization
}
