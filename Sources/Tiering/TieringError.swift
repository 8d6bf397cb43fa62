/// What can go wrong in the tiering of log segments, by what the caller must do.
public enum TieringError: Error, Hashable, Sendable, CustomStringConvertible {
    // Wait, and try again.
    case unavailable(reason: String)
    // Restore the data.
    case damaged(reason: String)
    case offsetNotTiered(offset: Int64, range: Range<Int64>)

    public var description: String {
        switch self {
        case .unavailable(let reason): "tiering has to wait: \(reason)"
        case .damaged(let reason): "tiered data is damaged: \(reason)"
        case .offsetNotTiered(let offset, let range):
            "offset \(offset) is not tiered; offsets \(range) are"
        }
    }
}
