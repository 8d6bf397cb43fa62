import Platform

/// Where replicas and leaders are. Each call is made again where its answer was lost, and what the
/// first did is found done.
extension ClusterClient {
    /// Has the replicas of a bucket move to other servers, the first of which is to lead; returns
    /// once that is begun.
    ///
    /// `mirror.buckets` tells how far it is: the state has a reassignment until it has ended. Asked
    /// for while another is under way it takes that one's place.
    ///
    /// Throws `.invalidRequest` for servers that are not up, or another number of replicas.
    public func reassign(_ bucket: BucketIdentifier, to servers: [String]) async throws {
        if servers.isEmpty {
            throw ClusterError.invalidRequest(reason: "no server is named for \(bucket)")
        }
        _ = try await askCoordinator(.reassign(bucket, replicas: servers))
    }

    /// Has the replicas of a bucket go back to where they were, if they are under way elsewhere.
    public func cancelReassignment(of bucket: BucketIdentifier) async throws {
        _ = try await askCoordinator(.reassign(bucket, replicas: []))
    }

    /// The state of a bucket as the coordination service has it now; nil if there is none.
    public func storedState(of bucket: BucketIdentifier) async throws -> BucketState? {
        guard let entry = try await machine.coordination.get(MetadataKey.bucket(bucket).text)
        else { return nil }
        return try mirror.read(BucketState.self, from: entry.value)
    }

    /// Has the coordinator spread replicas and leaders evenly over the servers; returns the
    /// identifier of the rebalance once it is planned and this client sees it.
    ///
    /// Throws `.invalidRequest` while another with other goals is under way.
    public func rebalance(_ goals: [Rebalance.Goal]) async throws -> Int64 {
        guard case .rebalanceBegun(let identifier) = try await askCoordinator(.rebalance(goals))
        else { throw ClusterError.malformedMessage(reason: "no answer about a rebalance") }
        while (mirror.rebalance?.value.identifier ?? 0) < identifier {
            _ = try await mirror.changed.wait(until: machine.clock.now + .seconds(1))
        }
        return identifier
    }

    /// Ends a rebalance before its end, any if none is named; moves that are under way go back.
    ///
    /// Throws `.unknownRebalance` if it is not under way.
    public func cancelRebalance(_ identifier: Int64? = nil) async throws {
        _ = try await askCoordinator(.cancelRebalance(identifier))
    }
}
