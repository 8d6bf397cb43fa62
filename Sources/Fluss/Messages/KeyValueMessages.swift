// Writing the rows of primary-key tables and reading them.

struct PutKeyValueRequest: ProtobufMessage, Hashable {
    var acknowledgements: Int32 = 0
    var tableID: Int64 = 0
    var timeoutMilliseconds: Int32 = 0
    var targetColumns: [Int32] = []
    var buckets: [RecordsForBucket] = []
    var aggregationMode: Int32?

    static let fields: [ProtobufField<PutKeyValueRequest>] = [
        .required(1, "acknowledgements", \.acknowledgements),
        .required(2, "table_id", \.tableID),
        .required(3, "timeout_milliseconds", \.timeoutMilliseconds),
        .packed(4, "target_columns", \.targetColumns),
        .repeated(5, "buckets", \.buckets),
        .optional(6, "aggregation_mode", \.aggregationMode),
    ]
}

struct PutKeyValueResponse: ProtobufMessage, Hashable {
    var buckets: [PutBucket] = []

    static let fields: [ProtobufField<PutKeyValueResponse>] = [
        .repeated(1, "buckets", \.buckets)
    ]
}

struct PutBucket: ProtobufMessage, Hashable {
    var partitionID: Int64?
    var bucketID: Int32 = 0
    var errorCode: Int32?
    var errorMessage: String?
    var logEndOffset: Int64?

    static let fields: [ProtobufField<PutBucket>] = [
        .optional(1, "partition_id", \.partitionID),
        .required(2, "bucket_id", \.bucketID),
        .optional(3, "error_code", \.errorCode),
        .optional(4, "error_message", \.errorMessage),
        .optional(5, "log_end_offset", \.logEndOffset),
    ]
}

struct LookupRequest: ProtobufMessage, Hashable {
    var tableID: Int64 = 0
    var buckets: [KeysForBucket] = []
    var insertIfNotExists: Bool?
    var acknowledgements: Int32?
    var timeoutMilliseconds: Int32?

    static let fields: [ProtobufField<LookupRequest>] = [
        .required(1, "table_id", \.tableID),
        .repeated(2, "buckets", \.buckets),
        .optional(3, "insert_if_not_exists", \.insertIfNotExists),
        .optional(4, "acknowledgements", \.acknowledgements),
        .optional(5, "timeout_milliseconds", \.timeoutMilliseconds),
    ]
}

struct KeysForBucket: ProtobufMessage, Hashable {
    var partitionID: Int64?
    var bucketID: Int32 = 0
    var keys: [[UInt8]] = []

    static let fields: [ProtobufField<KeysForBucket>] = [
        .optional(1, "partition_id", \.partitionID),
        .required(2, "bucket_id", \.bucketID),
        .repeated(3, "keys", \.keys),
    ]
}

struct LookupResponse: ProtobufMessage, Hashable {
    var buckets: [LookedUpBucket] = []

    static let fields: [ProtobufField<LookupResponse>] = [
        .repeated(1, "buckets", \.buckets)
    ]
}

struct LookedUpBucket: ProtobufMessage, Hashable {
    var partitionID: Int64?
    var bucketID: Int32 = 0
    var errorCode: Int32?
    var errorMessage: String?
    var values: [LookedUpValue] = []

    static let fields: [ProtobufField<LookedUpBucket>] = [
        .optional(1, "partition_id", \.partitionID),
        .required(2, "bucket_id", \.bucketID),
        .optional(3, "error_code", \.errorCode),
        .optional(4, "error_message", \.errorMessage),
        .repeated(5, "values", \.values),
    ]
}

struct LookedUpValue: ProtobufMessage, Hashable {
    var bytes: [UInt8]?

    static let fields: [ProtobufField<LookedUpValue>] = [
        .optional(1, "bytes", \.bytes)
    ]
}

struct PrefixLookupRequest: ProtobufMessage, Hashable {
    var tableID: Int64 = 0
    var buckets: [KeysForBucket] = []

