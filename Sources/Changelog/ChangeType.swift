/// What a record of a changelog does to the row of its key; the raw values are Fluss's bytes.
public enum ChangeType: UInt8, Hashable, Sendable, CaseIterable {
    /// +A: a row of a log table.
    case append = 0
    /// +I: the first row of a key.
    case insert = 1
    /// -U: the row that an update replaces.
    case updateBefore = 2
    /// +U: the row that an update leaves.
    case updateAfter = 3
    /// -D: the row that is gone.
    case delete = 4

    /// Fluss's short name, such as `+U`.
    public var symbol: String {
        switch self {
        case .append: "+A"
        case .insert: "+I"
        case .updateBefore: "-U"
        case .updateAfter: "+U"
        case .delete: "-D"
        }
    }
}
