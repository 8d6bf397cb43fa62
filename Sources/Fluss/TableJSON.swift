public import Cluster
import Columnar
public import JSON

/// Tables and schemas as the protocol writes them in JSON (`TableDescriptorJsonSerde.java`,
/// `SchemaJsonSerde.java`).
public enum TableJSON {
    /// What the protocol calls a property and the engine has as a number of its own.
    private static let replicationFactor = "table.replication.factor"
    private static let autoIncrement = "auto_increment_column"
    private static let bucketCountStandard = 1

    // MARK: Writing

    /// `numbered` is the position of the column that new rows are numbered in.
    static func encode(_ schema: Schema, numbered: Int? = nil) -> JSONValue {
        let columns = schema.fields.map { field in
            JSONValue.object([
                JSONMember("name", .string(field.name)),
                JSONMember("data_type", TypeJSON.encode(field.type, isNullable: field.isNullable)),
                JSONMember("id", .integer(Int64(field.identifier) - 1)),
            ])
        }
        var members = [JSONMember("version", 1), JSONMember("columns", .array(columns))]
        if !schema.primaryKey.isEmpty {
            members.append(
                JSONMember(
                    "primary_key",
                    .array(schema.primaryKey.map { .string(schema.fields[$0].name) })))
        }
        if let numbered {
            members.append(
                JSONMember(autoIncrement, .array([.string(schema.fields[numbered].name)])))
        }
        members.append(
            JSONMember("highest_field_id", .integer(Int64(schema.highestFieldIdentifier) - 1)))
        return .object(members)
    }

    /// What the protocol says of a table, but for its path and identifiers.
    public static func encode(_ table: TableDescription) -> JSONValue {
        var properties = table.properties.entries
            .map { JSONMember($0.name, .string($0.value)) }
        properties.append(
            JSONMember(replicationFactor, .string(String(table.replicationFactor))))
        return .object([
            JSONMember("version", 1),
            JSONMember("schema", encode(table.schema, numbered: table.autoIncrementColumn)),
            JSONMember(
                "partition_key",
                .array(table.partitionKey.map { .string(table.schema.fields[$0].name) })),
            JSONMember(
                "bucket_key",
                .array(table.bucketKey.map { .string(table.schema.fields[$0].name) })),
            JSONMember("bucket_count", .integer(Int64(table.bucketCount))),
            JSONMember("properties", .object(properties)),
            JSONMember("custom_properties", .object([])),
        ])
    }

    // MARK: Reading

    static func schema(_ field: JSONField) throws(FlussError) -> Schema {
        do throws(JSONError) { return try decodeSchema(field) } catch {
            throw .refused(.invalidTable, reason: "the schema of the table: \(error)")
        }
    }

