/// The catalog of lake tables: for each table one pointer to its current metadata file, swapped
/// atomically.
public protocol LakeCatalog: AnyObject {
    /// Where the table's current metadata is, or nil if there is no such table.
    func load(_ table: LakeTableName) async throws -> String?

    /// Adds a table; false if it exists.
    func create(_ table: LakeTableName, metadataLocation: String) async throws -> Bool

    /// Moves the pointer from `expected` to `replacement`; false if it was not at `expected`.
    func swap(
        _ table: LakeTableName, from expected: String, to replacement: String
    ) async throws -> Bool

    /// Removes a table's entry, not its files; false if there is none.
    func drop(_ table: LakeTableName) async throws -> Bool

    /// All tables, in order.
    func list() async throws -> [LakeTableName]
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
}

public enum LakeCatalogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The request had no effect; retry later.
    case unavailable(LakeTableName)
    /// The request may or may not have had its effect: load again before deciding anything.
    case outcomeUnknown(LakeTableName)
    case invalidRequest(reason: String)

    public var description: String {
        switch self {
        case .unavailable(let table): "the lake catalog is unavailable for table \(table)"
        case .outcomeUnknown(let table): "no answer from the lake catalog about table \(table)"
        case .invalidRequest(let reason): "bad catalog request: \(reason)"
        }
    }
}
