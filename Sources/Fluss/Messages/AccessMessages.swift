// Who a client is, and who may do what.

struct AuthenticateRequest: ProtobufMessage, Hashable {
    /// The mechanism, such as `PLAIN`.
    var mechanism = ""
    var token: [UInt8] = []

    static let fields: [ProtobufField<AuthenticateRequest>] = [
        .required(1, "protocol", \.mechanism),
        .required(2, "token", \.token),
    ]
}

struct AuthenticateResponse: ProtobufMessage, Hashable {
    var challenge: [UInt8]?

    static let fields: [ProtobufField<AuthenticateResponse>] = [
        .optional(1, "challenge", \.challenge)
    ]
}

struct AclInformation: ProtobufMessage, Hashable {
    var resourceName = ""
    var resourceType: Int32 = 0
    var principalName = ""
    var principalType = ""
    var host = ""
    var operationType: Int32 = 0
    var permissionType: Int32 = 0

    static let fields: [ProtobufField<AclInformation>] = [
        .required(1, "resource_name", \.resourceName),
        .required(2, "resource_type", \.resourceType),
        .required(3, "principal_name", \.principalName),
        .required(4, "principal_type", \.principalType),
        .required(5, "host", \.host),
        .required(6, "operation_type", \.operationType),
        .required(7, "permission_type", \.permissionType),
    ]
}

struct AclFilter: ProtobufMessage, Hashable {
    var resourceName: String?
    var resourceType: Int32 = 0
    var principalName: String?
    var principalType: String?
    var host: String?
    var operationType: Int32 = 0
    var permissionType: Int32 = 0

    static let fields: [ProtobufField<AclFilter>] = [
        .optional(1, "resource_name", \.resourceName),
        .required(2, "resource_type", \.resourceType),
        .optional(3, "principal_name", \.principalName),
        .optional(4, "principal_type", \.principalType),
        .optional(5, "host", \.host),
        .required(6, "operation_type", \.operationType),
        .required(7, "permission_type", \.permissionType),
    ]
}

struct ListAclsRequest: ProtobufMessage, Hashable {
    var filter = AclFilter()

    static let fields: [ProtobufField<ListAclsRequest>] = [
        .required(1, "acl_filter", \.filter)
    ]
}

struct ListAclsResponse: ProtobufMessage, Hashable {
    var acls: [AclInformation] = []

    static let fields: [ProtobufField<ListAclsResponse>] = [
        .repeated(1, "acl", \.acls)
    ]
}

struct CreateAclsRequest: ProtobufMessage, Hashable {
    var acls: [AclInformation] = []

    static let fields: [ProtobufField<CreateAclsRequest>] = [
        .repeated(1, "acl", \.acls)
    ]
}

struct CreateAclsResponse: ProtobufMessage, Hashable {
    var results: [CreatedAcl] = []

    static let fields: [ProtobufField<CreateAclsResponse>] = [
        .repeated(1, "aclRes", \.results)
    ]
}

struct CreatedAcl: ProtobufMessage, Hashable {
    var acl = AclInformation()
    var errorCode: Int32?
    var errorMessage: String?

    static let fields: [ProtobufField<CreatedAcl>] = [
        .required(1, "acl", \.acl),
        .optional(2, "error_code", \.errorCode),
        .optional(3, "error_message", \.errorMessage),
    ]
}

struct DropAclsRequest: ProtobufMessage, Hashable {
    var filters: [AclFilter] = []

    static let fields: [ProtobufField<DropAclsRequest>] = [
        .repeated(1, "acl_filter", \.filters)
    ]
}

struct DropAclsResponse: ProtobufMessage, Hashable {
    var results: [DroppedAcls] = []

    static let fields: [ProtobufField<DropAclsResponse>] = [
        .repeated(1, "filter_results", \.results)
    ]
}

struct DroppedAcls: ProtobufMessage, Hashable {
    var acls: [CreatedAcl] = []
    var errorCode: Int32?
    var errorMessage: String?

    static let fields: [ProtobufField<DroppedAcls>] = [
        .repeated(1, "matching_acls", \.acls),
        .optional(2, "error_code", \.errorCode),
        .optional(3, "error_message", \.errorMessage),
    ]
}
