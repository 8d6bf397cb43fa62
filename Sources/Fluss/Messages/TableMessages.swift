// Tables: create, alter, drop, list, describe.

struct WireTablePath: ProtobufMessage, Hashable {
    var databaseName = ""
    var tableName = ""

    static let fields: [ProtobufField<WireTablePath>] = [
        .required(1, "database_name", \.databaseName),
        .required(2, "table_name", \.tableName),
    ]
}

struct CreateTableRequest: ProtobufMessage, Hashable {
    var tablePath = WireTablePath()
    var tableJSON: [UInt8] = []
    var ignoreIfExists = false

    static let fields: [ProtobufField<CreateTableRequest>] = [
        .required(1, "table_path", \.tablePath),
        .required(2, "table_json", \.tableJSON),
        .required(3, "ignore_if_exists", \.ignoreIfExists),
    ]
}

struct CreateTableResponse: ProtobufMessage, Hashable {
    static let fields: [ProtobufField<CreateTableResponse>] = []
}

struct DropTableRequest: ProtobufMessage, Hashable {
    var tablePath = WireTablePath()
    var ignoreIfNotExists = false

    static let fields: [ProtobufField<DropTableRequest>] = [
        .required(1, "table_path", \.tablePath),
        .required(2, "ignore_if_not_exists", \.ignoreIfNotExists),
    ]
}

struct DropTableResponse: ProtobufMessage, Hashable {
    static let fields: [ProtobufField<DropTableResponse>] = []
}

struct ListTablesRequest: ProtobufMessage, Hashable {
    var databaseName = ""

    static let fields: [ProtobufField<ListTablesRequest>] = [
        .required(1, "database_name", \.databaseName)
    ]
}

struct ListTablesResponse: ProtobufMessage, Hashable {
    var tableNames: [String] = []

    static let fields: [ProtobufField<ListTablesResponse>] = [
        .repeated(1, "table_names", \.tableNames)
    ]
}

struct TableExistsRequest: ProtobufMessage, Hashable {
    var tablePath = WireTablePath()

    static let fields: [ProtobufField<TableExistsRequest>] = [
        .required(1, "table_path", \.tablePath)
    ]
}

struct TableExistsResponse: ProtobufMessage, Hashable {
    var exists = false

    static let fields: [ProtobufField<TableExistsResponse>] = [
        .required(1, "exists", \.exists)
    ]
}

struct GetTableInfoRequest: ProtobufMessage, Hashable {
    var tablePath = WireTablePath()

    static let fields: [ProtobufField<GetTableInfoRequest>] = [
        .required(1, "table_path", \.tablePath)
    ]
}

struct GetTableInfoResponse: ProtobufMessage, Hashable {
    var tableID: Int64 = 0
    var schemaID: Int32 = 0
    var tableJSON: [UInt8] = []
    var createdTime: Int64 = 0
    var modifiedTime: Int64 = 0

    static let fields: [ProtobufField<GetTableInfoResponse>] = [
        .required(1, "table_id", \.tableID),
        .required(2, "schema_id", \.schemaID),
        .required(3, "table_json", \.tableJSON),
        .required(4, "created_time", \.createdTime),
        .required(5, "modified_time", \.modifiedTime),
    ]
}

struct GetTableSchemaRequest: ProtobufMessage, Hashable {
    var tablePath = WireTablePath()
    var schemaID: Int32?

    static let fields: [ProtobufField<GetTableSchemaRequest>] = [
        .required(1, "table_path", \.tablePath),
        .optional(2, "schema_id", \.schemaID),
    ]
}

struct GetTableSchemaResponse: ProtobufMessage, Hashable {
    var schemaID: Int32 = 0
    var schemaJSON: [UInt8] = []

    static let fields: [ProtobufField<GetTableSchemaResponse>] = [
        .required(1, "schema_id", \.schemaID),
        .required(2, "schema_json", \.schemaJSON),
    ]
}

struct AlterTableRequest: ProtobufMessage, Hashable {
    var tablePath = WireTablePath()
    var ignoreIfNotExists = false
    var configurationChanges: [AlterConfiguration] = []
    var addedColumns: [AddColumn] = []
    var droppedColumns: [DropColumn] = []
    var renamedColumns: [RenameColumn] = []

    static let fields: [ProtobufField<AlterTableRequest>] = [
        .required(1, "table_path", \.tablePath),
        .required(2, "ignore_if_not_exists", \.ignoreIfNotExists),
        .repeated(3, "configuration_changes", \.configurationChanges),
        .repeated(4, "added_columns", \.addedColumns),
        .repeated(5, "dropped_columns", \.droppedColumns),
        .repeated(6, "renamed_columns", \.renamedColumns),
    ]
}

struct AlterTableResponse: ProtobufMessage, Hashable {
    static let fields: [ProtobufField<AlterTableResponse>] = []
}

struct AlterConfiguration: ProtobufMessage, Hashable {
    var key = ""
    var value: String?
    var operation: Int32 = 0

    static let fields: [ProtobufField<AlterConfiguration>] = [
        .required(1, "key", \.key),
        .optional(2, "value", \.value),
        .required(3, "operation", \.operation),
    ]
}

struct AddColumn: ProtobufMessage, Hashable {
    var columnName = ""
    var dataTypeJSON: [UInt8] = []
    var comment: String?
    var positionType: Int32 = 0

    static let fields: [ProtobufField<AddColumn>] = [
        .required(1, "column_name", \.columnName),
        .required(2, "data_type_json", \.dataTypeJSON),
        .optional(3, "comment", \.comment),
        .required(4, "position_type", \.positionType),
    ]
}

struct DropColumn: ProtobufMessage, Hashable {
    var columnName = ""

    static let fields: [ProtobufField<DropColumn>] = [
        .required(1, "column_name", \.columnName)
    ]
}

struct RenameColumn: ProtobufMessage, Hashable {
    var oldColumnName = ""
    var newColumnName = ""

    static let fields: [ProtobufField<RenameColumn>] = [
        .required(1, "old_column_name", \.oldColumnName),
        .required(2, "new_column_name", \.newColumnName),
    ]
}
