import Cluster
import Columnar
import JSON

extension Gateway {
    // MARK: Databases

    /// Those that the caller may describe.
    func listDatabases(
        _: ListDatabasesRequest, _ caller: Caller
    ) async throws -> ListDatabasesResponse {
        var response = ListDatabasesResponse()
        response.databaseNames = client.mirror.databases.map(\.name).filter {
            access.isAllowed(caller, .describe, on: .database($0))
        }
        return response
    }

    /// What the caller may not describe is not there for him, but for the database that always is.
    func databaseExists(
        _ request: DatabaseExistsRequest, _ caller: Caller
    ) async throws -> DatabaseExistsResponse {
        var response = DatabaseExistsResponse()
        let name = request.databaseName
        response.exists =
            client.mirror.database(name) != nil
            && (name == TablePath.defaultDatabase
                || access.isAllowed(caller, .describe, on: .database(name)))
        return response
    }

    func createDatabase(_ request: CreateDatabaseRequest) async throws -> CreateDatabaseResponse {
        let name = request.databaseName
        if client.mirror.database(name) != nil {
            if request.ignoreIfExists { return CreateDatabaseResponse() }
            throw FlussError.refused(.databaseAlreadyExist, reason: "there is a database \(name)")
        }
        try await client.createDatabase(try database(name, request.databaseJSON))
        return CreateDatabaseResponse()
    }

    func dropDatabase(_ request: DropDatabaseRequest) async throws -> DropDatabaseResponse {
        do {
            try await client.dropDatabase(request.databaseName, isCascading: request.cascade)
        } catch ClusterError.unknownDatabase(let name) {
            if !request.ignoreIfNotExists { throw ClusterError.unknownDatabase(name: name) }
        }
        return DropDatabaseResponse()
    }

    func databaseInfo(_ request: GetDatabaseInfoRequest) async throws -> GetDatabaseInfoResponse {
        guard let database = client.mirror.database(request.databaseName) else {
            throw FlussError.refused(
                .databaseNotExist, reason: "there is no database \(request.databaseName)")
        }
        var response = GetDatabaseInfoResponse()
        var members = [JSONMember("version", 1)]
        if let comment = database.comment {
            members.append(JSONMember("comment", .string(comment)))
        }
        let properties = database.properties.map { JSONMember($0.name, .string($0.value)) }
        members.append(JSONMember("custom_properties", .object(properties)))
        response.databaseJSON = Array(JSONValue.object(members).compact.utf8)
        response.createdTime = database.createdMilliseconds
        response.modifiedTime = database.createdMilliseconds
        return response
    }

    private func database(
        _ name: String, _ bytes: [UInt8]?
    ) throws(FlussError) -> DatabaseDescription {
        guard let bytes, !bytes.isEmpty else { return DatabaseDescription(name: name) }
        do throws(JSONError) {
            let json = JSONField(value: try JSONValue(parsing: bytes), path: "")
            var properties: [(String, String)] = []
            for (key, value) in try json.optional("custom_properties")?.members() ?? [] {
                properties.append((key, try value.string()))
            }
            return DatabaseDescription(
                name: name, comment: try json.optional("comment")?.string(),
                properties: properties)
        } catch {
            throw .refused(.invalidDatabase, reason: "database \(name): \(error)")
        }
    }

    // MARK: Partitions

    func listPartitions(_ request: ListPartitionsRequest) async throws -> ListPartitionsResponse {
        let table = try partitionedTable(at: request.tablePath)
        let names = table.partitionKey.map { table.schema.fields[$0].name }
        var wanted: [String: String] = [:]
        for entry in request.wanted?.values ?? [] { wanted[entry.key] = entry.value }
        var response = ListPartitionsResponse()
        do throws(ClusterError) {
            for partition in try client.partitions(of: table, where: wanted) {
                var answer = ListedPartition()
                answer.partitionID = partition.identifier
                answer.specification.values = zip(names, partition.values).map { name, value in
                    var entry = KeyAndValue()
                    entry.key = name
                    entry.value = value
                    return entry
                }
                response.partitions.append(answer)
            }
        } catch {
            throw FlussError.refused(.partitionSpecInvalid, reason: "\(error)")
        }
        return response
    }

    func createPartition(
        _ request: CreatePartitionRequest
    ) async throws -> CreatePartitionResponse {
        let table = try partitionedTable(at: request.tablePath)
        let values = try values(request.specification, of: table)
        let name = values.joined(separator: "$")
        if client.mirror.partition(name, of: table.identifier) != nil {
            if request.ignoreIfExists { return CreatePartitionResponse() }
            throw FlussError.refused(
                .partitionAlreadyExists, reason: "\(table.path) has a partition \(name)")
        }
        do {
            _ = try await client.createPartition(of: table, values)
        } catch ClusterError.invalidRequest(let reason) {
            throw FlussError.refused(.partitionSpecInvalid, reason: reason)
        }
        return CreatePartitionResponse()
    }

    func dropPartition(_ request: DropPartitionRequest) async throws -> DropPartitionResponse {
        let table = try partitionedTable(at: request.tablePath)
        let values = try values(request.specification, of: table)
        do {
            try await client.dropPartition(values.joined(separator: "$"), of: table)
        } catch ClusterError.unknownPartition(let name) {
            if !request.ignoreIfNotExists { throw ClusterError.unknownPartition(name: name) }
        }
        return DropPartitionResponse()
    }

    private func partitionedTable(at path: WireTablePath) throws(FlussError) -> TableDescription {
        let table = try table(at: path)
        if !table.isPartitioned {
            throw .refused(.tableNotPartitioned, reason: "\(table.path) has no partitions")
        }
        return table
    }

    /// The values of all partition columns, in their order.
    private func values(
        _ specification: PartitionSpecification, of table: TableDescription
    ) throws(FlussError) -> [String] {
        let names = table.partitionKey.map { table.schema.fields[$0].name }
        let given = specification.values
        guard given.count == names.count, Set(given.map(\.key)) == Set(names) else {
            throw .refused(
                .partitionSpecInvalid,
                reason: "\(table.path) is partitioned by \(names), not by \(given.map(\.key))")
        }
        return names.map { name in given.first { $0.key == name }!.value }
    }
}
