/// The unit of order and of replication: one bucket of one table.
public struct BucketIdentifier: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var table: Int64
    public var bucket: Int32

    public init(table: Int64, bucket: Int32) {
        self.table = table
        self.bucket = bucket
    }

    public var description: String { "table \(table) bucket \(bucket)" }

    /// The bucket's folder on a server, and its part of object keys.
    public var path: String { "\(table)/\(bucket)" }

    public static func < (left: BucketIdentifier, right: BucketIdentifier) -> Bool {
        (left.table, left.bucket) < (right.table, right.bucket)
    }
}
