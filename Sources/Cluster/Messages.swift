import Columnar
import Iceberg
import KeyValue
import Platform
import Vectors

/// What nodes ask of each other.
enum Request {
    /// Which calls, in which versions, the node understands.
    case apiVersions
    case createTable(TableDescription)
    case createDatabase(DatabaseDescription)
    /// With its tables, if it is to be `cascading`; else only an empty one. Only the one that was
    /// created then, in milliseconds since 1970, or any if nil: the call may come late.
    case dropDatabase(String, created: Int64?, isCascading: Bool)
    case dropTable(Int64)
    case createPartition(table: Int64, values: [String])
    case dropPartition(table: Int64, partition: Int64)
    /// Has the replicas of a bucket move to these servers; to none cancels what is under way.
    case reassign(BucketIdentifier, replicas: [String])
    case rebalance([Rebalance.Goal])
    /// Ends a rebalance before its end; nil is any that is under way.
    case cancelRebalance(Int64?)
    /// Changes the table whose present schema has the identifier; asked again it changes nothing.
    case alterTable(TablePath, schema: Int16, [TableChange])
    case produce(ProduceRequest)
    case upsert(UpsertRequest)
    case fetch(FetchRequest)
    case lookup(BucketIdentifier, keys: [[UInt8]])
    /// As a lookup; a key that has no row gets one, with nothing but the key.
    case insertIfAbsent(BucketIdentifier, keys: [[UInt8]])
    case scan(BucketIdentifier, after: [UInt8]?, limit: Int)
    /// Rows whose encoded keys begin so.
    case prefixLookup(BucketIdentifier, prefix: [UInt8], after: [UInt8]?, limit: Int)
    case offsets(BucketIdentifier)
    /// The first offset whose batch was committed at that time or later.
    case offset(BucketIdentifier, at: Timestamp)
    /// Pages of the rows as they were at one moment.
    case scanRows(RowScanRequest)
    /// The rows of a bucket whose vectors are nearest to the query; asked of the indexer.
    case search(BucketIdentifier, VectorQuery)
}

enum Response {
    case failure(ClusterError)
    case apiVersions([SupportedAPI])
    case tableCreated(Int64)
    case done
    /// The batch is durable on the whole in-sync set.
    case appended(Acknowledgement)
    case fetched([FetchedBucket])
    /// The answer to a filtered fetch: with each bucket, where to fetch on.
    case filtered([FetchedBucket], nextOffsets: [Int64])
    /// A row for each key, nil where there is none, and the offset that the answer reflects.
    case rows([[UInt8]?], offset: Int64)
    case page(ScanPage)
    case offsets(LogOffsets)
    case offset(Int64)
    case rowScan(RowScanPage)
    case partitionCreated(Int64)
    case rebalanceBegun(Int64)
    case nearest(VectorAnswer)
}

/// Where an acknowledged batch stands, and in which term it was acknowledged.
public struct Acknowledgement: Hashable, Sendable {
    public var baseOffset: Int64
    public var endOffset: Int64
    public var leaderEpoch: Int32

    /// Who writes through another protocol may not be told in which term, or where the batch
    /// begins.
    public static let untoldEpoch: Int32 = -1
    public static let untoldOffset: Int64 = -1

    public init(baseOffset: Int64, endOffset: Int64, leaderEpoch: Int32) {
        self.baseOffset = baseOffset
        self.endOffset = endOffset
        self.leaderEpoch = leaderEpoch
    }
}

/// A batch for a log table; its header's offset, epoch and time are set by the leader.
struct ProduceRequest {
    var bucket: BucketIdentifier
    var batch: [UInt8]
}

/// Changes to the rows of a primary-key table.
struct UpsertRequest {
    var bucket: BucketIdentifier
    var writer: Int64
    var sequence: Int32
    /// An encoded row for an upsert, the encoded key for a delete.
    var operations: [Operation]
    /// Identifiers of the columns that a partial update or deletion is about; nil for all.
    var columns: [Int32]?

    /// What its rows and keys take, in bytes.
    var byteCount: Int { operations.reduce(0) { $0 + $1.bytes.count } }

    /// The positions of `columns` in a schema.
    func columns(in schema: Schema) throws(ClusterError) -> [Int]? {
        guard let columns else { return nil }
        var positions: [Int] = []
        for identifier in columns {
            guard let position = schema.position(ofIdentifier: identifier) else {
                throw .invalidRequest(
                    reason: "a partial update of column \(identifier), which \(bucket) does not "
                        + "have any more")
            }
            positions.append(position)
        }
        return positions
    }

    struct Operation {
        var isDelete: Bool
        var bytes: [UInt8]
    }
}

struct FetchRequest {
    /// The follower that asks, nil for a client, which sees committed batches only.
    var replica: String?
    var incarnation: Int64
    var waitMilliseconds: Int64
    var byteCount: Int
    var parts: [Part]
    /// Identifiers of the columns that a client wants, nil for all; a follower takes all.
    var columns: [Int32]?
    /// Batches that surely have no row that the client wants are left out.
    var filter: LogFilter?

    struct Part {
        var bucket: BucketIdentifier
        /// The epoch that the follower follows; -1 for a client.
        var leaderEpoch: Int32
        /// The first offset wanted; a follower's log is durable up to there.
        var offset: Int64
        /// The epoch of the follower's last batch, -1 if it has none.
        var lastEpoch: Int32
    }
}

struct FetchedBucket {
    var bucket: BucketIdentifier
    var error: ClusterError?
    var highWatermark: Int64
    /// Whole batches from the wanted offset on.
    var batches: [UInt8]
    /// Set where the follower's log departs from the leader's: the last epoch in common and its
    /// end.
    var divergence: EpochEnd?
}

struct EpochEnd: Hashable {
    var epoch: Int32
    var endOffset: Int64
}

/// Where a log begins and how far it is committed.
public struct LogOffsets: Hashable, Sendable {
    public var start: Int64
    public var highWatermark: Int64
}

/// What is looked for in a vector index.
struct VectorQuery: Hashable {
    var vector: [Float]
    var limit: Int
    /// The identifier of the indexed column; nil is the table's first.
    var field: Int32?
    /// Which rows count, by columns that the index keeps.
    var filter = RowFilter()

    /// Whether it says no more than what the oldest version of the call can.
    var isPlain: Bool { field == nil && filter.conditions.isEmpty }
}

/// One step of a scan of a bucket's rows as they were at one moment.
struct RowScanRequest {
    var bucket: BucketIdentifier
    /// The scan that goes on; nil to begin one.
    var scan: Int64?
    /// Only rows whose encoded keys begin so.
    var prefix: [UInt8]
    var after: [UInt8]?
    /// Zero ends the scan before its last page.
    var limit: Int
}

struct RowScanPage {
    var scan: Int64
    var page: ScanPage
}

/// Some rows of a bucket in key order.
struct ScanPage {
    var rows: StoredRows
    /// All changes below this offset are in the rows, none from it on.
    var offset: Int64
    var isLast: Bool
}
