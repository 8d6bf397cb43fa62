/// What was dropped: a table with all that it had, or one partition of a table.
struct DroppedOwner: Hashable, Comparable, CustomStringConvertible {
    var table: Int64
    var partition: Int64?

    /// The front of the paths of all its buckets, on disks, in object keys and in metadata.
    var path: String { "\(table)/" + (partition.map { "p\($0)/" } ?? "") }

    func owns(_ bucket: BucketIdentifier) -> Bool {
        bucket.table == table && (partition == nil || bucket.partition == partition)
    }

    var description: String {
        "table \(table)" + (partition.map { " partition \($0)" } ?? "")
    }

    /// The key that is there as long as it was not dropped.
    var key: String {
        if let partition { return MetadataKey.partition(table: table, partition).text }
        return MetadataKey.table(table).text
    }

    static func < (left: DroppedOwner, right: DroppedOwner) -> Bool {
        (left.table, left.partition ?? -1) < (right.table, right.partition ?? -1)
    }
}
