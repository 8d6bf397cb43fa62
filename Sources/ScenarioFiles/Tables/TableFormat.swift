public import Cluster
import Columnar
public import Workloads

/// The one description of `tables`, from which both the reader and the reference work.
enum TableFormat {
    static let shape = RecordShape([
        Field(
            "name", .text(maximumLength: 200), .required, "its name in its database",
            example: "orders"),
        Field(
            "database", .text(maximumLength: 200), .optional,
            "the database that it is in; the standard one when absent", example: "shop"),
        Field(
            "columns", .list(.column, isEmptyAllowed: false), .required,
            "each a name and a type in SQL's words, nested as deep as it may be",
            example: "[id bigint, note string, tags array<string>]"),
        Field(
            "primaryKey", .oneOrMany(.text(maximumLength: 255)), .optional,
            "the columns of the key, which are not null; a log table when absent", example: "[id]"),
        Field(
            "bucketKey", .oneOrMany(.text(maximumLength: 255)), .optional,
            "the columns that choose the bucket; the primary key when absent", example: "id"),
        Field(
            "buckets", .integer(1...1024), .optional,
            "buckets of it, or of each partition; as the cluster's when absent"),
        Field(
            "partitionBy", .oneOrMany(.text(maximumLength: 255)), .optional,
            "the columns whose values choose the partition", example: "[day]"),
        Field(
            "autoIncrement", .text(maximumLength: 255), .optional,
            "the column that the cluster numbers new rows in", example: "number"),
        Field(
            "vectorColumn", .text(maximumLength: 255), .optional,
            "the column whose vectors are indexed", example: "embedding"),
        Field(
            "properties", .properties, .optional, "what Fluss's properties say of it",
            example: "{ table.merge-engine: versioned, "
                + "table.merge-engine.versioned.ver-column: version }"),
    ])

    /// What the reference says of a property.
    static let propertyFields = TableProperties.known.map {
        Field($0.name, .text(maximumLength: 4096), .optional, $0.meaning, example: $0.example)
    }
}

extension CheckedRecord {
    /// The texts of a list that may be absent.
    func words(_ name: String) -> [String] { has(name) ? list(name).map(\.word) : [] }

    /// Names and values of an open mapping, by name.
    func pairs(_ name: String) -> [(name: String, value: CheckedValue)] {
        guard has(name) else { return [] }
        let record = record(name)
        return record.values.keys.sorted().map { ($0, record.values[$0]!) }
    }
}

extension TableDefinition {
    /// A table as a file has it; nil where names lead nowhere or columns cannot be together, of
    /// which `Contradictions` says what.
    init?(_ record: CheckedRecord) {
        var fields: [Columnar.Field] = []
        let key = record.words("primaryKey")
        for (position, value) in record.list("columns").enumerated() {
            guard let column = try? ColumnText(value.word) else { return nil }
            fields.append(
                Columnar.Field(
                    identifier: Int32(position + 1), name: column.name, type: column.type,
                    isNullable: column.isNullable && !key.contains(column.name)))
        }
        func positions(_ name: String) -> [Int]? {
            let words = record.words(name)
            let found = words.compactMap { word in fields.firstIndex { $0.name == word } }
            return found.count == words.count ? found : nil
        }
        func position(_ name: String) -> Int? {
            record.has(name) ? fields.firstIndex { $0.name == record.text(name) } : nil
        }
        guard let primaryKey = positions("primaryKey"), let bucketKey = positions("bucketKey"),
            let partitionKey = positions("partitionBy"),
            let schema = try? Schema(validating: fields, primaryKey: primaryKey)
        else { return nil }
        // Partition columns are the same for all rows of a partition: they choose no bucket.
        let chosen =
            record.has("bucketKey")
            ? bucketKey : primaryKey.filter { !partitionKey.contains($0) }
        self.init(
            name: record.text("name"), schema: schema, bucketKey: chosen,
            vectorColumn: position("vectorColumn"),
            properties: record.pairs("properties").map {
                Property(name: $0.name, value: $0.value.word)
            })
        if record.has("database") { database = record.text("database") }
        if record.has("buckets") { bucketCount = record.integer("buckets") }
        self.partitionKey = partitionKey
        autoIncrementColumn = position("autoIncrement")
        if (record.has("autoIncrement") && autoIncrementColumn == nil)
            || (record.has("vectorColumn") && vectorColumn == nil)
        {
            return nil
        }
    }
}

extension TableDescription {
    /// What is asked of the cluster to have a workload's table.
    public init(_ definition: TableDefinition, in layout: ClusterLayout) throws(ClusterError) {
        self.init(
            database: definition.database ?? TablePath.defaultDatabase, name: definition.name,
            schema: definition.schema,
            bucketCount: Int32(definition.bucketCount ?? layout.buckets),
            replicationFactor: layout.replication, bucketKey: definition.bucketKey,
            vectorColumn: definition.vectorColumn,
            properties: try TableProperties(
                definition.properties.map { ($0.name, $0.value) }),
            partitionKey: definition.partitionKey,
            autoIncrementColumn: definition.autoIncrementColumn)
    }
}
