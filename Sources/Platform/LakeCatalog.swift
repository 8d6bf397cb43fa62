public import JSON

/// The catalog of lake tables: for each table which state of it is the current one.
///
/// A commit says what must hold of the table and what is to change, in the words of Iceberg's REST
/// protocol ("CommitTableRequest"). A catalog that keeps a pointer to a metadata file swaps it, and
/// takes the state that the commit was made for as the one requirement, which is stricter than any
/// other; a catalog that writes the metadata itself checks and applies what it is told.
public protocol LakeCatalog: AnyObject {
    /// Who writes a table's metadata files.
    var metadataWriter: LakeMetadataWriter { get }

    /// The table's current state, or nil if there is no such table.
    func load(_ table: LakeTableName) async throws -> LakeTableState?

    /// Adds a table; false if it exists.
    func create(_ table: LakeTableName, _ creation: LakeTableCreation) async throws -> Bool

    /// Makes another state the current one; false if a requirement does not hold, or there is no
    /// such table.
    func commit(_ table: LakeTableName, _ commit: LakeTableCommit) async throws -> Bool

    /// Gives a table another name, in a namespace that exists; false if there is no such table, or
    /// one of that name.
    func rename(_ table: LakeTableName, to name: LakeTableName) async throws -> Bool

    /// Removes a table's entry, not its files; false if there is none.
    func drop(_ table: LakeTableName) async throws -> Bool

    /// All tables, in order.
    func list() async throws -> [LakeTableName]
}

/// Who writes the metadata files of a catalog's tables.
public enum LakeMetadataWriter: Hashable, Sendable {
    /// Whoever commits, beforehand; the catalog's pointer is swapped then.
    case committer
    /// The catalog itself.
    case catalog
}

/// A state of a table, as a catalog tells it.
public struct LakeTableState: Hashable, Sendable {
    /// Where its metadata file is; another for each state.
    public var metadataLocation: String
    /// What stands in that file, where the catalog hands it out; else nil.
    public var metadata: JSONValue?

    public init(metadataLocation: String, metadata: JSONValue? = nil) {
        self.metadataLocation = metadataLocation
        self.metadata = metadata
    }
}

/// A table to be.
public struct LakeTableCreation: Hashable, Sendable {
    /// Where its first metadata file was written, for a catalog of pointers.
    public var metadataLocation: String
    /// The members of the REST protocol's "CreateTableRequest" but the name, for a catalog that
    /// writes the metadata itself.
    public var request: [JSONMember]

    public init(metadataLocation: String, request: [JSONMember] = []) {
        self.metadataLocation = metadataLocation
        self.request = request
    }
}

/// A change from one state of a table to the next.
public struct LakeTableCommit: Hashable, Sendable {
    /// Where the metadata is of the state that the commit was made for.
    public var base: String
    /// Where the metadata file of the next state was written, for a catalog of pointers; empty for
    /// one that writes it itself.
    public var replacement: String
    /// The REST protocol's "requirements" and "updates", one object each.
    public var requirements: [JSONValue]
    public var updates: [JSONValue]

    public init(
        base: String, replacement: String, requirements: [JSONValue] = [],
        updates: [JSONValue] = []
    ) {
        self.base = base
        self.replacement = replacement
        self.requirements = requirements
        self.updates = updates
    }

    /// The swap of one pointer for another.
    public static func swap(from base: String, to replacement: String) -> LakeTableCommit {
        LakeTableCommit(base: base, replacement: replacement)
    }
}

/// A table's name in the lake: a namespace, whose levels are joined by dots, and a name.
public struct LakeTableName: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var namespace: String
    public var name: String

    public init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    public var description: String { "\(namespace).\(name)" }

    public static func < (left: LakeTableName, right: LakeTableName) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }

    /// `LakeCatalogError.invalidRequest` if a part of it is empty.
    public func validate() throws(LakeCatalogError) {
        if namespace.isEmpty || name.isEmpty {
            throw .invalidRequest(reason: "the name '\(self)' of a table lacks a part")
        }
    }
}

public enum LakeCatalogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The request had no effect; retry later.
    case unavailable(LakeTableName)
    /// The request may or may not have had its effect: load again before deciding anything.
    case outcomeUnknown(LakeTableName)
    /// The catalog refuses the request as it is; only another one helps.
    case invalidRequest(reason: String)
    /// The catalog does not let us in, or not do that; give it other credentials.
    case denied(LakeTableName, reason: String)

    public var description: String {
        switch self {
        case .unavailable(let table): "the lake catalog is unavailable for table \(table)"
        case .outcomeUnknown(let table): "no answer from the lake catalog about table \(table)"
        case .invalidRequest(let reason): "bad catalog request: \(reason)"
        case .denied(let table, let reason):
            "the lake catalog denies access to table \(table): \(reason)"
        }
    }
}
