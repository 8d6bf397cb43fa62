import Cluster
import Columnar
import Platform
import ScenarioFiles

/// What users do to where replicas and leaders are.
///
/// An act is done once the coordinator has taken it in, or refused it for servers that are not up:
/// whether what it began comes to its end is for oracles to judge.
extension WorkloadDriver {
    /// Where an act of the whole cluster stands among those of tables.
    static let clusterPosition = -1

    /// Draws an act of a kind, of a table, and does it; one in four is taken back soon.
    func place(
        _ kind: ActKindName, _ position: Int, _ draw: inout ActDraw, with client: ClusterClient
    ) async throws {
        let patience: Duration? =
            draw.isOne(in: 4) ? draw.interval(.milliseconds(400)) : nil
        if kind == .rebalance {
            let all = Rebalance.Goal.allCases
            let goals = draw.isOne(in: 2) ? all : [draw.choose(all)]
            try await rebalance(goals, cancelAfter: patience, with: client)
            return
        }
        guard let table = slots[position].present else { return }
        let buckets = client.mirror.buckets(of: table)
        let servers = client.mirror.servers.keys.sorted()
        if buckets.isEmpty || servers.count < table.replicationFactor { return }
        let bucket = draw.choose(buckets)
        let target = draw.choose(table.replicationFactor, of: servers)
        try await reassign(position, cancelAfter: patience, with: client) { buckets in
            (buckets.contains(bucket) ? bucket : buckets[0], target)
        }
    }

    /// Has the replicas of a bucket of a table move; it is chosen among all that the table has.
    func reassign(
        _ position: Int, cancelAfter patience: Duration?, with client: ClusterClient,
        _ choice: ([BucketIdentifier]) -> (bucket: BucketIdentifier, servers: [String])
    ) async throws {
        try await alone([position], client.machine) {
            guard let table = slots[position].present else { return }
            let buckets = client.mirror.buckets(of: table)
            if buckets.isEmpty { return }
            let (bucket, servers) = choice(buckets)
            let text =
                "the replicas of \(table.name) bucket \(bucket.bucket) move to "
                + servers.joined(separator: ", ")
            client.machine.observer.note(.information, text)
            acts[position] = text
            do {
                try await client.reassign(bucket, to: servers)
                guard let patience else { return }
                try await client.machine.sleep(patience)
                acts[position] = "\(text), which is taken back"
                try await client.cancelReassignment(of: bucket)
            } catch ClusterError.invalidRequest(let reason) {
                client.machine.observer.note(.information, "\(text), which is refused: \(reason)")
            } catch let error as ClusterError {
                client.machine.observer.note(.error, "\(text), which is refused: \(error)")
            }
        }
    }

    /// As many servers as a bucket has replicas, those first that hold none.
    func others(_ bucket: BucketIdentifier, _ client: ClusterClient) -> [String] {
        let held = client.mirror.buckets[bucket]?.value.intendedReplicas ?? []
        let servers = client.mirror.servers.keys.sorted()
        let others = servers.filter { !held.contains($0) } + held.reversed()
        return Array(others.prefix(held.count))
    }

    /// Has replicas and leaders spread over the servers.
    func rebalance(
        _ goals: [Rebalance.Goal], cancelAfter patience: Duration?, with client: ClusterClient
    ) async throws {
        let text = "the cluster is rebalanced by \(goals.map(\.name).joined(separator: ", "))"
        client.machine.observer.note(.information, text)
        let position = Self.clusterPosition
        while acts[position] != nil { try await client.machine.sleep(.milliseconds(100)) }
        acts[position] = text
        defer { acts[position] = nil }
        do {
            let identifier = try await client.rebalance(goals)
            guard let patience else { return }
            try await client.machine.sleep(patience)
            acts[position] = "\(text), which is taken back"
            try await client.cancelRebalance(identifier)
        } catch ClusterError.unknownRebalance {
            // It has ended by itself.
        } catch ClusterError.invalidRequest(let reason) {
            client.machine.observer.note(.information, "\(text), which is refused: \(reason)")
        } catch let error as ClusterError {
            client.machine.observer.note(.error, "\(text), which is refused: \(error)")
        }
    }
}
