public import Columnar

/// A table as the cluster knows it.
public struct TableDescription: Hashable, Sendable {
    /// Never used again, also not for a table of the same name.
    public var identifier: Int64
    public var name: String
    public var schema: Schema
    public var bucketCount: Int32
    public var replicationFactor: Int
    /// Positions in the schema of the columns whose values choose the bucket.
    public var bucketKey: [Int]
    public var isInLake: Bool
    /// The column whose vectors are indexed, if any.
    public var vectorColumn: Int?

    public init(
        identifier: Int64 = 0, name: String, schema: Schema, bucketCount: Int32,
        replicationFactor: Int, bucketKey: [Int], isInLake: Bool = true, vectorColumn: Int? = nil
    ) {
        precondition(bucketCount > 0 && replicationFactor > 0, "a table has buckets and replicas")
        self.identifier = identifier
        self.name = name
        self.schema = schema
        self.bucketCount = bucketCount
        self.replicationFactor = replicationFactor
        self.bucketKey = bucketKey
        self.isInLake = isInLake
        self.vectorColumn = vectorColumn
    }

    public var isPrimaryKeyTable: Bool { !schema.primaryKey.isEmpty }

    public var buckets: [BucketIdentifier] {
        (0..<bucketCount).map { BucketIdentifier(table: identifier, bucket: $0) }
    }
}
