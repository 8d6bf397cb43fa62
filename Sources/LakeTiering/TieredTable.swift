public import Columnar
public import Iceberg
public import Platform

/// A table whose rows go to the lake.
public struct TieredTable: Hashable, Sendable {
    /// The namespace of tables whose database nobody named.
    public static let namespace = "wavetank"

    /// Never used again, also not for a table of the same name.
    public var identifier: Int64
    /// The table's database: its namespace in the lake.
    public var database: String
    public var name: String
    /// Every schema that the table has had, the present one last.
    public private(set) var schemas: SchemaHistory
    public var bucketCount: Int
    /// The ids of the columns whose values choose the partition; none of a table without.
    public var partitionFields: [Int32] = []
    /// The partitions that are known, in the order of their identifiers.
    public var partitions: [LakePartition] = []
    /// The format version that its lake table is made in; as configured if nil.
    public var lakeFormatVersion: Int?
    /// Properties that its lake table is made with.
    public var lakeProperties: [(String, String)] { lakeSettings.map { ($0.name, $0.value) } }
    private var lakeSettings: [Setting] = []

    private struct Setting: Hashable, Sendable {
        var name: String
        var value: String
    }

    /// Takes what the table's creator said of its lake table: names that begin with `iceberg.`, as
    /// Fluss has them; the format version, 2 or 3, is one of them.
    public mutating func configure(_ properties: [(name: String, value: String)]) {
        for (name, value) in properties where name.hasPrefix("iceberg.") {
            let setting = Setting(name: String(name.dropFirst("iceberg.".count)), value: value)
            if setting.name == "format-version" {
                lakeFormatVersion = Int(value).flatMap { (2...3).contains($0) ? $0 : nil }
            } else {
                lakeSettings.append(setting)
            }
        }
    }

    public init(
        identifier: Int64, database: String = namespace, name: String, schemas: SchemaHistory,
        bucketCount: Int
    ) {
        precondition(bucketCount > 0, "a table has buckets")
        self.identifier = identifier
        self.database = database
        self.name = name
        self.schemas = schemas
        self.bucketCount = bucketCount
    }

    /// A table that was never altered.
    public init(
        identifier: Int64, database: String = namespace, name: String, schema: Schema,
        bucketCount: Int
    ) {
        self.init(
            identifier: identifier, database: database, name: name,
            schemas: SchemaHistory(schema), bucketCount: bucketCount)
    }

    /// The present schema.
    public var schema: Schema { schemas.current }

    /// What its lake table says of the schema that it follows; nil of a table that was never
    /// altered.
    public var lakeSchema: Int16? { schemas.schemas.count > 1 ? schema.identifier : nil }

    /// The schema that a state of the lake table follows.
    ///
    /// It may be later than any that is known here, where the table was altered just now.
    public func schemaIdentifier(at progress: LakeProgress) -> Int16 {
        progress.schema ?? schemas.schemas[0].identifier
    }

    public var lakeName: LakeTableName { LakeTableName(namespace: database, name: name) }

    public var isPartitioned: Bool { !partitionFields.isEmpty }

    /// The buckets of a table, or of some of its partitions.
    public func buckets(of partitions: [LakePartition]) -> [LakeBucket] {
        let numbers = 0..<Int32(bucketCount)
        if !isPartitioned { return numbers.map { LakeBucket(bucket: $0) } }
        return partitions.flatMap { partition in
            numbers.map { LakeBucket(partition: partition.identifier, bucket: $0) }
        }
    }

    /// The buckets that are known, in order.
    public var buckets: [LakeBucket] { buckets(of: partitions) }

    /// The offsets of a lake that has none of the log: of a partitioned table none.
    public var startOffsets: LakeOffsets {
        isPartitioned ? LakeOffsets() : LakeOffsets(startOf: buckets)
    }

    public var isPrimaryKeyTable: Bool { !schema.primaryKey.isEmpty }

    /// What a lake table says of itself, if it is this table's.
    ///
    /// `IcebergError.otherTable` if it is another's, `.damaged` if it contradicts itself.
    public func progress(in metadata: TableMetadata) throws(IcebergError) -> LakeProgress {
        try check(LakeProgress.current(of: metadata))
    }

    /// What a snapshot of this table's lake table reflects.
    public func progress(
        at snapshot: Snapshot, in metadata: TableMetadata
    ) throws(IcebergError) -> LakeProgress {
        try check(LakeProgress.at(snapshot, of: metadata))
    }

    /// Whether a lake table was filled from an earlier table of this very name: it must have been
    /// dropped, or this one could not be there, and its identifier never comes again.
    public func succeeds(_ metadata: TableMetadata) throws(IcebergError) -> Bool {
        guard let progress = try LakeProgress.current(of: metadata) else { return false }
        return progress.tableIdentifier < identifier
    }

    private func check(_ progress: LakeProgress?) throws(IcebergError) -> LakeProgress {
        if let progress, progress.tableIdentifier > identifier {
            // This one was dropped, and who asks has not heard of it.
            throw .noSuchTable("\(lakeName) of table \(identifier)")
        }
        guard let progress, progress.tableIdentifier == identifier,
            (progress.partitions != nil) == isPartitioned,
            progress.offsets.buckets == buckets(of: progress.partitions ?? [])
        else {
            throw .otherTable(
                lakeName.description,
                reason: "it is not of table \(identifier) with its \(bucketCount) buckets")
        }
        return progress
    }
}
