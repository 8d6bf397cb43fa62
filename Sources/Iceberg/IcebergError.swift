/// What can go wrong with a lake table, by what the caller must do.
public enum IcebergError: Error, Hashable, Sendable, CustomStringConvertible {
    // Wait, and try again.
    case unavailable(table: String, reason: String)
    /// Others committed first, again and again.
    case tooManyConflicts(table: String, attempts: Int)
    // Read back before deciding anything.
    case outcomeUnknown(table: String, snapshot: Int64)
    // Fix the call.
    case noSuchTable(String)
    case noSuchSnapshot(table: String, snapshot: Int64)
    case unsupported(reason: String)
    /// A lake table of this name was made by, or for, another table.
    case otherTable(String, reason: String)
    // Restore the data.
    case damaged(path: String, reason: String)

    static func missing(_ path: String) -> IcebergError { .damaged(path: path, reason: missing) }

    private static let missing = "it is gone"

    /// Whether what is damaged is not there at all.
    public var isOfMissingFile: Bool {
        if case .damaged(_, Self.missing) = self { true } else { false }
    }

    public var description: String {
        switch self {
        case .unavailable(let table, let reason): "lake table \(table) has to wait: \(reason)"
        case .tooManyConflicts(let table, let attempts):
            "lake table \(table): others committed first \(attempts) times"
        case .outcomeUnknown(let table, let snapshot):
            "lake table \(table): whether snapshot \(snapshot) was committed is unknown"
        case .noSuchTable(let table): "there is no lake table \(table)"
        case .noSuchSnapshot(let table, let snapshot):
            "lake table \(table) has no snapshot \(snapshot)"
        case .unsupported(let reason): "unsupported lake table: \(reason)"
        case .otherTable(let table, let reason): "lake table \(table) is another's: \(reason)"
        case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
        }
    }
}
