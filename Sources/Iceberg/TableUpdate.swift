import Columnar
public import JSON

/// One change of a table's metadata, by the names of Iceberg's REST protocol.
public enum TableUpdate: Hashable, Sendable {
    case addSnapshot(Snapshot)
    case setSnapshotReference(SnapshotReference)
    case removeSnapshotReference(String)
    case removeSnapshots([Int64])
    case setProperties([JSONMember])
    case removeProperties([String])
    /// A schema with its own id; `lastColumnIdentifier` never lowers what the table has.
    case addSchema(JSONValue, lastColumnIdentifier: Int32)
    case setCurrentSchema(Int32)
    case addPartitionSpec(JSONValue)
    case setDefaultPartitionSpec(Int32)
    case addSortOrder(JSONValue)
    case setDefaultSortOrder(Int32)
}

/// What must hold of a table for updates to be made, by the names of Iceberg's REST protocol.
public enum TableRequirement: Hashable, Sendable {
    case assertTableUUID(String)
    /// The branch or tag stands at this snapshot; nil: it does not exist.
    case assertReferenceSnapshot(name: String, Int64?)
    case assertCurrentSchema(Int32)
    case assertLastAssignedFieldIdentifier(Int32)
    case assertDefaultPartitionSpec(Int32)
    case assertDefaultSortOrder(Int32)

    /// Nil if it holds, else what is different.
    public func unmet(by metadata: TableMetadata) -> String? {
        switch self {
        case .assertTableUUID(let uuid):
            metadata.uuid == uuid ? nil : "the table is \(metadata.uuid), not \(uuid)"
        case .assertReferenceSnapshot(let name, let snapshot):
            metadata.reference(name)?.snapshot == snapshot
                ? nil : "reference \(name) has moved"
        case .assertCurrentSchema(let identifier):
            metadata.currentSchemaIdentifier == identifier ? nil : "the schema has changed"
        case .assertLastAssignedFieldIdentifier(let identifier):
            metadata.lastColumnIdentifier == identifier ? nil : "columns have been added"
        case .assertDefaultPartitionSpec(let identifier):
            metadata.number("default-spec-id") == Int64(identifier)
                ? nil : "the partition spec has changed"
        case .assertDefaultSortOrder(let identifier):
            metadata.number("default-sort-order-id") == Int64(identifier)
                ? nil : "the sort order has changed"
        }
    }
}

/// A branch or a tag: a name for a snapshot.
public struct SnapshotReference: Hashable, Sendable {
    /// The branch that readers read and writers write if they name none.
    public static let main = "main"

    public enum Kind: String, Hashable, Sendable {
        case branch, tag
    }

    public var name: String
    public var snapshot: Int64
    public var kind: Kind
    /// Retention, and whatever else stands there.
    var others: [JSONMember]

    public init(_ name: String, _ snapshot: Int64, _ kind: Kind) {
        self.name = name
        self.snapshot = snapshot
        self.kind = kind
        others = []
    }

    init(_ name: String, json: JSONField) throws {
        self.name = name
        snapshot = try json.required("snapshot-id").integer()
        let text = try json.required("type").string()
        guard let kind = Kind(rawValue: text) else {
            throw IcebergError.unsupported(reason: "a reference \(name) of type \(text)")
        }
        self.kind = kind
        others = json.value.others(than: ["snapshot-id", "type"])
    }

    var json: JSONValue {
        .object(
            [
                JSONMember("snapshot-id", .integer(snapshot)),
                JSONMember("type", .string(kind.rawValue)),
            ] + others)
    }
}

extension JSONValue {
    /// The members of an object that have other names than these, as they stand.
    func others(than known: Set<String>) -> [JSONMember] {
        (object ?? []).filter { !known.contains($0.name) }
    }
}
