import Columnar
public import JSON

extension TableMetadata {
    /// Members that have fields of their own; all else is kept as it stands.
    private static let known: Set<String> = [
        "format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms",
        "last-column-id", "current-schema-id", "schemas", "properties", "current-snapshot-id",
        "refs", "snapshots", "snapshot-log", "metadata-log",
    ]

    public var json: JSONValue {
        var members: [JSONMember] = [
            JSONMember("format-version", .integer(Int64(formatVersion))),
            JSONMember("table-uuid", .string(uuid)),
            JSONMember("location", .string(location)),
            JSONMember("last-sequence-number", .integer(lastSequenceNumber)),
            JSONMember("last-updated-ms", .integer(lastUpdatedMilliseconds)),
            JSONMember("last-column-id", .integer(Int64(lastColumnIdentifier))),
            JSONMember("current-schema-id", .integer(Int64(currentSchemaIdentifier))),
            JSONMember("schemas", .array(schemas)),
        ]
        members += others
        members.append(JSONMember("properties", .object(properties)))
        var named: [JSONMember] = []
        if let currentSnapshot {
            members.append(JSONMember("current-snapshot-id", .integer(currentSnapshot)))
            var main = SnapshotReference(SnapshotReference.main, currentSnapshot, .branch)
            main.others = mainOthers
            named.append(JSONMember(SnapshotReference.main, main.json))
        }
        named += references.map { JSONMember($0.name, $0.json) }
        members.append(JSONMember("refs", .object(named)))
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
        let json: JSONValue
        do { json = try JSONValue(parsing: bytes) } catch {
            throw .damaged(path: path, reason: "\(error)")
        }
        try self.init(json, path: path)
    }

    /// Reads metadata that was found at `path`, or that a catalog hands out as it stands there.
    public init(_ json: JSONValue, path: String) throws(IcebergError) {
        do {
            try self.init(json: JSONField(value: json, path: ""))
            try chooseSchema()
        } catch let error as IcebergError {
            throw error
        } catch {
            throw .damaged(path: path, reason: "\(error)")
        }
    }

    private init(json: JSONField) throws {
        formatVersion = try json.required("format-version").integer(as: Int.self)
        guard (1...3).contains(formatVersion) else {
            throw IcebergError.unsupported(reason: "format version \(formatVersion)")
        }
        uuid = try json.required("table-uuid").string()
        location = try json.required("location").string()
        lastSequenceNumber = try json.optional("last-sequence-number")?.integer() ?? 0
        lastUpdatedMilliseconds = try json.required("last-updated-ms").integer()
        lastColumnIdentifier = try json.required("last-column-id").integer(as: Int32.self)
        currentSchemaIdentifier = try json.required("current-schema-id").integer(as: Int32.self)
        schemas = try json.required("schemas").array().map(\.value)
        schema = IcebergSchema(Schema(fields: []))
        properties =
            try json.optional("properties")?.members().map {
                JSONMember($0.name, .string(try $0.field.string()))
            } ?? []
        others = json.value.others(than: Self.known)
        let pointer = try json.optional("current-snapshot-id")?.integer()
        currentSnapshot = pointer == -1 ? nil : pointer
        for (name, field) in try json.optional("refs")?.members() ?? [] {
            let reference = try SnapshotReference(name, json: field)
            if name == SnapshotReference.main {
                mainOthers = reference.others
            } else {
                references.append(reference)
            }
        }
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