    static let fields: [ProtobufField<PrefixLookupRequest>] = [
        .required(1, "table_id", \.tableID),
        .repeated(2, "buckets", \.buckets),
    ]
}

struct PrefixLookupResponse: ProtobufMessage, Hashable {
    var buckets: [PrefixLookedUpBucket] = []

    static let fields: [ProtobufField<PrefixLookupResponse>] = [
        .repeated(1, "buckets", \.buckets)
    ]
}

struct PrefixLookedUpBucket: ProtobufMessage, Hashable {
    var partitionID: Int64?
    var bucketID: Int32 = 0
    var errorCode: Int32?
    var errorMessage: String?
    var values: [LookedUpValues] = []

    static let fields: [ProtobufField<PrefixLookedUpBucket>] = [
        .optional(1, "partition_id", \.partitionID),
        .required(2, "bucket_id", \.bucketID),
        .optional(3, "error_code", \.errorCode),
        .optional(4, "error_message", \.errorMessage),
        .repeated(5, "values", \.values),
    ]
}

struct LookedUpValues: ProtobufMessage, Hashable {
    var bytes: [[UInt8]] = []

    static let fields: [ProtobufField<LookedUpValues>] = [
        .repeated(1, "bytes", \.bytes)
    ]
}

struct LimitScanRequest: ProtobufMessage, Hashable {
    var tableID: Int64 = 0
    var partitionID: Int64?
    var bucketID: Int32 = 0
    var limit: Int32 = 0

    static let fields: [ProtobufField<LimitScanRequest>] = [
        .required(2, "table_id", \.tableID),
        .optional(3, "partition_id", \.partitionID),
        .required(4, "bucket_id", \.bucketID),
        .required(5, "limit", \.limit),
    ]
}

struct LimitScanResponse: ProtobufMessage, Hashable {
    var errorCode: Int32?
    var errorMessage: String?
    var isLogTable: Bool?
    var records: [UInt8]?

    static let fields: [ProtobufField<LimitScanResponse>] = [
        .optional(1, "error_code", \.errorCode),
        .optional(2, "error_message", \.errorMessage),
        .optional(3, "is_log_table", \.isLogTable),
        .optional(4, "records", \.records),
    ]
}

struct ScanKeyValueRequest: ProtobufMessage, Hashable {
    /// The scan that goes on; absent in the call that begins one.
    var scannerID: [UInt8]?
    var bucket: ScannedBucket?
    var callSequence: Int32?
    var batchBytes: Int32?
    var closesScanner: Bool?

    static let fields: [ProtobufField<ScanKeyValueRequest>] = [
        .optional(1, "scanner_id", \.scannerID),
        .optional(2, "bucket", \.bucket),
        .optional(3, "call_sequence", \.callSequence),
        .optional(4, "batch_bytes", \.batchBytes),
        .optional(5, "closes_scanner", \.closesScanner),
    ]
}

struct ScannedBucket: ProtobufMessage, Hashable {
    var tableID: Int64 = 0
    var partitionID: Int64?
    var bucketID: Int32 = 0
    var limit: Int64?

    static let fields: [ProtobufField<ScannedBucket>] = [
        .required(1, "table_id", \.tableID),
        .optional(2, "partition_id", \.partitionID),
        .required(3, "bucket_id", \.bucketID),
        .optional(4, "limit", \.limit),
    ]
}

struct ScanKeyValueResponse: ProtobufMessage, Hashable {
    var errorCode: Int32?
    var errorMessage: String?
    var scannerID: [UInt8]?
    var hasMore: Bool?
    var records: [UInt8]?
    var logOffset: Int64?

    static let fields: [ProtobufField<ScanKeyValueResponse>] = [
        .optional(1, "error_code", \.errorCode),
        .optional(2, "error_message", \.errorMessage),
        .optional(3, "scanner_id", \.scannerID),
        .optional(4, "has_more", \.hasMore),
        .optional(5, "records", \.records),
        .optional(6, "log_offset", \.logOffset),
    ]
}
