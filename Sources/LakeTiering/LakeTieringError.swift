/// What can go wrong in tiering to the lake, by what the caller must do.
public enum LakeTieringError: Error, Hashable, Sendable, CustomStringConvertible {
    // Wait, and try again.
    case unavailable(reason: String)
    /// The table moved on while the round was made: begin it again from the table's new state.
    case overtaken(table: String, reason: String)
    // Give up the round: someone else has the table by now.
    case fenced(table: String, reason: String)
    /// Rename the column or the table: its lake table cannot be made, or is another's.
    case refused(table: String, reason: String)
    // Restore the data.
    case damaged(reason: String)

    public var description: String {
        switch self {
        case .unavailable(let reason): "tiering has to wait: \(reason)"
        case .overtaken(let table, let reason): "table \(table) moved on meanwhile: \(reason)"
        case .refused(let table, let reason): "table \(table) cannot go to the lake: \(reason)"
        case .fenced(let table, let reason): "another tierer has table \(table): \(reason)"
        case .damaged(let reason): "tiered data is damaged: \(reason)"
        }
    }
}
