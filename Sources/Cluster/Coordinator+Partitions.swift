import Columnar
import Platform

extension Coordinator {
    /// Creates a partition, or finds the one of these values; answers its identifier.
    func createPartition(of identifier: Int64, _ values: [String]) async throws -> Int64 {
        let tableKey = MetadataKey.table(identifier).text
        guard let entry = try await machine.coordination.get(tableKey) else {
            throw ClusterError.unknownTable(name: "\(identifier)")
        }
        let table = try mirror.read(TableDescription.self, from: entry.value)
        try check(values, of: table)
        let name = MetadataKey.partitionName(
            table: identifier, PartitionDescription.name(of: values)
        ).text
        if let known = try await machine.coordination.get(name) {
            machine.observer.reached("partition found there")
            return try mirror.read(StoredCounter.self, from: known.value).last
        }
        let partition = PartitionDescription(
            identifier: try await nextNumber(of: "partitions", mirror), table: identifier,
            values: values)
        let owner = mirror.stored(StoredCounter(last: partition.identifier))
        let operations: [CoordinationTransaction.Operation] =
            [
                .put(
                    key: MetadataKey.partition(table: identifier, partition.identifier).text,
                    value: mirror.stored(partition), lease: nil),
                .put(key: name, value: owner, lease: nil),
            ] + (try placements(of: partition.buckets(table.bucketCount), table))
        // The table as it is now: a partition never outlives a drop that went on meanwhile.
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [
                    .absent(key: name), .revision(key: tableKey, entry.revision),
                ], operations: operations))
        guard case .committed = result else {
            throw ClusterError.busy(reason: "table \(table.path) is being changed")
        }
        machine.observer.reached("partition created")
        return partition.identifier
    }

    private func check(_ values: [String], of table: TableDescription) throws {
        guard table.isPartitioned, values.count == table.partitionFields.count else {
            throw ClusterError.invalidRequest(
                reason: "table \(table.path) is partitioned by \(table.partitionFields.count) "
                    + "columns, and \(values.count) values are given")
        }
        for value in values {
            if let objection = Partitioning.objection(to: value) {
                throw ClusterError.invalidRequest(
                    reason: "partition value \(value.debugDescription) of \(table.path): "
                        + objection)
            }
        }
        let draft = PartitionDescription(identifier: 0, table: table.identifier, values: values)
        if table.partitionValues(draft) == nil {
            throw ClusterError.invalidRequest(
                reason: "\(values) are no values of the partition columns of \(table.path)")
        }
        let count = mirror.partitions[table.identifier]?.count ?? 0
        if count >= ClusterConfiguration.partitionCountLimit {
            throw ClusterError.invalidRequest(
                reason: "table \(table.path) has \(count) partitions, as many as it may have")
        }
        guard let automatic = table.properties.automaticPartitions else { return }
        let time = values[table.timePosition(automatic)]
        let now = machine.clock.timestamp.millisecondsSinceEpoch
        if !automatic.unit.isName(time) {
            throw ClusterError.invalidRequest(
                reason: "partition value \(time) of \(table.path) is no "
                    + "\(automatic.unit.rawValue), such as \(automatic.unit.name(at: now, plus: 0))"
            )
        }
        if automatic.isExpired(time, at: now) {
            throw ClusterError.invalidRequest(
                reason: "partition \(time) of \(table.path) is older than the "
                    + "\(automatic.retainedCount) that are kept")
        }
    }

    /// The entries of new buckets: each on as many servers as the table has replicas.
    func placements(
        of buckets: [BucketIdentifier], _ table: TableDescription
    ) throws -> [CoordinationTransaction.Operation] {
        let servers = mirror.servers.keys.sorted()
        if servers.count < table.replicationFactor {
            throw ClusterError.busy(
                reason: "\(servers.count) servers are up, \(table.replicationFactor) are needed")
        }
        return buckets.map { bucket in
            let start =
                Int(bucket.bucket) + Int(bucket.table % 1024) + Int((bucket.partition ?? 0) % 1024)
            let replicas = (0..<table.replicationFactor).map {
                servers[(start + $0) % servers.count]
            }
            let state = BucketState(
                replicas: replicas,
                leader: BucketState.Leader(
                    server: replicas[0], incarnation: mirror.servers[replicas[0]]!.incarnation),
                leaderEpoch: 0, inSync: replicas)
            state.checkInvariants()
            return .put(
                key: MetadataKey.bucket(bucket).text, value: mirror.stored(state), lease: nil)
        }
    }

    // MARK: By time

    /// Creates the partitions by time that are to be there, and drops those that are too old.
    func keepPartitions() async throws {
        let now = machine.clock.timestamp.millisecondsSinceEpoch
        for identifier in mirror.tables.keys.sorted() {
            guard let table = mirror.tables[identifier], table.isPartitioned,
                let automatic = table.properties.automaticPartitions
            else { continue }
            do {
                for time in automatic.wanted(at: now)
                where mirror.partition(time, of: identifier) == nil {
                    _ = try await createPartition(of: identifier, [time])
                    machine.observer.reached("partition created by time")
                }
                let position = table.timePosition(automatic)
                for partition in mirror.partitions(of: identifier)
                where automatic.isExpired(partition.values[position], at: now) {
                    try await dropPartition(table: identifier, partition: partition.identifier)
                    machine.observer.reached("partition dropped by time")
                }
            } catch let error as ClusterError {
                machine.observer.note(.debug, "partitions of \(table.path): \(error)")
            } catch let error as CoordinationError {
                // Whether it was done or not, the next round tells.
                machine.observer.note(.debug, "partitions of \(table.path): \(error)")
            }
        }
    }
}

extension TableDescription {
    /// The place of the time among the values of a partition.
    fileprivate func timePosition(_ automatic: AutomaticPartitions) -> Int {
        guard let name = automatic.column else { return 0 }
        return partitionKey.firstIndex { schema.fields[$0].name == name } ?? 0
    }
}
