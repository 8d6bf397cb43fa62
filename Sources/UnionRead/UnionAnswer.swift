public import Columnar

/// The rows of a table at one moment.
public struct UnionAnswer: Sendable {
    /// The snapshot that the lake's part is of; nil if the lake has nothing yet.
    public var snapshot: Int64?
    /// By bucket: the answer reflects all offsets below and none from there on.
    public var offsets: [Int64]
    /// By bucket: where the lake's part ends.
    public var lakeOffsets: [Int64]
    /// What was asked for, in order: a log table's rows by bucket and offset, those of a
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
    public struct Position: Hashable, Sendable {
        public var bucket: Int32
        public var offset: Int64

        public init(bucket: Int32, offset: Int64) {
            self.bucket = bucket
            self.offset = offset
        }
    }

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
