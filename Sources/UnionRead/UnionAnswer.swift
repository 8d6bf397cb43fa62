public import Columnar
public import LakeTiering

/// The rows of a table at one moment.
public struct UnionAnswer: Sendable {
    /// The snapshot that the lake's part is of; nil if the lake has nothing yet.
    public var snapshot: Int64?
    /// By bucket: the answer reflects all offsets below and none from there on.
    public var offsets: LakeOffsets
    /// By bucket: where the lake's part ends.
    public var lakeOffsets: LakeOffsets
    /// What was asked for, in order: a log table's rows by partition, bucket and offset, those of a
    /// primary-key table by their encoded keys.
    public var batches: [RecordBatch]
    /// For each row of a primary-key table, in order, its key in `KeyCodec`'s bytes; empty for a
    /// log.
    public var keys: [[UInt8]]
    /// For each row, in order, where the change that made it stands.
    public var positions: [Position]
    /// Rows that were read from the lake, and records from the log, before filtering and merging.
    public var lakeRowCount: Int
    public var logRecordCount: Int
    /// Rows that other programs added to the lake: they are no changes of the log, and not here.
    public var foreignRowCount: Int
    /// Whether other programs changed rows of the lake: what they deleted is not here, what they
    /// updated is as they left it, until the log changes it.
    public var isShared: Bool

    /// A place in a table's log.
    public struct Position: Hashable, Comparable, Sendable {
        /// Nil in a table without partitions.
        public var partition: Int64?
        public var bucket: Int32
        public var offset: Int64

        public init(partition: Int64? = nil, bucket: Int32, offset: Int64) {
            self.partition = partition
            self.bucket = bucket
            self.offset = offset
        }

        public var lakeBucket: LakeBucket { LakeBucket(partition: partition, bucket: bucket) }

        public static func < (left: Position, right: Position) -> Bool {
            (left.partition ?? -1, left.bucket, left.offset)
                < (right.partition ?? -1, right.bucket, right.offset)
        }
    }

    /// Whether the answer reflects a bucket's log.
    public func reflects(_ bucket: LakeBucket) -> Bool { offsets.names(bucket) }

    public var rowCount: Int { positions.count }

    /// All rows, in the answer's order.
    public var rows: [Row] { batches.flatMap(\.rows) }

    /// The rows of a primary-key table with their encoded keys, in key order.
    public var rowsByKey: [(key: [UInt8], row: Row)] {
        precondition(keys.count == rowCount, "a log table has no keys")
        return Array(zip(keys, rows).map { ($0, $1) })
    }

    /// The rows of a log table with their places in it, by bucket and offset.
    public var rowsByPosition: [(position: Position, row: Row)] {
        Array(zip(positions, rows).map { ($0, $1) })
    }
}
