import Cluster
import Columnar
import JSON
import Platform

extension Gateway {
    // MARK: Databases and tables

    func listDatabases(_: ListDatabasesRequest) async throws -> ListDatabasesResponse {
        var response = ListDatabasesResponse()
        response.databaseNames = databases
        return response
    }

    func databaseExists(_ request: DatabaseExistsRequest) async throws -> DatabaseExistsResponse {
        var response = DatabaseExistsResponse()
        response.exists = databases.contains(request.databaseName)
        return response
    }

    /// The databases that have tables, and the one that is always there; in order.
    private var databases: [String] {
        Set(tables.map(\.path.database) + [Cluster.TablePath.defaultDatabase]).sorted()
    }

    private var tables: [TableDescription] {
        client.mirror.tables.keys.sorted().map { client.mirror.tables[$0]! }
    }

    func listTables(_ request: ListTablesRequest) async throws -> ListTablesResponse {
        var response = ListTablesResponse()
        response.tableNames = tables.filter { $0.path.database == request.databaseName }
            .map(\.name).sorted()
        return response
    }

    func tableExists(_ request: TableExistsRequest) async throws -> TableExistsResponse {
        var response = TableExistsResponse()
        response.exists = client.mirror.table(at: path(request.tablePath)) != nil
        return response
    }

    func createTable(_ request: CreateTableRequest) async throws -> CreateTableResponse {
        let path = path(request.tablePath)
        if client.mirror.table(at: path) != nil {
            if request.ignoreIfExists { return CreateTableResponse() }
            throw FlussError.refused(.tableAlreadyExist, reason: "there is a table \(path)")
        }
        let table = try TableJSON.table(
            request.tableJSON, at: path, standardReplicas: standardReplicas)
        _ = try await client.createTable(table)
        return CreateTableResponse()
    }

    func alterTable(_ request: AlterTableRequest) async throws -> AlterTableResponse {
        let path = path(request.tablePath)
        if client.mirror.table(at: path) == nil {
            if request.ignoreIfNotExists { return AlterTableResponse() }
            throw FlussError.refused(.tableNotExist, reason: "there is no table \(path)")
        }
        var changes: [TableChange] = []
        for change in request.configurationChanges {
            guard change.operation == 0 || change.operation == 1 else {
                throw FlussError.refused(
                    .invalidAlterTable, reason: "\(change.key) is no list to change a part of")
            }
            changes.append(
                .setProperty(name: change.key, value: change.operation == 0 ? change.value : nil))
        }
        for column in request.addedColumns {
            guard column.positionType == 0 else {
                throw FlussError.refused(
                    .invalidAlterTable, reason: "\(column.columnName) has to come last")
            }
            changes.append(
                .addColumn(
                    name: column.columnName, type: try TypeJSON.decode(bytes: column.dataTypeJSON)))
        }
        for column in request.droppedColumns {
            changes.append(.dropColumn(name: column.columnName))
        }
        for column in request.renamedColumns {
            changes.append(.renameColumn(name: column.oldColumnName, to: column.newColumnName))
        }
        _ = try await client.alterTable(path, changes)
        return AlterTableResponse()
    }

    func tableInfo(_ request: GetTableInfoRequest) async throws -> GetTableInfoResponse {
        let table = try table(at: request.tablePath)
        var response = GetTableInfoResponse()
        response.tableID = table.identifier
        response.schemaID = Int32(table.schema.identifier)
        response.tableJSON = Array(TableJSON.encode(table).compact.utf8)
        return response
    }

    func tableSchema(_ request: GetTableSchemaRequest) async throws -> GetTableSchemaResponse {
        let table = try table(at: request.tablePath)
        var response = GetTableSchemaResponse()
        let schema: Schema
        if let wanted = request.schemaID {
            guard let known = Int16(exactly: wanted).flatMap({ table.schemas.schema($0) }) else {
                throw FlussError.refused(
                    .schemaNotExist, reason: "\(table.path) has had no schema \(wanted)")
            }
            schema = known
        } else {
            schema = table.schema
        }
        response.schemaID = Int32(schema.identifier)
        response.schemaJSON = Array(TableJSON.encode(schema).compact.utf8)
        return response
    }

    // MARK: Metadata

    func metadata(_ request: MetadataRequest) async throws -> MetadataResponse {
        if !request.partitionPaths.isEmpty || !request.partitionIDs.isEmpty {
            throw FlussError.refused(.partitionNotExists, reason: "no table here has partitions")
        }
        var response = MetadataResponse()
        let peers = self.peers
        var coordinator = ServerNode()
        coordinator.host = endpoints.host
        coordinator.port = Int32(endpoints.coordinatorPort)
        response.coordinator = coordinator
        response.tabletServers = peers.map { peer in
            var node = ServerNode()
            node.nodeID = peer.number
            node.host = peer.host
            node.port = Int32(peer.tabletServerPort)
            return node
        }
        for path in request.tablePaths {
            let table = try table(at: path)
            var metadata = TableMetadata()
            metadata.tablePath = path
            metadata.tableID = table.identifier
            metadata.schemaID = Int32(table.schema.identifier)
            metadata.tableJSON = Array(TableJSON.encode(table).compact.utf8)
            metadata.buckets = table.buckets.map { bucket in
                var answer = BucketMetadata()
                answer.bucketID = bucket.bucket
                let state = client.mirror.buckets[bucket]?.value
                // Where no gateway is beside the leader, any of them will do.
                let leader = peers.first { $0.server == state?.leader?.server } ?? peers[0]
                answer.leaderID = leader.number
                answer.replicaIDs = [leader.number]
                answer.leaderEpoch = state?.leaderEpoch
                return answer
            }
            response.tables.append(metadata)
        }
        return response
    }

    // MARK: Looking up

    private func path(_ path: WireTablePath) -> Cluster.TablePath {
        Cluster.TablePath(database: path.databaseName, table: path.tableName)
    }

    func table(at wirePath: WireTablePath) throws(FlussError) -> TableDescription {
        let path = path(wirePath)
        guard let table = client.mirror.table(at: path) else {
            throw .refused(.tableNotExist, reason: "there is no table \(path)")
        }
        return table
    }

    func table(_ identifier: Int64) throws(FlussError) -> TableDescription {
        guard let table = client.mirror.tables[identifier] else {
            throw .refused(.unknownTableOrBucket, reason: "there is no table \(identifier)")
        }
        return table
    }

    func bucket(
        _ number: Int32, _ partition: Int64?, of table: TableDescription
    ) throws(FlussError) -> BucketIdentifier {
        guard partition == nil, (0..<table.bucketCount).contains(number) else {
            throw .refused(
                .unknownTableOrBucket,
                reason: "\(table.path) has \(table.bucketCount) buckets and no partitions: "
                    + "bucket \(number) is none of them")
        }
        return BucketIdentifier(table: table.identifier, bucket: number)
    }
}
