/// Why a world could not be opened.
public enum HostError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The folder cannot be used: free it, or give another.
    case folder(path: String, reason: String)
    /// The database cannot be used: restore it, or give another folder.
    case database(path: String, reason: String)

    public var description: String {
        switch self {
        case .folder(let path, let reason): "cannot use the folder \(path): \(reason)"
        case .database(let path, let reason): "cannot use the database \(path): \(reason)"
        }
    }
}
