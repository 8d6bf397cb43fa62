import Cluster

extension Gateway {
    /// Goals of racks are refused: servers here are in none.
    func rebalance(_ request: RebalanceRequest) async throws -> RebalanceResponse {
        let goals = try request.goals.map { number in
            guard let goal = Rebalance.Goal(rawValue: number) else {
                throw FlussError.refused(
                    .rebalanceFailure, reason: "there is no goal \(number) here")
            }
            return goal
        }
        do {
            var response = RebalanceResponse()
            response.rebalanceID = String(try await client.rebalance(goals))
            return response
        } catch ClusterError.invalidRequest(let reason) {
            throw FlussError.refused(.rebalanceFailure, reason: reason)
        }
    }

    /// Nothing where the cluster was never rebalanced.
    func rebalanceProgress(
        _ request: ListRebalanceProgressRequest
    ) async throws -> ListRebalanceProgressResponse {
        var response = ListRebalanceProgressResponse()
        let wanted = try number(request.rebalanceID)
        guard let rebalance = client.mirror.rebalance?.value,
            wanted == nil || wanted == rebalance.identifier
        else {
            if wanted == nil { return response }
            throw ClusterError.unknownRebalance(identifier: wanted)
        }
        response.rebalanceID = String(rebalance.identifier)
        response.status = rebalance.status.rawValue
        for move in rebalance.moves {
            var bucket = RebalanceProgressOfBucket()
            bucket.plan = plan(of: move)
            bucket.status = move.status.rawValue
            if response.tables.last?.tableID != move.bucket.table {
                var table = RebalanceProgressOfTable()
                table.tableID = move.bucket.table
                response.tables.append(table)
            }
            response.tables[response.tables.count - 1].buckets.append(bucket)
        }
        return response
    }

    private func plan(of move: Rebalance.Move) -> RebalancePlanOfBucket {
        var plan = RebalancePlanOfBucket()
        plan.partitionID = move.bucket.partition
        plan.bucketID = move.bucket.bucket
        plan.originalLeader = move.formerLeader.map(number(ofServer:))
        plan.newLeader = number(ofServer: move.target[0])
        plan.originalReplicas = move.source.map(number(ofServer:))
        plan.newReplicas = move.target.map(number(ofServer:))
        return plan
    }

    /// What clients know a tablet server by: that of the gateway beside it, or else the number that
    /// its name ends with.
    private func number(ofServer name: String) -> Int32 {
        peers.first { $0.server == name }?.number
            ?? Int32(name.split(separator: "-").last ?? "") ?? 0
    }

    func cancelRebalance(
        _ request: CancelRebalanceRequest
    ) async throws -> CancelRebalanceResponse {
        try await client.cancelRebalance(try number(request.rebalanceID))
        return CancelRebalanceResponse()
    }

    /// - Throws: `FlussError` for a text that never was the identifier of a rebalance here.
    private func number(_ identifier: String?) throws(FlussError) -> Int64? {
        guard let identifier else { return nil }
        guard let number = Int64(identifier) else {
            throw .refused(
                .noRebalanceInProgress, reason: "no rebalance \(identifier) is under way")
        }
        return number
    }
}