    /// As `table(_:at:standardReplicas:)` of the value, for one that is still text.
    static func table(
        _ bytes: [UInt8], at path: Cluster.TablePath, standardReplicas: Int
    ) throws(FlussError) -> TableDescription {
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: bytes) } catch {
            throw .refused(.invalidTable, reason: "table \(path): \(error)")
        }
        return try table(
            JSONField(value: value, path: ""), at: path, standardReplicas: standardReplicas)
    }

    /// A table that a client wants to have; `standardReplicas` is for one that says nothing of it.
    ///
    /// Where `indexesVectors` the arrays of floats that `table.vector-index.column` names are
    /// columns of vectors, which the protocol has no type for.
    ///
    /// Throws `.refused(.invalidTable)`.
    public static func table(
        _ json: JSONField, at path: Cluster.TablePath, standardReplicas: Int,
        indexesVectors: Bool = false
    ) throws(FlussError) -> TableDescription {
        do throws(JSONError) {
            let (properties, replicas) = try properties(json)
            let schema = try decodeSchema(
                try json.required("schema"),
                indexing: indexesVectors ? vectors(properties) : [:])
            var partitionKey: [Int] = []
            if let key = try json.optional("partition_key") {
                partitionKey = try positions(of: try key.array(), in: schema)
            }
            var numbered: Int?
            if let columns = try json.required("schema").optional(autoIncrement) {
                numbered = try positions(of: try columns.array(), in: schema).first
            }
            var bucketKey = schema.primaryKey.filter { !partitionKey.contains($0) }
            if let key = try json.optional("bucket_key") {
                let names = try key.array()
                if !names.isEmpty { bucketKey = try positions(of: names, in: schema) }
            }
            let count = try json.optional("bucket_count")?.integer(as: Int32.self)
            return TableDescription(
                database: path.database, name: path.table, schema: schema,
                bucketCount: count ?? Int32(bucketCountStandard),
                replicationFactor: replicas ?? standardReplicas, bucketKey: bucketKey,
                isInLake: partitionKey.isEmpty
                    || properties.value("table.datalake.enabled") == "true",
                properties: properties, partitionKey: partitionKey,
                autoIncrementColumn: numbered)
        } catch {
            throw .refused(.invalidTable, reason: "table \(path): \(error)")
        }
    }

    private static func properties(
        _ json: JSONField
    ) throws(JSONError) -> (TableProperties, replicas: Int?) {
        var replicas: Int?
        var values: [(String, String)] = []
        for name in ["properties", "custom_properties"] {
            for (key, value) in try json.optional(name)?.members() ?? [] {
                if key == replicationFactor {
                    guard let number = Int(try value.string()), number > 0 else {
                        throw .wrongType(path: value.path, expected: "a number of replicas")
                    }
                    replicas = number
                } else {
                    values.append((key, try value.string()))
                }
            }
        }
        do { return (try TableProperties(values), replicas) } catch {
            throw .wrongType(path: "properties", expected: "what Fluss takes: \(error)")
        }
    }

    /// The columns that are to have a vector index, and the elements of their vectors.
    private static func vectors(_ properties: TableProperties) -> [String: Int] {
        func list(_ name: String) -> [String] {
            let parts = properties.value(name)?.split(separator: ",") ?? []
            return parts.map { $0.filter { $0 != " " } }
        }
        var dimensions: [String: Int] = [:]
        for (column, text) in zip(
            list("table.vector-index.column"), list("table.vector-index.dimension"))
        {
            dimensions[column] = Int(text)
        }
        return dimensions
    }

    private static func decodeSchema(
        _ field: JSONField, indexing vectors: [String: Int] = [:]
    ) throws(JSONError) -> Schema {
        var fields: [Field] = []
        for column in try field.required("columns").array() {
            var (type, isNullable) = try TypeJSON.decode(try column.required("data_type"))
            let name = try column.required("name").string()
            if let dimension = vectors[name], case .array(let array) = type,
                array.element == .float
            {
                type = .vector(dimension: dimension)
            }
            let identifier = try column.optional("id")?.integer(as: Int32.self)
            fields.append(
                Field(
                    identifier: (identifier ?? Int32(fields.count)) &+ 1, name: name, type: type,
                    isNullable: isNullable))
        }
        let draft: Schema
        do { draft = try Schema(validating: fields) } catch {
            throw .wrongType(path: field.path, expected: "columns that the engine takes: \(error)")
        }
        guard let key = try field.optional("primary_key") else { return draft }
        let positions = try positions(of: try key.array(), in: draft)
        // Key columns are never null, whether the client says so or not.
        for position in positions { fields[position].isNullable = false }
        do { return try Schema(validating: fields, primaryKey: positions) } catch {
            throw .wrongType(path: key.path, expected: "columns that can be a key: \(error)")
        }
    }

    private static func positions(
        of names: [JSONField], in schema: Schema
    ) throws(JSONError) -> [Int] {
        var found: [Int] = []
        for name in names {
            let text = try name.string()
            guard let position = schema.position(of: text) else {
                throw .wrongType(path: name.path, expected: "a column of the table, not \(text)")
            }
            found.append(position)
        }
        return found
    }
}
