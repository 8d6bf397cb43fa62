public import Cluster
public import Columnar
public import LakeTiering
public import Platform
public import UnionRead
public import Vectors

/// What a lookup found, by the hashes of rows.
public struct LookupAnswer {
    public let log: CommittedLog
    public let keys: [[UInt8]]
    public let found: [UInt64?]
    /// The offset that the answer claims to reflect.
    public let offset: Int64
    /// Up to where writers had been told that the bucket is durable before it was asked.
    public let known: Int64
}

/// What one lookup of keys in several buckets found, each bucket as of a moment of its own.
public struct TableLookupAnswer {
    /// One key of it.
    public struct Entry {
        public let log: CommittedLog
        public let key: [UInt8]
        /// The hash of the row; nil if there was none.
        public let found: UInt64?
        /// Up to where writers had been told that the bucket is durable before it was asked.
        public let known: Int64
        /// What was committed no sooner than it was answered begins there.
        public let end: Int64
    }

    /// The schema that the rows were read under.
    public let schema: Schema
    public let entries: [Entry]
}

/// What a step of a scan found.
public struct ScanAnswer {
    public let log: CommittedLog
    /// The key after which it began; nil for the first.
    public let start: [UInt8]?
    /// The last key that it can speak of; nil if it went to the end.
    public let last: [UInt8]?
    /// What the keys that were asked for begin with.
    public var prefix: [UInt8] = []
    public let found: [[UInt8]: UInt64]
    public let offset: Int64
    public let known: Int64
}

/// What a scan of a whole table that ends after some rows found: of no one moment.
public struct PartialScanAnswer {
    public let table: TableDescription
    public let limit: Int
    public let rowCount: Int
    /// Those of the rows, each once, in order.
    public let keys: [[UInt8]]
}

/// Rows that were read under a schema later than the one, or the same, that they were written
/// under.
public struct EvolvedAnswer {
    public let log: CommittedLog
    /// The schema that they were read under.
    public let schema: Schema
    /// The columns that were read, by position in the schema; nil for all.
    public var columns: [Int]?
    /// How they were read, for people.
    public let way: String
    /// By their offsets in the log.
    public var byOffset: [Int64: Row] = [:]
    /// By encoded key, as of `offset`.
    public var byKey: [[UInt8]: Row] = [:]
    public var offset: Int64
}

/// The partitions that are left of a table for rows with a value in a partition column.
public struct PrunedAnswer {
    public let table: TableDescription
    public let column: Int
    public let value: Value
    public let partitions: [Int64]
}

/// Where in a log a moment is.
public struct MomentAnswer {
    public let log: CommittedLog
    public let timestamp: Timestamp
    public let offset: Int64
    /// Up to where the log was known to be committed before it was asked.
    public let seen: Int64
    /// Where the log was known to start once it was answered: what is before has expired.
    public let start: Int64
}

/// Where a log was said to begin and to end.
public struct EndsAnswer {
    public let log: CommittedLog
    public let earliest: Int64
    public let latest: Int64
    /// Up to where writers had been told that the bucket is durable before it was asked.
    public let known: Int64
    /// Where the log was known to start once it was answered.
    public let start: Int64
    /// Up to where its leader knew it as committed once it was answered; nil where that tells
    /// nothing, as the leader may be another by then.
    public let committed: Int64?
}

/// What a search found.
public struct SearchAnswer {
    public let log: CommittedLog
    /// The indexed column that was searched.
    public let column: VectorColumn
    public let query: [Float]
    /// Near rows that were asked for.
    public let limit: Int
    /// Which rows pass, inside the index; nil for all.
    public let question: PartialQuestion?
    public let answer: VectorAnswer
    /// Up to where the same reader had been answered before it asked.
    public let notBefore: Int64
}

/// What a search of a whole table found.
public struct TableSearchAnswer {
    public let table: TableDescription
    /// The indexed column that was searched.
    public let column: VectorColumn
    public let query: [Float]
    /// Near rows that were asked for.
    public let limit: Int
    public let answer: TableVectorAnswer
    /// Those that it has to be about.
    public let buckets: [BucketIdentifier]
}

/// What a search of a whole table for rows that pass found.
public struct NearestAnswer {
    public let table: TableDescription
    /// The indexed column that was searched.
    public let column: VectorColumn
    public let query: [Float]
    /// Near rows that were asked for.
    public let limit: Int
    /// Which rows pass; nil for all.
    public let question: PartialQuestion?
    public let answer: NearestRows
    /// Those that it has to be about.
    public let buckets: [BucketIdentifier]
}

/// What a service saw that follows a log.
public struct FollowAnswer {
    public let log: CommittedLog
    /// Where it went on, and up to where it has seen everything.
    public let start: Int64
    public let end: Int64
    /// By offset: what it did, with the hash of the row.
    public let changes: [Int64: CommittedLog.Change]
}

/// What a fetch with a filter brought, which has the server leave out batches.
public struct WantedAnswer {
    public let log: CommittedLog
    /// That of the table as the predicate was made for it.
    public let schema: Schema
    public let wanted: LogPredicate
    /// Where it began, and up to where it says that there is no other wanted row.
    public let start: Int64
    public let end: Int64
    /// By offset: what came, wanted or not.
    public let changes: [Int64: CommittedLog.Change]
}

/// What the cluster says that a consumer has kept last, beside what it has.
public struct KeptOffsets {
    public let table: TableDescription
    public let consumer: String
    public let found: [BucketIdentifier: Int64]
    public let kept: [BucketIdentifier: Int64]
}

/// What a read of a whole table over log and lake found.
public struct WholeTableAnswer {
    public let table: TableDescription
    public let answer: UnionAnswer
    /// The snapshot that was read; nil for now.
    public let snapshot: Int64?
    /// By bucket: below which all was acknowledged before the read began.
    public let known: LakeOffsets
}

/// What a table read batch by batch has, beside the same table read whole.
public struct StreamedAnswer {
    public let table: TableDescription
    public let whole: UnionAnswer
    public let rows: [Row]
}

/// What became of a table's rows between two reads of it, as its log tells.
public struct LogChangesAnswer {
    public let table: TableDescription
    public let before: UnionAnswer
    public let after: UnionAnswer
    public let answer: ChangeAnswer
}

/// What a read of a table's changes between two snapshots found.
public struct ChangesAnswer {
    public let table: TableDescription
    public let from: Int64
    public let to: Int64
    public let answer: ChangeAnswer
}

/// What a read of some columns of some rows found, beside the whole table.
public struct PartialAnswer {
    public let table: TableDescription
    public let whole: UnionAnswer
    public let part: UnionAnswer
    public let question: PartialQuestion
}
