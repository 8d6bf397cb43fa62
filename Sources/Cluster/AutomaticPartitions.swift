/// How a table's partitions by time come and go by themselves.
struct AutomaticPartitions: Hashable {
    /// The partition column that holds the time; nil where the table has one partition column.
    var column: String?
    var unit: PartitionTime
    /// Partitions that are there ahead of time, the present one among them.
    var precreatedCount: Int
    /// Partitions that are kept before the present one.
    var retainedCount: Int

    /// The names of the time that are to be there at a moment.
    func wanted(at milliseconds: Int64) -> [String] {
        (0..<precreatedCount).map { unit.name(at: milliseconds, plus: $0) }
    }

    /// Whether a time is too old to be kept; one that is none never is.
    func isExpired(_ name: String, at milliseconds: Int64) -> Bool {
        unit.isName(name) && name < unit.name(at: milliseconds, plus: -retainedCount)
    }
}
