import Cluster
import Columnar
import JSON
import Platform

extension Gateway {
    /// Those that the caller may describe.
    func listTables(
        _ request: ListTablesRequest, _ caller: Caller
    ) async throws -> ListTablesResponse {
        var response = ListTablesResponse()
        if client.mirror.database(request.databaseName) == nil {
            throw FlussError.refused(
                .databaseNotExist, reason: "there is no database \(request.databaseName)")
        }
        response.tableNames = client.mirror.tables(in: request.databaseName).filter {
            access.isAllowed(caller, .describe, on: .table($0.path))
        }.map(\.name)
        return response
    }

    /// What the caller may not describe is not there for him.
    func tableExists(
        _ request: TableExistsRequest, _ caller: Caller
    ) async throws -> TableExistsResponse {
        var response = TableExistsResponse()
        let path = path(request.tablePath)
        response.exists =
            client.mirror.table(at: path) != nil
            && access.isAllowed(caller, .describe, on: .table(path))
        return response
    }

    func createTable(_ request: CreateTableRequest) async throws -> CreateTableResponse {
        let path = path(request.tablePath)
        if client.mirror.table(at: path) != nil {
            if request.ignoreIfExists { return CreateTableResponse() }
            throw FlussError.refused(.tableAlreadyExist, reason: "there is a table \(path)")
        }
        if client.mirror.database(path.database) == nil {
            throw FlussError.refused(
                .databaseNotExist, reason: "there is no database \(path.database)")
        }
        let table = try TableJSON.table(
            request.tableJSON, at: path, standardReplicas: standardReplicas)
        _ = try await client.createTable(table)
        return CreateTableResponse()
    }

    func dropTable(_ request: DropTableRequest) async throws -> DropTableResponse {
        do {
            try await client.dropTable(path(request.tablePath))
        } catch ClusterError.unknownTable(let name) {
            if !request.ignoreIfNotExists { throw ClusterError.unknownTable(name: name) }
        }
        return DropTableResponse()
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
        let numbered = schema == table.schema ? table.autoIncrementColumn : nil
        response.schemaJSON = Array(
            TableJSON.encode(schema, numbered: numbered).compact.utf8)
        return response
    }

    // MARK: Metadata

    /// Of tables that the caller may describe; what he may not is left out.
    func metadata(_ request: MetadataRequest, _ caller: Caller) async throws -> MetadataResponse {
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
        func isSeen(_ path: WireTablePath) -> Bool {
            access.isAllowed(caller, .describe, on: .table(self.path(path)))
        }
        for path in request.tablePaths where isSeen(path) {
            let table = try table(at: path)
            var metadata = TableMetadata()
            metadata.tablePath = path
            metadata.tableID = table.identifier
            metadata.schemaID = Int32(table.schema.identifier)
            metadata.tableJSON = Array(TableJSON.encode(table).compact.utf8)
            metadata.buckets = self.metadata(of: table.buckets)
            response.tables.append(metadata)
        }
        for path in request.partitionPaths where isSeen(path.table) {
            response.partitions.append(try self.metadata(of: path))
        }
        for identifier in request.partitionIDs {
            for table in client.mirror.partitions.keys.sorted() {
                guard let partition = client.mirror.partitions[table]?[identifier],
                    let owner = client.mirror.tables[table],
                    access.isAllowed(caller, .describe, on: .table(owner.path))
                else { continue }
                response.partitions.append(try self.metadata(of: partition))
            }
        }
        return response
    }

    private func metadata(of buckets: [BucketIdentifier]) -> [BucketMetadata] {
        let peers = self.peers
        return buckets.map { bucket in
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
    }

    private func metadata(of path: WirePartitionPath) throws(FlussError) -> PartitionMetadata {
        let table = try table(at: path.table)
        guard let name = path.partitionName,
            let partition = client.mirror.partition(name, of: table.identifier)
        else {
            throw .refused(
                .partitionNotExists,
                reason: "\(table.path) has no partition \(path.partitionName ?? "")")
        }
        return try metadata(of: partition)
    }

    private func metadata(
        of partition: PartitionDescription
    ) throws(FlussError) -> PartitionMetadata {
        let table = try table(partition.table)
        var metadata = PartitionMetadata()
        metadata.tableID = partition.table
        metadata.partitionID = partition.identifier
        metadata.partitionName = partition.name
        metadata.buckets = self.metadata(of: partition.buckets(table.bucketCount))
        return metadata
    }

    // MARK: Looking up

    func path(_ path: WireTablePath) -> Cluster.TablePath {
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
        guard (0..<table.bucketCount).contains(number), (partition != nil) == table.isPartitioned
        else {
            throw .refused(
                .unknownTableOrBucket,
                reason: "\(table.path) has \(table.bucketCount) buckets "
                    + (table.isPartitioned ? "in each partition" : "and no partitions")
                    + ": bucket \(number) is none of them")
        }
        if let partition, client.mirror.partitions[table.identifier]?[partition] == nil {
            throw .refused(
                .partitionNotExists, reason: "\(table.path) has no partition \(partition)")
        }
        return BucketIdentifier(
            table: table.identifier, partition: partition, bucket: number)
    }
}
