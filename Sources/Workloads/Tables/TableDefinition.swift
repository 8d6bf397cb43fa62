public import Columnar

/// A table that a workload writes to.
public struct TableDefinition: Sendable, Hashable {
    /// Nil for the standard one.
    public var database: String?
    public var name: String
    public var schema: Schema
    /// Positions of the columns that choose the bucket.
    public var bucketKey: [Int]
    /// Nil for as many as the cluster's tables have.
    public var bucketCount: Int?
    /// The column whose vectors are indexed.
    public var vectorColumn: Int?
    /// Positions of the columns that choose the partition.
    public var partitionKey: [Int] = []
    /// The column that the cluster numbers new rows in.
    public var autoIncrementColumn: Int?
    /// By Fluss's names.
    public var properties: [Property]
    /// Whether some changes are about some columns only.
    public var hasPartialUpdates: Bool
    /// Whether its columns may change while it is written, and its rows be compared by column.
    public var isEvolving = false

    /// One property of a table, such as its merge engine.
    public struct Property: Sendable, Hashable {
        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(
        name: String, schema: Schema, bucketKey: [Int], vectorColumn: Int? = nil,
        properties: [Property] = [], hasPartialUpdates: Bool = false
    ) {
        self.name = name
        self.properties = properties
        self.hasPartialUpdates = hasPartialUpdates
        self.schema = schema
        self.bucketKey = bucketKey
        self.vectorColumn = vectorColumn
    }

    public var isPrimaryKeyTable: Bool { !schema.primaryKey.isEmpty }

    /// The value of a property; nil where it was not given.
    public func property(_ name: String) -> String? {
        properties.first { $0.name == name }?.value
    }

    /// How rows of one key become one row.
    public var mergeEngine: String { property("table.merge-engine")?.lowercased() ?? "last_row" }

    /// Whether it refuses deletions.
    public var refusesDeletes: Bool {
        property("table.delete.behavior")?.lowercased() == "disable"
    }

    /// Whether the lake has it.
    public var isInLake: Bool { property("table.datalake.enabled") != "false" }
}
