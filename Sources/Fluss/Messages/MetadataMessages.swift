// Versions of the API, servers, and who leads which bucket.

struct APIVersionsRequest: ProtobufMessage, Hashable {
    var clientSoftwareName = ""
    var clientSoftwareVersion = ""

    static let fields: [ProtobufField<APIVersionsRequest>] = [
        .required(1, "client_software_name", \.clientSoftwareName),
        .required(2, "client_software_version", \.clientSoftwareVersion),
    ]
}

struct APIVersionsResponse: ProtobufMessage, Hashable {
    var versions: [APIVersion] = []
    var serverType: Int32?

    static let fields: [ProtobufField<APIVersionsResponse>] = [
        .repeated(1, "versions", \.versions),
        .optional(2, "server_type", \.serverType),
    ]
}

struct APIVersion: ProtobufMessage, Hashable {
    var key: Int32 = 0
    var minimum: Int32 = 0
    var maximum: Int32 = 0

    static let fields: [ProtobufField<APIVersion>] = [
        .required(1, "key", \.key),
        .required(2, "minimum", \.minimum),
        .required(3, "maximum", \.maximum),
    ]
}

struct WirePartitionPath: ProtobufMessage, Hashable {
    var databaseName = ""
    var tableName = ""
    var partitionName: String?

    static let fields: [ProtobufField<WirePartitionPath>] = [
        .required(1, "database_name", \.databaseName),
        .required(2, "table_name", \.tableName),
        .optional(3, "partition_name", \.partitionName),
    ]
}

extension WirePartitionPath {
    /// The table's.
    var table: WireTablePath {
        var path = WireTablePath()
        path.databaseName = databaseName
        path.tableName = tableName
        return path
    }
}

struct MetadataRequest: ProtobufMessage, Hashable {
    var tablePaths: [WireTablePath] = []
    var partitionPaths: [WirePartitionPath] = []
    var partitionIDs: [Int64] = []

    static let fields: [ProtobufField<MetadataRequest>] = [
        .repeated(1, "table_paths", \.tablePaths),
        .repeated(2, "partition_paths", \.partitionPaths),
        .packed(3, "partition_ids", \.partitionIDs),
    ]
}

struct MetadataResponse: ProtobufMessage, Hashable {
    var coordinator: ServerNode?
    var tabletServers: [ServerNode] = []
    var tables: [TableMetadata] = []
    var partitions: [PartitionMetadata] = []

    static let fields: [ProtobufField<MetadataResponse>] = [
        .optional(1, "coordinator", \.coordinator),
        .repeated(2, "tablet_servers", \.tabletServers),
        .repeated(3, "tables", \.tables),
        .repeated(4, "partitions", \.partitions),
    ]
}

struct ServerNode: ProtobufMessage, Hashable {
    var nodeID: Int32 = 0
    var host = ""
    var port: Int32 = 0

    static let fields: [ProtobufField<ServerNode>] = [
        .required(1, "node_id", \.nodeID),
        .required(2, "host", \.host),
        .required(3, "port", \.port),
    ]
}

struct TableMetadata: ProtobufMessage, Hashable {
    var tablePath = WireTablePath()
    var tableID: Int64 = 0
    var schemaID: Int32 = 0
    var tableJSON: [UInt8] = []
    var buckets: [BucketMetadata] = []
    var createdTime: Int64 = 0
    var modifiedTime: Int64 = 0

    static let fields: [ProtobufField<TableMetadata>] = [
        .required(1, "table_path", \.tablePath),
        .required(2, "table_id", \.tableID),
        .required(3, "schema_id", \.schemaID),
        .required(4, "table_json", \.tableJSON),
        .repeated(5, "buckets", \.buckets),
        .required(6, "created_time", \.createdTime),
        .required(7, "modified_time", \.modifiedTime),
    ]
}

struct PartitionMetadata: ProtobufMessage, Hashable {
    var tableID: Int64 = 0
    var partitionName = ""
    var partitionID: Int64 = 0
    var buckets: [BucketMetadata] = []

    static let fields: [ProtobufField<PartitionMetadata>] = [
        .required(1, "table_id", \.tableID),
        .required(2, "partition_name", \.partitionName),
        .required(3, "partition_id", \.partitionID),
        .repeated(4, "buckets", \.buckets),
    ]
}

struct BucketMetadata: ProtobufMessage, Hashable {
    var bucketID: Int32 = 0
    var leaderID: Int32?
    var replicaIDs: [Int32] = []
    var leaderEpoch: Int32?

    static let fields: [ProtobufField<BucketMetadata>] = [
        .required(1, "bucket_id", \.bucketID),
        .optional(2, "leader_id", \.leaderID),
        .packed(3, "replica_ids", \.replicaIDs),
        .optional(4, "leader_epoch", \.leaderEpoch),
    ]
}

struct ErrorResponse: ProtobufMessage, Hashable {
    var errorCode: Int32 = 0
    var errorMessage: String?

    static let fields: [ProtobufField<ErrorResponse>] = [
        .required(1, "error_code", \.errorCode),
        .optional(2, "error_message", \.errorMessage),
    ]
}
