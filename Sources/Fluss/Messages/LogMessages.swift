// Writing to logs and reading from them.

struct InitWriterRequest: ProtobufMessage, Hashable {
    var tablePaths: [WireTablePath] = []

    static let fields: [ProtobufField<InitWriterRequest>] = [
        .repeated(1, "table_paths", \.tablePaths)
    ]
}

struct InitWriterResponse: ProtobufMessage, Hashable {
    var writerID: Int64 = 0

    static let fields: [ProtobufField<InitWriterResponse>] = [
        .required(1, "writer_id", \.writerID)
    ]
}

struct ProduceLogRequest: ProtobufMessage, Hashable {
    var acknowledgements: Int32 = 0
    var tableID: Int64 = 0
    var timeoutMilliseconds: Int32 = 0
    var buckets: [RecordsForBucket] = []

    static let fields: [ProtobufField<ProduceLogRequest>] = [
        .required(1, "acknowledgements", \.acknowledgements),
        .required(2, "table_id", \.tableID),
        .required(3, "timeout_milliseconds", \.timeoutMilliseconds),
        .repeated(4, "buckets", \.buckets),
    ]
}

struct RecordsForBucket: ProtobufMessage, Hashable {
    var partitionID: Int64?
    var bucketID: Int32 = 0
    var records: [UInt8] = []

    static let fields: [ProtobufField<RecordsForBucket>] = [
        .optional(1, "partition_id", \.partitionID),
        .required(2, "bucket_id", \.bucketID),
        .required(3, "records", \.records),
    ]
}

struct ProduceLogResponse: ProtobufMessage, Hashable {
    var buckets: [ProducedBucket] = []

    static let fields: [ProtobufField<ProduceLogResponse>] = [
        .repeated(1, "buckets", \.buckets)
    ]
}

struct ProducedBucket: ProtobufMessage, Hashable {
    var partitionID: Int64?
    var bucketID: Int32 = 0
    var errorCode: Int32?
    var errorMessage: String?
    var baseOffset: Int64?

    static let fields: [ProtobufField<ProducedBucket>] = [
        .optional(1, "partition_id", \.partitionID),
        .required(2, "bucket_id", \.bucketID),
        .optional(3, "error_code", \.errorCode),
        .optional(4, "error_message", \.errorMessage),
        .optional(5, "base_offset", \.baseOffset),
    ]
}

struct FetchLogRequest: ProtobufMessage, Hashable {
    var followerServerID: Int32 = 0
    var maximumBytes: Int32 = 0
    var tables: [FetchLogRequestForTable] = []
    var maximumWaitMilliseconds: Int32?
    var minimumBytes: Int32?

    static let fields: [ProtobufField<FetchLogRequest>] = [
        .required(1, "follower_server_id", \.followerServerID),
        .required(2, "maximum_bytes", \.maximumBytes),
        .repeated(3, "tables", \.tables),
        .optional(4, "maximum_wait_milliseconds", \.maximumWaitMilliseconds),
        .optional(5, "minimum_bytes", \.minimumBytes),
    ]
}

struct FetchLogRequestForTable: ProtobufMessage, Hashable {
    var tableID: Int64 = 0
    var isProjected = false
    var projectedFields: [Int32] = []
    var buckets: [FetchLogRequestForBucket] = []
    /// A `PredicateMessage`, and the schema that it was made for: both or neither.
    var filterPredicate: [UInt8]?
    var filterSchemaID: Int32?

    static let fields: [ProtobufField<FetchLogRequestForTable>] = [
        .required(1, "table_id", \.tableID),
        .required(2, "is_projected", \.isProjected),
        .packed(3, "projected_fields", \.projectedFields),
        .repeated(4, "buckets", \.buckets),
        .optional(5, "filter_predicate", \.filterPredicate),
        .optional(6, "filter_schema_id", \.filterSchemaID),
    ]
}

struct FetchLogRequestForBucket: ProtobufMessage, Hashable {
    var partitionID: Int64?
    var bucketID: Int32 = 0
    var fetchOffset: Int64 = 0
    var maximumFetchBytes: Int32 = 0

    static let fields: [ProtobufField<FetchLogRequestForBucket>] = [
        .optional(1, "partition_id", \.partitionID),
        .required(2, "bucket_id", \.bucketID),
        .required(3, "fetch_offset", \.fetchOffset),
        .required(4, "maximum_fetch_bytes", \.maximumFetchBytes),
    ]
}

struct FetchLogResponse: ProtobufMessage, Hashable {
    var tables: [FetchLogResponseForTable] = []

    static let fields: [ProtobufField<FetchLogResponse>] = [
        .repeated(1, "tables", \.tables)
    ]
}

struct FetchLogResponseForTable: ProtobufMessage, Hashable {
    var tableID: Int64 = 0
    var buckets: [FetchLogResponseForBucket] = []

    static let fields: [ProtobufField<FetchLogResponseForTable>] = [
        .required(1, "table_id", \.tableID),
        .repeated(2, "buckets", \.buckets),
    ]
}

struct FetchLogResponseForBucket: ProtobufMessage, Hashable {
    var partitionID: Int64?
    var bucketID: Int32 = 0
    var errorCode: Int32?
    var errorMessage: String?
    var highWatermark: Int64?
    var logStartOffset: Int64?
    var records: [UInt8]?
    /// Where the batches that a filter left out end, if they are the last.
    var filteredEndOffset: Int64?

    static let fields: [ProtobufField<FetchLogResponseForBucket>] = [
        .optional(1, "partition_id", \.partitionID),
        .required(2, "bucket_id", \.bucketID),
        .optional(3, "error_code", \.errorCode),
        .optional(4, "error_message", \.errorMessage),
        .optional(5, "high_watermark", \.highWatermark),
        .optional(6, "log_start_offset", \.logStartOffset),
        .optional(8, "records", \.records),
        .optional(9, "filtered_end_offset", \.filteredEndOffset),
    ]
}

struct ListOffsetsRequest: ProtobufMessage, Hashable {
    var followerServerID: Int32 = 0
    var offsetType: Int32 = 0
    var tableID: Int64 = 0
    var partitionID: Int64?
    var bucketIDs: [Int32] = []
    var startTimestamp: Int64?

    static let fields: [ProtobufField<ListOffsetsRequest>] = [
        .required(1, "follower_server_id", \.followerServerID),
        .required(2, "offset_type", \.offsetType),
        .required(3, "table_id", \.tableID),
        .optional(4, "partition_id", \.partitionID),
        .packed(5, "bucket_ids", \.bucketIDs),
        .optional(6, "start_timestamp", \.startTimestamp),
    ]
}

struct ListOffsetsResponse: ProtobufMessage, Hashable {
    var buckets: [ListedOffset] = []

    static let fields: [ProtobufField<ListOffsetsResponse>] = [
        .repeated(1, "buckets", \.buckets)
    ]
}

struct ListedOffset: ProtobufMessage, Hashable {
    var bucketID: Int32 = 0
    var errorCode: Int32?
    var errorMessage: String?
    var offset: Int64?

    static let fields: [ProtobufField<ListedOffset>] = [
        .required(1, "bucket_id", \.bucketID),
        .optional(2, "error_code", \.errorCode),
        .optional(3, "error_message", \.errorMessage),
        .optional(4, "offset", \.offset),
    ]
}
