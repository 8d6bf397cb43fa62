/// What can go wrong before a run, by what the caller should do.
public enum WorkbenchError: Error, Hashable, Sendable, CustomStringConvertible {
    case unsupported(String)
    case unreadable(path: String, reason: String)
    /// A run on the real machine that had to end, since what it does could not be noted.
    case unwritable(String)
    /// A file or folder that is there and must not be used as it was meant to.
    case unusable(path: String, reason: String)
    /// Two workloads of a scenario would write to one table, and none could tell its rows.
    case sharedTable(name: String)

    public var description: String {
        switch self {
        case .unsupported(let what): "\(what) cannot be run"
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .unwritable(let problem):
            "the run was ended: \(problem); make room and serve the folder again"
        case .unusable(let path, let reason): "\(path) cannot be used: \(reason)"
        case .sharedTable(let name):
            "two workloads have a table named '\(name)': leave it out of one with `without` or "
                + "`tables`, or give a web log's capture a `table` of another name"
        }
    }
}
