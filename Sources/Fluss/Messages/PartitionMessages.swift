// Partitions: create, drop, list.

struct KeyAndValue: ProtobufMessage, Hashable {
    var key = ""
    var value = ""

    static let fields: [ProtobufField<KeyAndValue>] = [
        .required(1, "key", \.key),
        .required(2, "value", \.value),
    ]
}

/// The value of each partition column, by the column's name.
struct PartitionSpecification: ProtobufMessage, Hashable {
    var values: [KeyAndValue] = []

    static let fields: [ProtobufField<PartitionSpecification>] = [
        .repeated(1, "values", \.values)
    ]
}

struct ListPartitionsRequest: ProtobufMessage, Hashable {
    var tablePath = WireTablePath()
    var wanted: PartitionSpecification?

    static let fields: [ProtobufField<ListPartitionsRequest>] = [
        .required(1, "table_path", \.tablePath),
        .optional(2, "wanted", \.wanted),
    ]
}

struct ListPartitionsResponse: ProtobufMessage, Hashable {
    var partitions: [ListedPartition] = []

    static let fields: [ProtobufField<ListPartitionsResponse>] = [
        .repeated(1, "partitions", \.partitions)
    ]
}

struct ListedPartition: ProtobufMessage, Hashable {
    var partitionID: Int64 = 0
    var specification = PartitionSpecification()

    static let fields: [ProtobufField<ListedPartition>] = [
        .required(1, "partition_id", \.partitionID),
        .required(2, "specification", \.specification),
    ]
}

struct CreatePartitionRequest: ProtobufMessage, Hashable {
    var tablePath = WireTablePath()
    var specification = PartitionSpecification()
    /// Upstream calls it `ignore_if_not_exists`, and means one that exists.
    var ignoreIfExists = false

    static let fields: [ProtobufField<CreatePartitionRequest>] = [
        .required(1, "table_path", \.tablePath),
        .required(2, "specification", \.specification),
        .required(3, "ignore_if_exists", \.ignoreIfExists),
    ]
}

struct CreatePartitionResponse: ProtobufMessage, Hashable {
    static let fields: [ProtobufField<CreatePartitionResponse>] = []
}

struct DropPartitionRequest: ProtobufMessage, Hashable {
    var tablePath = WireTablePath()
    var specification = PartitionSpecification()
    var ignoreIfNotExists = false

    static let fields: [ProtobufField<DropPartitionRequest>] = [
        .required(1, "table_path", \.tablePath),
        .required(2, "specification", \.specification),
        .required(3, "ignore_if_not_exists", \.ignoreIfNotExists),
    ]
}

struct DropPartitionResponse: ProtobufMessage, Hashable {
    static let fields: [ProtobufField<DropPartitionResponse>] = []
}
