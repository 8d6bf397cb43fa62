import Columnar
public import JSON

/// A table's metadata file (Iceberg format versions 1 to 3): everything there is to know of it but
/// its files.
///
/// What stands in the file and is not looked at here is kept as it is, at every level: the table is
/// shared, and whoever put it there relies on it.
public struct TableMetadata: Hashable, Sendable {
    public var formatVersion = 2
    public var uuid: String
    /// Where the table's files are, without a slash last.
    public var location: String
    public var lastSequenceNumber: Int64 = 0
    public var lastUpdatedMilliseconds: Int64
    /// The largest id that any column of any schema ever had.
    public internal(set) var lastColumnIdentifier: Int32
    /// The current schema; where it has types that are not known here, the newest one before it
    /// that has none.
    public internal(set) var schema: IcebergSchema
    public internal(set) var currentSchemaIdentifier: Int32
    /// All schemas, as they stand in the file.
    public internal(set) var schemas: [JSONValue]
    public internal(set) var properties: [JSONMember] = []
    /// Branches and tags but `main`, which is `currentSnapshot`.
    public internal(set) var references: [SnapshotReference] = []
    /// What stands in the reference `main` beside its snapshot: its retention.
    var mainOthers: [JSONMember] = []
    /// The snapshot of the branch `main`.
    public internal(set) var currentSnapshot: Int64?
    public internal(set) var snapshots: [Snapshot] = []
    /// When each snapshot became the current one.
    public internal(set) var snapshotLog: [LogEntry] = []
    /// Metadata files before this one.
    public internal(set) var metadataLog: [MetadataLogEntry] = []
    /// Partition specs, sort orders, statistics, and whatever else there is.
    var others: [JSONMember]

    public struct LogEntry: Hashable, Sendable {
        public var snapshot: Int64
        public var timestampMilliseconds: Int64
    }

    public struct MetadataLogEntry: Hashable, Sendable {
        public var file: String
        public var timestampMilliseconds: Int64
    }

    /// `write.metadata.previous-versions-max` of a table that does not set it.
    static let metadataLogLimit = 100

    /// A table without snapshots, whose files are partitioned by the values of some columns, by
    /// their ids.
    public init(
        uuid: String, location: String, schema: IcebergSchema, timestampMilliseconds: Int64,
        formatVersion: Int = 2, partitionColumns: [Int32] = []
    ) {
        precondition(!location.hasSuffix("/"), "a table's location does not end in a slash")
        precondition((2...3).contains(formatVersion), "no other version is written")
        self.formatVersion = formatVersion
        self.uuid = uuid
        self.location = location
        self.schema = schema
        lastColumnIdentifier = schema.lastColumnIdentifier
        currentSchemaIdentifier = schema.identifier
        schemas = [schema.json]
        lastUpdatedMilliseconds = timestampMilliseconds
        others = [
            JSONMember("default-spec-id", 0),
            JSONMember(
                "partition-specs",
                [
                    [
                        "spec-id": 0,
                        "fields": Self.identityFields(partitionColumns, of: schema, first: 1000),
                    ]
                ]), JSONMember("last-partition-id", .integer(Int64(999 + partitionColumns.count))),
            JSONMember("default-sort-order-id", 0),
            JSONMember("sort-orders", [["order-id": 0, "fields": []]]),
        ]
        if formatVersion >= 3 { others.append(JSONMember("next-row-id", 0)) }
        if let text = ExactTypes(schema.columns.fields).text {
            properties.append(JSONMember(ExactTypes.property, .string(text)))
        }
    }

    /// The snapshot of the branch `main`, nil in an empty table.
    public var current: Snapshot? { currentSnapshot.flatMap(snapshot) }

    public func snapshot(_ identifier: Int64) -> Snapshot? {
        snapshots.last { $0.identifier == identifier }
    }

    /// The current snapshot, its parent and so on, as far as they have not expired.
    public var history: [Snapshot] {
        var found: [Snapshot] = []
        var next = current
        while let snapshot = next, found.count < snapshots.count {
            found.append(snapshot)
            next = snapshot.parent.flatMap(self.snapshot)
        }
        return found
    }

    /// The snapshot that was the current one at a moment; nil before the first, or before what is
    /// known of it.
    public func snapshotCurrent(atMilliseconds moment: Int64) -> Snapshot? {
        snapshotLog.last { $0.timestampMilliseconds <= moment }
            .flatMap { snapshot($0.snapshot) }
    }

    /// A branch or tag by its name, `main` too.
    public func reference(_ name: String) -> SnapshotReference? {
        if name == SnapshotReference.main {
            return currentSnapshot.map { SnapshotReference(name, $0, .branch) }
        }
        return references.first { $0.name == name }
    }

    public func property(_ name: String) -> String? {
        properties.first { $0.name == name }?.value.string
    }

    public mutating func setProperty(_ name: String, _ value: String) {
        properties.removeAll { $0.name == name }
        properties.append(JSONMember(name, .string(value)))
    }

    /// A top-level number that is not looked at otherwise, such as `default-spec-id`.
    func number(_ name: String) -> Int64? {
        others.first { $0.name == name }?.value.integer
    }

    /// A top-level list that is not looked at otherwise, such as `partition-specs`.
    func list(_ name: String) -> [JSONValue] {
        others.first { $0.name == name }?.value.array ?? []
    }

    mutating func setOther(_ name: String, _ value: JSONValue) {
        if let position = others.firstIndex(where: { $0.name == name }) {
            others[position].value = value
        } else {
            others.append(JSONMember(name, value))
        }
    }

    /// The schema as it stands in the file; nil if there is none of this id.
    public func schemaJSON(_ identifier: Int32) -> JSONValue? {
        schemas.last { ($0["schema-id"]?.integer ?? 0) == Int64(identifier) }
    }

    /// The fields of a partition spec, as they stand in the file; nil if there is no such spec.
    public func partitionFields(_ identifier: Int32) -> JSONValue? {
        list("partition-specs").first { $0["spec-id"]?.integer == Int64(identifier) }?["fields"]
    }
}
