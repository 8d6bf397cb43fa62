import Avro
import JSON

/// What a manifest says of all its files: the schema they were written with, and their partition
/// spec.
public struct ManifestHeader: Hashable, Sendable {
    /// The schema as JSON.
    var schema: String
    public var schemaIdentifier: Int32
    /// The fields of the partition spec as JSON.
    var partitionSpec: String
    public var specIdentifier: Int32
    /// The Avro record of the files' partition values.
    var partitionType: AvroSchema
    /// Whether its files say something that is not known here.
    var hasUnknownFields = false

    static let unpartitioned = AvroSchema.record(name: "r102", fields: [])

    /// Of files without partition values, in a table's current schema.
    public init(of metadata: TableMetadata) {
        let json = metadata.schemaJSON(metadata.currentSchemaIdentifier) ?? metadata.schema.json
        schema = json.compact
        schemaIdentifier = metadata.currentSchemaIdentifier
        let specs = metadata.list("partition-specs")
        let plain = specs.first { ($0["fields"]?.array ?? []).isEmpty }
        specIdentifier = Int32(clamping: plain?["spec-id"]?.integer ?? 0)
        partitionSpec = "[]"
        partitionType = Self.unpartitioned
    }

    init(_ file: AvroFile, knownFields: Set<Int32>) throws {
        schema = file.text(of: "schema") ?? ""
        schemaIdentifier = file.text(of: "schema-id").flatMap { Int32($0) } ?? 0
        partitionSpec = file.text(of: "partition-spec") ?? "[]"
        specIdentifier = file.text(of: "partition-spec-id").flatMap { Int32($0) } ?? 0
        guard case .record(_, let entryFields) = file.schema,
            case .record(_, let fields)? = entryFields.first(where: { $0.identifier == 2 })?.schema
        else { throw AvroError.mismatch(path: "data_file", expected: "a record") }
        partitionType =
            fields.first { $0.identifier == 102 }?.schema ?? Self.unpartitioned
        hasUnknownFields = fields.contains { field in
            field.identifier.map { !knownFields.contains($0) } ?? true
        }
    }
}
