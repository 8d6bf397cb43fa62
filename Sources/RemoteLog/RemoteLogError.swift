/// What can go wrong with a remote log, by what the caller must do.
public enum RemoteLogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Wait, and try again: the object store does not answer, or its answer was lost.
    case unavailable(reason: String)
    /// Look which manifest is the current one, and try again; if it names the object too, it is
    /// damage.
    case gone(key: String)
    /// Restore the data: an object is gone, or is not what was uploaded.
    case damaged(reason: String)
    /// Read elsewhere: the remote log does not hold the offset.
    case offsetOutOfRange(offset: Int64, range: Range<Int64>)

    public var description: String {
        switch self {
        case .unavailable(let reason): "the remote log has to wait: \(reason)"
        case .gone(let key): "the remote log is damaged: object \(key) is gone"
        case .damaged(let reason): "the remote log is damaged: \(reason)"
        case .offsetOutOfRange(let offset, let range):
            "offset \(offset) is not in the remote log; offsets \(range) are"
        }
    }
}
