public import LakeTiering

/// The unit of order and of replication: one bucket of one table, or of one of its partitions.
public struct BucketIdentifier: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var table: Int64
    /// Nil in a table without partitions.
    public var partition: Int64?
    public var bucket: Int32

    public init(table: Int64, partition: Int64? = nil, bucket: Int32) {
        self.table = table
        self.partition = partition
        self.bucket = bucket
    }

    /// The bucket as the lake knows it.
    public var inLake: LakeBucket { LakeBucket(partition: partition, bucket: bucket) }

    public init(table: Int64, _ bucket: LakeBucket) {
        self.init(table: table, partition: bucket.partition, bucket: bucket.bucket)
    }

    public var description: String {
        if let partition { return "table \(table) partition \(partition) bucket \(bucket)" }
        return "table \(table) bucket \(bucket)"
    }

    /// The bucket's folder on a server, and its part of object keys.
    public var path: String {
        if let partition { return "\(table)/p\(partition)/\(bucket)" }
        return "\(table)/\(bucket)"
    }

    /// Reads a `path` that was split at its slashes.
    public init?(path parts: ArraySlice<String>) {
        guard let table = parts.first.flatMap({ Int64($0) }),
            let bucket = parts.last.flatMap({ Int32($0) })
        else { return nil }
        self.init(table: table, bucket: bucket)
        switch parts.count {
        case 2: break
        case 3:
            let part = parts[parts.startIndex + 1]
            guard part.hasPrefix("p"), let number = Int64(part.dropFirst()) else { return nil }
            partition = number
        default: return nil
        }
    }

    public static func < (left: BucketIdentifier, right: BucketIdentifier) -> Bool {
        (left.table, left.partition ?? -1, left.bucket)
            < (right.table, right.partition ?? -1, right.bucket)
    }
}
