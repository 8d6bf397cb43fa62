// Rebalances: begin, list the progress, cancel.

struct RebalanceRequest: ProtobufMessage, Hashable {
    var goals: [Int32] = []

    static let fields: [ProtobufField<RebalanceRequest>] = [.packed(1, "goals", \.goals)]
}

struct RebalanceResponse: ProtobufMessage, Hashable {
    var rebalanceID = ""

    static let fields: [ProtobufField<RebalanceResponse>] = [
        .required(1, "rebalance_id", \.rebalanceID)
    ]
}

struct ListRebalanceProgressRequest: ProtobufMessage, Hashable {
    var rebalanceID: String?

    static let fields: [ProtobufField<ListRebalanceProgressRequest>] = [
        .optional(1, "rebalance_id", \.rebalanceID)
    ]
}

struct ListRebalanceProgressResponse: ProtobufMessage, Hashable {
    var rebalanceID: String?
    var status: Int32?
    var tables: [RebalanceProgressOfTable] = []

    static let fields: [ProtobufField<ListRebalanceProgressResponse>] = [
        .optional(1, "rebalance_id", \.rebalanceID),
        .optional(2, "rebalance_status", \.status),
        .repeated(3, "table_progress", \.tables),
    ]
}

struct CancelRebalanceRequest: ProtobufMessage, Hashable {
    var rebalanceID: String?

    static let fields: [ProtobufField<CancelRebalanceRequest>] = [
        .optional(1, "rebalance_id", \.rebalanceID)
    ]
}

struct CancelRebalanceResponse: ProtobufMessage, Hashable {
    static let fields: [ProtobufField<CancelRebalanceResponse>] = []
}

struct RebalanceProgressOfTable: ProtobufMessage, Hashable {
    var tableID: Int64 = 0
    var buckets: [RebalanceProgressOfBucket] = []

    static let fields: [ProtobufField<RebalanceProgressOfTable>] = [
        .required(1, "table_id", \.tableID),
        .repeated(2, "buckets_progress", \.buckets),
    ]
}

struct RebalanceProgressOfBucket: ProtobufMessage, Hashable {
    var plan = RebalancePlanOfBucket()
    var status: Int32 = 0

    static let fields: [ProtobufField<RebalanceProgressOfBucket>] = [
        .required(1, "rebalance_plan", \.plan),
        .required(2, "rebalance_status", \.status),
    ]
}

struct RebalancePlanOfBucket: ProtobufMessage, Hashable {
    var partitionID: Int64?
    var bucketID: Int32 = 0
    var originalLeader: Int32?
    var newLeader: Int32?
    var originalReplicas: [Int32] = []
    var newReplicas: [Int32] = []

    static let fields: [ProtobufField<RebalancePlanOfBucket>] = [
        .optional(1, "partition_id", \.partitionID),
        .required(2, "bucket_id", \.bucketID),
        .optional(3, "original_leader", \.originalLeader),
        .optional(4, "new_leader", \.newLeader),
        .packed(5, "original_replicas", \.originalReplicas),
        .packed(6, "new_replicas", \.newReplicas),
    ]
}
