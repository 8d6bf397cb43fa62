import Cluster
import Fluss
import JSON

/// Where replicas and leaders are, for operators.
extension DataGateway {
    // MARK: Rebalances

    func lastRebalance(_ call: WebCall) async throws -> WebResponse {
        guard let rebalance = client.mirror.rebalance?.value else {
            throw WebProblem(404, "unknownRebalance", "the cluster was never rebalanced")
        }
        return WebResponse(json: describe(rebalance))
    }

    func beginRebalance(_ call: WebCall) async throws -> WebResponse {
        let body = try object(call)
        let goals = try saying {
            try body.optional("goals")?.array().map { field in
                let name = try field.string()
                guard let goal = Rebalance.Goal(name: name) else {
                    let known = Rebalance.Goal.allCases.map(\.name).joined(separator: ", ")
                    throw WebProblem.unprocessable("there is no goal \(name), only \(known)")
                }
                return goal
            } ?? Rebalance.Goal.allCases
        }
        _ = try await defining { try await self.client.rebalance(goals) }
        return try await lastRebalance(call)
    }

    func cancelRebalance(_ call: WebCall) async throws -> WebResponse {
        let identifier = call.integer("identifier")
        try await defining { try await self.client.cancelRebalance(identifier) }
        return WebResponse(204, "application/json", [])
    }

    private func describe(_ rebalance: Rebalance) -> JSONValue {
        let moves = rebalance.moves.map { move -> JSONValue in
            .object(
                names(of: move.bucket) + [
                    JSONMember("status", .string(move.status.name)),
                    JSONMember("from", .array(move.source.map { .string($0) })),
                    JSONMember("to", .array(move.target.map { .string($0) })),
                    JSONMember("formerLeader", move.formerLeader.map { .string($0) } ?? .null),
                ])
        }
        return [
            "identifier": .integer(rebalance.identifier),
            "status": .string(rebalance.status.name),
            "goals": .array(rebalance.goals.map { .string($0.name) }),
            "round": .integer(Int64(rebalance.round)),
            "completed": .integer(Int64(rebalance.completedCount)), "moves": .array(moves),
        ]
    }

    /// A bucket by the names that people know it by.
    private func names(of bucket: BucketIdentifier) -> [JSONMember] {
        let path = client.mirror.tables[bucket.table]?.path
        let partition = bucket.partition.flatMap {
            client.mirror.partitions[bucket.table]?[$0]?.name
        }
        return [
            JSONMember("database", path.map { .string($0.database) } ?? .null),
            JSONMember("table", path.map { .string($0.table) } ?? .null),
            JSONMember("partition", partition.map { .string($0) } ?? .null),
            JSONMember("bucket", .integer(Int64(bucket.bucket))),
        ]
    }

    // MARK: Reassignments

    func reassign(_ call: WebCall) async throws -> WebResponse {
        let bucket = try bucket(call)
        let body = try object(call)
        let servers = try saying { try body.required("replicas").array().map { try $0.string() } }
        try await defining { try await self.client.reassign(bucket, to: servers) }
        return try await placement(of: bucket)
    }

    func cancelReassignment(_ call: WebCall) async throws -> WebResponse {
        let bucket = try bucket(call)
        try await defining { try await self.client.cancelReassignment(of: bucket) }
        return try await placement(of: bucket)
    }

    /// Where a bucket is as the coordination service has it: this node may not have heard yet.
    private func placement(of bucket: BucketIdentifier) async throws -> WebResponse {
        guard let state = try await client.storedState(of: bucket) else {
            throw ClusterError.unknownBucket(bucket)
        }
        let texts = { (names: [String]) in JSONValue.array(names.map { .string($0) }) }
        return WebResponse(
            json: .object(
                names(of: bucket) + [
                    JSONMember("leader", state.leader.map { .string($0.server) } ?? .null),
                    JSONMember("replicas", texts(state.replicas)),
                    JSONMember("inSync", texts(state.inSync)),
                    JSONMember("movingTo", state.reassignment.map { texts($0.target) } ?? .null),
                ]))
    }

    /// The bucket that a call names.
    private func bucket(_ call: WebCall) throws -> BucketIdentifier {
        let table = try table(call)
        guard let number = Int32(call.name("bucket")), (0..<table.bucketCount).contains(number)
        else {
            throw WebProblem(
                404, "unknownBucket",
                "\(table.path) has no bucket \(call.name("bucket")), only 0 to "
                    + "\(table.bucketCount - 1)")
        }
        let name = call.text("partition")
        if !table.isPartitioned && name == nil {
            return BucketIdentifier(table: table.identifier, bucket: number)
        }
        guard let name, let partition = client.mirror.partition(name, of: table.identifier) else {
            throw ClusterError.unknownPartition(name: "\(table.path) \(name ?? "")")
        }
        return BucketIdentifier(
            table: table.identifier, partition: partition.identifier, bucket: number)
    }
}
