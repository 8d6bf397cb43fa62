/// What can go wrong before a run, by what the caller should do.
public enum WorkbenchError: Error, Hashable, Sendable, CustomStringConvertible {
    case unsupported(String)
    case unreadable(path: String, reason: String)

    public var description: String {
        switch self {
        case .unsupported(let what): "\(what) cannot be run"
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        }
    }
}
