import Columnar
public import JSON

/// A table's metadata file (Iceberg format version 2): everything there is to know of it but its
/// files.
public struct TableMetadata: Hashable, Sendable {
    public var uuid: String
    /// Where the table's files are, without a slash last.
    public var location: String
    public var lastSequenceNumber: Int64 = 0
    public var lastUpdatedMilliseconds: Int64
    public var schema: IcebergSchema
    public var properties: [JSONMember] = []
    public var currentSnapshot: Int64?
    public var snapshots: [Snapshot] = []
    /// When each snapshot became the current one.
    public var snapshotLog: [LogEntry] = []
    /// Metadata files before this one.
    public var metadataLog: [MetadataLogEntry] = []

    public struct LogEntry: Hashable, Sendable {
        public var snapshot: Int64
        public var timestampMilliseconds: Int64
    }

    public struct MetadataLogEntry: Hashable, Sendable {
        public var file: String
        public var timestampMilliseconds: Int64
    }

    static let metadataLogLimit = 100

    /// A table without snapshots.
    public init(uuid: String, location: String, schema: IcebergSchema, timestampMilliseconds: Int64)
    {
        precondition(!location.hasSuffix("/"), "a table's location does not end in a slash")
        self.uuid = uuid
        self.location = location
        self.schema = schema
        lastUpdatedMilliseconds = timestampMilliseconds
        if let text = ExactTypes(schema.columns.fields).text {
            properties.append(JSONMember(ExactTypes.property, .string(text)))
        }
    }

    /// The newest snapshot, nil in an empty table.
    public var current: Snapshot? { currentSnapshot.flatMap(snapshot) }

    public func snapshot(_ identifier: Int64) -> Snapshot? {
        snapshots.last { $0.identifier == identifier }
    }

    public func property(_ name: String) -> String? {
        properties.first { $0.name == name }?.value.string
    }

    public mutating func setProperty(_ name: String, _ value: String) {
        properties.removeAll { $0.name == name }
        properties.append(JSONMember(name, .string(value)))
    }

    /// Makes a snapshot the current one; `location` is where the metadata without it stands.
    mutating func append(_ snapshot: Snapshot, replacing location: String) {
        precondition(snapshot.parent == currentSnapshot, "a snapshot with another parent")
        precondition(snapshot.sequenceNumber > lastSequenceNumber, "a sequence number went back")
        metadataLog.append(
            MetadataLogEntry(file: location, timestampMilliseconds: lastUpdatedMilliseconds))
        metadataLog.removeFirst(max(0, metadataLog.count - Self.metadataLogLimit))
        lastSequenceNumber = snapshot.sequenceNumber
        lastUpdatedMilliseconds = snapshot.timestampMilliseconds
        snapshots.append(snapshot)
        currentSnapshot = snapshot.identifier
        snapshotLog.append(
            LogEntry(
                snapshot: snapshot.identifier,
                timestampMilliseconds: snapshot.timestampMilliseconds))
    }

    // MARK: JSON

    public var json: JSONValue {
        var members: [JSONMember] = [
            JSONMember("format-version", 2), JSONMember("table-uuid", .string(uuid)),
            JSONMember("location", .string(location)),
            JSONMember("last-sequence-number", .integer(lastSequenceNumber)),
            JSONMember("last-updated-ms", .integer(lastUpdatedMilliseconds)),
            JSONMember("last-column-id", .integer(Int64(schema.lastColumnIdentifier))),
            JSONMember("current-schema-id", .integer(Int64(schema.identifier))),
            JSONMember("schemas", .array([schema.json])),
            JSONMember("default-spec-id", 0),
            JSONMember("partition-specs", [["spec-id": 0, "fields": []]]),
            JSONMember("last-partition-id", 999),
            JSONMember("default-sort-order-id", 0),
            JSONMember("sort-orders", [["order-id": 0, "fields": []]]),
            JSONMember("properties", .object(properties)),
        ]
        if let currentSnapshot {
            members.append(JSONMember("current-snapshot-id", .integer(currentSnapshot)))
            members.append(
                JSONMember(
                    "refs", ["main": ["snapshot-id": .integer(currentSnapshot), "type": "branch"]]))
        } else {
            members.append(JSONMember("refs", .object([])))
        }
        members += [
            JSONMember("snapshots", .array(snapshots.map(\.json))),
            JSONMember(
                "snapshot-log",
                .array(
                    snapshotLog.map {
                        [
                            "snapshot-id": .integer($0.snapshot),
                            "timestamp-ms": .integer($0.timestampMilliseconds),
                        ]
                    })),
            JSONMember(
                "metadata-log",
                .array(
                    metadataLog.map {
                        [
                            "metadata-file": .string($0.file),
                            "timestamp-ms": .integer($0.timestampMilliseconds),
                        ]
                    })),
        ]
        return .object(members)
    }

    public init(decoding bytes: [UInt8], path: String) throws(IcebergError) {
        do {
            let json = JSONField(value: try JSONValue(parsing: bytes), path: "")
            try self.init(json: json)
        } catch let error as IcebergError {
            throw error
        } catch {
            throw .damaged(path: path, reason: "\(error)")
        }
    }

    private init(json: JSONField) throws {
        let version = try json.required("format-version").integer()
        guard version == 2 || version == 1 else {
            throw IcebergError.unsupported(reason: "format version \(version)")
        }
        uuid = try json.required("table-uuid").string()
        location = try json.required("location").string()
        lastSequenceNumber = try json.optional("last-sequence-number")?.integer() ?? 0
        lastUpdatedMilliseconds = try json.required("last-updated-ms").integer()
        properties =
            try json.optional("properties")?.members().map {
                JSONMember($0.name, .string(try $0.field.string()))
            } ?? []
        let current = try json.required("current-schema-id").integer()
        let schemas = try json.required("schemas").array()
        guard
            let chosen = try schemas.first(where: {
                try $0.optional("schema-id")?.integer() ?? 0 == current
            })
        else { throw JSONError.missing(path: "schemas with id \(current)") }
        let exactTypes = properties.first { $0.name == ExactTypes.property }?.value.string
        schema = try IcebergSchema(json: chosen, exactTypes: ExactTypes(text: exactTypes ?? ""))
        let pointer = try json.optional("current-snapshot-id")?.integer()
        currentSnapshot = pointer == -1 ? nil : pointer
        snapshots = try json.optional("snapshots")?.array().map(Snapshot.init(json:)) ?? []
        snapshotLog =
            try json.optional("snapshot-log")?.array().map {
                LogEntry(
                    snapshot: try $0.required("snapshot-id").integer(),
                    timestampMilliseconds: try $0.required("timestamp-ms").integer())
            } ?? []
        metadataLog =
            try json.optional("metadata-log")?.array().map {
                MetadataLogEntry(
                    file: try $0.required("metadata-file").string(),
                    timestampMilliseconds: try $0.required("timestamp-ms").integer())
            } ?? []
        if let currentSnapshot, snapshot(currentSnapshot) == nil {
            throw JSONError.missing(path: "snapshots with id \(currentSnapshot)")
        }
    }
}
