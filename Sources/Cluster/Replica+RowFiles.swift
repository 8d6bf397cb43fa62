import KeyValue

/// What of a leader's rows is in files: what flushes and compactions have made.
public struct RowFiles: Hashable, Sendable {
    /// All changes of the log below are in the files.
    public var flushedOffset: Int64
    /// How many table files there are.
    public var fileCount: Int
    /// The number of the next file, which rises with each that is written.
    public var nextFile: Int64
}

extension Replica {
    /// Nil where this server does not lead, or has not recovered the rows.
    public var rowFiles: RowFiles? {
        guard let store = leadership?.tablet?.store else { return nil }
        return RowFiles(
            flushedOffset: store.durableOffset, fileCount: store.tableCount,
            nextFile: store.nextTableNumber)
    }
}
