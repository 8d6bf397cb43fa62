// Databases: create, drop, list, describe.

struct CreateDatabaseRequest: ProtobufMessage, Hashable {
    var databaseName = ""
    var ignoreIfExists = false
    var databaseJSON: [UInt8]?

    static let fields: [ProtobufField<CreateDatabaseRequest>] = [
        .required(1, "database_name", \.databaseName),
        .required(2, "ignore_if_exists", \.ignoreIfExists),
        .optional(3, "database_json", \.databaseJSON),
    ]
}

struct CreateDatabaseResponse: ProtobufMessage, Hashable {
    static let fields: [ProtobufField<CreateDatabaseResponse>] = []
}

struct DropDatabaseRequest: ProtobufMessage, Hashable {
    var databaseName = ""
    var ignoreIfNotExists = false
    var cascade = false

    static let fields: [ProtobufField<DropDatabaseRequest>] = [
        .required(1, "database_name", \.databaseName),
        .required(2, "ignore_if_not_exists", \.ignoreIfNotExists),
        .required(3, "cascade", \.cascade),
    ]
}

struct DropDatabaseResponse: ProtobufMessage, Hashable {
    static let fields: [ProtobufField<DropDatabaseResponse>] = []
}

struct ListDatabasesRequest: ProtobufMessage, Hashable {
    var includeSummary: Bool?

    static let fields: [ProtobufField<ListDatabasesRequest>] = [
        .optional(1, "include_summary", \.includeSummary)
    ]
}

struct ListDatabasesResponse: ProtobufMessage, Hashable {
    var databaseNames: [String] = []
    var databaseSummaries: [DatabaseSummary] = []

    static let fields: [ProtobufField<ListDatabasesResponse>] = [
        .repeated(1, "database_names", \.databaseNames),
        .repeated(2, "database_summaries", \.databaseSummaries),
    ]
}

struct DatabaseSummary: ProtobufMessage, Hashable {
    var databaseName = ""
    var createdTime: Int64 = 0
    var tableCount: Int32 = 0

    static let fields: [ProtobufField<DatabaseSummary>] = [
        .required(1, "database_name", \.databaseName),
        .required(2, "created_time", \.createdTime),
        .required(3, "table_count", \.tableCount),
    ]
}

struct DatabaseExistsRequest: ProtobufMessage, Hashable {
    var databaseName = ""

    static let fields: [ProtobufField<DatabaseExistsRequest>] = [
        .required(1, "database_name", \.databaseName)
    ]
}

struct DatabaseExistsResponse: ProtobufMessage, Hashable {
    var exists = false

    static let fields: [ProtobufField<DatabaseExistsResponse>] = [
        .required(1, "exists", \.exists)
    ]
}

struct GetDatabaseInfoRequest: ProtobufMessage, Hashable {
    var databaseName = ""

    static let fields: [ProtobufField<GetDatabaseInfoRequest>] = [
        .required(1, "database_name", \.databaseName)
    ]
}

struct GetDatabaseInfoResponse: ProtobufMessage, Hashable {
    var databaseJSON: [UInt8] = []
    var createdTime: Int64 = 0
    var modifiedTime: Int64 = 0

    static let fields: [ProtobufField<GetDatabaseInfoResponse>] = [
        .required(3, "database_json", \.databaseJSON),
        .required(4, "created_time", \.createdTime),
        .required(5, "modified_time", \.modifiedTime),
    ]
}
