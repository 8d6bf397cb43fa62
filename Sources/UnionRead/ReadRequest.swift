public import Iceberg
public import LakeTiering
public import Platform

/// Which state of a table is asked for.
public enum ReadMoment: Hashable, Sendable {
    /// All that is committed to the log when the read begins.
    case head
    /// The table as a lake snapshot has it; the log is not looked at.
    case snapshot(Int64)
    /// As the snapshot that a branch or a tag of the lake table names has it.
    case reference(String)
    /// As the snapshot that was the lake's current one at a time has it.
    case time(Timestamp)
    /// The changes of each bucket below an offset: those of a lake snapshot that has no more, and
    /// those of the log after it. Of a partitioned table they name the partitions that are read.
    case offsets(LakeOffsets)
}

/// Which columns and rows of a table are asked for.
public struct ReadRequest: Hashable, Sendable {
    /// Positions in the table's schema, in the order of the answer; nil is all.
    public var columns: [Int]?
    /// What a row must pass; its columns need not be among `columns`.
    public var filter: RowFilter
    /// Whether the answer's batches have the system columns as well, after all others.
    public var includesSystemColumns: Bool

    public init(
        columns: [Int]? = nil, filter: RowFilter = RowFilter(), includesSystemColumns: Bool = false
    ) {
        self.columns = columns
        self.filter = filter
        self.includesSystemColumns = includesSystemColumns
    }
}
