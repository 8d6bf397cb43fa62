/// What can go wrong between clients, servers and the coordinator, by what the caller should do.
public enum ClusterError: Error, Hashable, Sendable, CustomStringConvertible {
    // Look up who leads, and try again.
    case notLeader(BucketIdentifier)
    case unknownBucket(BucketIdentifier)
    case fencedEpoch(BucketIdentifier, epoch: Int32)
    // Wait, and try again.
    case notEnoughReplicas(BucketIdentifier, inSync: Int, needed: Int)
    case recovering(BucketIdentifier)
    case busy(reason: String)
    /// The call may or may not have had its effect.
    case timedOut(String)
    // Fix the call.
    case offsetOutOfRange(BucketIdentifier, offset: Int64, start: Int64, end: Int64)
    case outOfOrderSequence(BucketIdentifier, writer: Int64, sequence: Int32)
    case invalidRequest(reason: String)
    /// Ask for less at once, or write smaller rows: `what` has more bytes than the limit.
    case tooLarge(_ what: String, byteCount: Int, limit: Int)
    /// Begin anew under another writer identifier: the log has forgotten this one.
    case unknownWriter(BucketIdentifier, writer: Int64)
    case tableExists(name: String)
    case unknownTable(name: String)
    case databaseExists(name: String)
    case unknownDatabase(name: String)
    /// Drop its tables first, or drop it with them.
    case databaseNotEmpty(name: String)
    case partitionExists(name: String)
    case unknownPartition(name: String)
    /// There is no such rebalance, or it has ended; nil is any.
    case unknownRebalance(identifier: Int64?)
    /// Begin the scan anew: its lease ended, or another server leads by now.
    case scanExpired(BucketIdentifier)
    /// Upgrade the node that was asked, or ask it in a version that it names.
    case unsupportedAPI(key: Int16, version: Int16, oldest: Int16, newest: Int16)
    /// Upgrade this node: something was written by a later one.
    case unsupportedFormat(String, version: Int16, newest: Int16)
    // Restore the data.
    case damaged(BucketIdentifier, detail: String)
    // Report a bug.
    case malformedMessage(reason: String)

    public var description: String {
        switch self {
        case .notLeader(let bucket): "this server does not lead \(bucket)"
        case .unknownBucket(let bucket): "this server does not know \(bucket)"
        case .fencedEpoch(let bucket, let epoch): "leader epoch \(epoch) of \(bucket) has passed"
        case .notEnoughReplicas(let bucket, let inSync, let needed):
            "\(bucket) has \(inSync) in-sync replicas and needs \(needed)"
        case .recovering(let bucket): "the leader of \(bucket) is still recovering its rows"
        case .busy(let reason): "try again later: \(reason)"
        case .timedOut(let what): "no answer in time: \(what)"
        case .offsetOutOfRange(let bucket, let offset, let start, let end):
            "offset \(offset) of \(bucket) is outside \(start)..<\(end)"
        case .outOfOrderSequence(let bucket, let writer, let sequence):
            "sequence \(sequence) of writer \(writer) does not follow its last one in \(bucket)"
        case .unknownWriter(let bucket, let writer):
            "\(bucket) does not remember writer \(writer): begin anew under another identifier"
        case .tooLarge(let what, let byteCount, let limit):
            "\(what) has \(byteCount) bytes; at most \(limit) are taken"
        case .invalidRequest(let reason): "bad request: \(reason)"
        case .tableExists(let name): "there is a table named \(name) already"
        case .unknownTable(let name): "there is no table named \(name)"
        case .databaseExists(let name): "there is a database named \(name) already"
        case .unknownDatabase(let name): "there is no database named \(name)"
        case .databaseNotEmpty(let name): "database \(name) has tables: drop them first"
        case .partitionExists(let name): "there is a partition \(name) already"
        case .unknownPartition(let name): "there is no partition \(name)"
        case .unknownRebalance(let identifier):
            "no rebalance \(identifier.map { "\($0) " } ?? "")is under way"
        case .scanExpired(let bucket):
            "the scan of \(bucket) has ended or expired: begin it anew"
        case .unsupportedAPI(let key, let version, let oldest, let newest):
            newest < oldest
                ? "call \(key) is unknown here: upgrade the node that was asked"
                : "call \(key) in version \(version) is unknown here, only versions "
                    + "\(oldest)...\(newest) are"
        case .unsupportedFormat(let what, let version, let newest):
            "\(what) is of format \(version) and this node reads up to \(newest): upgrade it"
        case .damaged(let bucket, let detail): "the log of \(bucket) is damaged: \(detail)"
        case .malformedMessage(let reason): "a message cannot be read: \(reason)"
        }
    }

    /// Whether the same call may succeed later, perhaps at another server, without doing anything
    /// twice.
    public var isRetriable: Bool {
        switch self {
        case .notLeader, .unknownBucket, .fencedEpoch, .notEnoughReplicas, .recovering, .busy,
            .timedOut:
            true
        default: false
        }
    }
}
