import Cluster
import Columnar
import Platform

extension Gateway {
    // MARK: Who it is

    /// SASL/PLAIN: an identity to act as, which has to be none or the same, a name and a password,
    /// with zero bytes between them.
    ///
    /// Source: RFC 4616.
    func authenticate(
        _ request: AuthenticateRequest, _ session: GatewaySession
    ) async throws -> AuthenticateResponse {
        if access.configuration.isOpen {
            throw AccessError.notAuthenticated(
                reason: "this server has no users: set client.security.protocol to PLAINTEXT")
        }
        // Who asks again, as some clients do where they need not, is who he was.
        if session.caller != nil { return AuthenticateResponse() }
        guard request.mechanism.uppercased() == "PLAIN" else {
            throw AccessError.notAuthenticated(
                reason: "the one mechanism here is PLAIN, not \(request.mechanism)")
        }
        let parts = request.token.split(separator: 0, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[1].isEmpty,
            parts[0].isEmpty || parts[0].elementsEqual(parts[1]),
            let name = String(validating: parts[1], as: UTF8.self)
        else {
            session.failed()
            throw AccessError.notAuthenticated(reason: "the token is none of SASL/PLAIN")
        }
        do {
            let principal = try await access.authenticate(
                name, password: Array(parts[2]), from: session.host)
            session.caller = Caller(principal, host: session.host)
        } catch let error as AccessError {
            session.failed()
            throw error
        }
        return AuthenticateResponse()
    }

    // MARK: What it needs

    func check(_ caller: Caller, _ demands: [AccessDemand]) throws(AccessError) {
        for demand in demands { try access.check(caller, demand.operation, on: demand.resource) }
    }

    func demand(_ operation: AccessOperation, _ path: WireTablePath) -> [AccessDemand] {
        [AccessDemand(operation, .table(self.path(path)))]
    }

    /// - Throws: `FlussError` if there is no such table.
    func demand(
        _ operation: AccessOperation, table identifier: Int64
    ) throws(FlussError) -> [AccessDemand] {
        [AccessDemand(operation, .table(try table(identifier).path))]
    }

    /// A writer is drawn for who may write to one of the tables that it is for.
    func checkWriter(_ request: InitWriterRequest, _ caller: Caller) throws(AccessError) {
        let tables = request.tablePaths.map { AccessResource.table(path($0)) }
        if tables.contains(where: { access.isAllowed(caller, .write, on: $0) }) { return }
        try access.check(caller, .write, on: tables.first ?? .cluster)
    }

    // MARK: Lists

    func createAcls(
        _ request: CreateAclsRequest, _ caller: Caller
    ) async throws -> CreateAclsResponse {
        let bindings = try request.acls.map { acl in try AccessBinding(acl) }
        // Of several nothing is done unless all may be.
        for binding in bindings { try access.checkGoverns(caller, binding.resource) }
        var response = CreateAclsResponse()
        for (acl, binding) in zip(request.acls, bindings) {
            var result = CreatedAcl()
            result.acl = acl
            do { try await client.grant([binding.entry], on: binding.resource) } catch {
                let error = try wireError(error)
                result.errorCode = error.code.rawValue
                result.errorMessage = "\(error)"
            }
            response.results.append(result)
        }
        return response
    }

    func listAcls(_ request: ListAclsRequest, _ caller: Caller) async throws -> ListAclsResponse {
        var response = ListAclsResponse()
        guard let filter = try request.filter.filter() else { return response }
        response.acls = try access.entries(filter, for: caller).map(AclInformation.init)
        return response
    }

    func dropAcls(_ request: DropAclsRequest, _ caller: Caller) async throws -> DropAclsResponse {
        let filters = try request.filters.map { filter in try filter.filter() }
        let resources = try filters.map { filter in
            try filter.map { try access.resources($0, for: caller) } ?? []
        }
        for resource in resources.joined() { try access.checkGoverns(caller, resource) }
        var response = DropAclsResponse()
        for (filter, resources) in zip(filters, resources) {
            var result = DroppedAcls()
            for resource in resources {
                do {
                    for entry in try await client.revoke(filter!, on: resource) {
                        var dropped = CreatedAcl()
                        dropped.acl = AclInformation(AccessBinding(resource, entry))
                        result.acls.append(dropped)
                    }
                } catch {
                    let error = try wireError(error)
                    result.errorCode = error.code.rawValue
                    result.errorMessage = "\(error)"
                }
            }
            response.results.append(result)
        }
        return response
    }
}

/// Upstream's numbers of what is in filters alone, and of the one permission.
private let anything: Int32 = 1
private let allow: Int32 = 2

extension AclInformation {
    init(_ binding: AccessBinding) {
        resourceName = binding.resource.name
        resourceType = binding.resource.kind.rawValue
        principalName = binding.entry.principal.name
        principalType = binding.entry.principal.type
        host = binding.entry.host
        operationType = binding.entry.operation.rawValue
        permissionType = allow
    }
}

extension AccessBinding {
    init(_ acl: AclInformation) throws(FlussError) {
        guard let kind = AccessResource.Kind(rawValue: acl.resourceType),
            let operation = AccessOperation(rawValue: acl.operationType),
            acl.permissionType == allow
        else {
            throw .malformed(
                reason: "an access list has no entry of resource type \(acl.resourceType), "
                    + "operation \(acl.operationType) and permission \(acl.permissionType)")
        }
        self.init(
            AccessResource(kind, acl.resourceName),
            AccessEntry(
                Principal(type: acl.principalType, name: acl.principalName), operation,
                host: acl.host))
    }
}

extension AclFilter {
    /// What it means; nil if it means nothing that there can be.
    func filter() throws(FlussError) -> AccessFilter? {
        var filter = AccessFilter()
        if resourceType != anything {
            guard let kind = AccessResource.Kind(rawValue: resourceType) else {
                throw .malformed(reason: "there is no resource type \(resourceType)")
            }
            filter.kind = kind
            filter.resourceName = resourceName
        }
        if operationType != anything {
            guard let operation = AccessOperation(rawValue: operationType) else {
                throw .malformed(reason: "there is no operation \(operationType)")
            }
            filter.operation = operation
        }
        if permissionType != anything && permissionType != allow { return nil }
        if let principalName, let principalType {
            filter.principal = Principal(type: principalType, name: principalName)
        }
        filter.host = host
        return filter
    }
}
