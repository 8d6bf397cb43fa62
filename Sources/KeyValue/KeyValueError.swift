/// What can go wrong with the rows of a primary-key table; cases by what the caller must do.
public enum KeyValueError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Restore the data: drop this store, restore a snapshot and replay the changelog.
    case damaged(path: String, reason: String)
    /// Fix the call: the request does not fit the table.
    case invalidRequest(reason: String)
    /// Send less at once: the changes do not fit into one batch of the changelog.
    case tooLarge(byteCount: Int, limit: Int)
    /// The changelog says something that cannot follow from what came before: report it.
    case inconsistentChangelog(reason: String, offset: Int64)
    /// Wait until there is room on the disk, then try again.
    case storageFull(path: String)
    /// The device failed; what it holds is in doubt: this store is closed, open it anew.
    case storageFailed(path: String, reason: String)
    /// The store was closed before.
    case closed(path: String)

    public var description: String {
        switch self {
        case .damaged(let path, let reason):
            "\(path) is damaged, restore a snapshot: \(reason)"
        case .invalidRequest(let reason): "invalid request: \(reason)"
        case .tooLarge(let byteCount, let limit):
            "the changes make a batch of \(byteCount) bytes, at most \(limit) are taken"
        case .inconsistentChangelog(let reason, let offset):
            "the changelog contradicts itself at offset \(offset): \(reason)"
        case .storageFull(let path): "no space is left on the disk for \(path)"
        case .storageFailed(let path, let reason):
            "the disk failed under \(path), the store must be opened anew: \(reason)"
        case .closed(let path): "store \(path) is closed"
        }
    }
}
