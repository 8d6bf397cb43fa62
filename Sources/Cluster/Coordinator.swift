public import Platform

/// Creates tables and chooses leaders; one of several candidates is active at a time.
///
/// It keeps nothing of its own: all it decides is a compare-and-swap on what the coordination
/// service holds, so that a second coordinator, or a new one, can do no harm.
public final class Coordinator {
    static let leaseName = "coordinator"
    public let machine: Machine
    public let mirror: MetadataMirror
    private let configuration: ClusterConfiguration
    private let server: CallServer
    private var term: LeaderLease.Term?

    public init(_ machine: Machine, _ configuration: ClusterConfiguration) {
        self.machine = machine
        self.configuration = configuration
        mirror = MetadataMirror(machine, configuration)
        server = CallServer(machine, configuration)
    }

    public func run() async throws {
        machine.spawn("metadata of \(machine.name)") {
            try await self.mirror.follow()
        }
        machine.spawn("calls to \(machine.name)") {
            try await self.server.serve { try await self.answer($0) }
        }
        let lease = LeaderLease(machine, Self.leaseName, mirror, configuration)
        try await lease.run { term in
            self.term = term
            while term.isHeld {
                // One round looks at everything, so that a missed event is made good.
                try await self.raiseFormat()
                try await self.electWhereNeeded()
                _ = try await self.mirror.changed.wait(until: self.machine.clock.now + .seconds(5))
            }
        }
    }

    // MARK: Format

    /// Raises the cluster's format once every server that holds a replica reads the next one.
    ///
    /// A server that is down counts as one that does not: it may come back as it was.
    private func raiseFormat() async throws {
        guard let next = mirror.format.next, next <= configuration.formatVersion else { return }
        var members = Set(mirror.servers.keys)
        for state in mirror.buckets.values { members.formUnion(state.value.replicas) }
        let isUnderstood = members.allSatisfy { name in
            (mirror.servers[name]?.formatVersion ?? 0) >= next.number
        }
        if members.isEmpty || !isUnderstood { return }
        let key = MetadataKey.format.text
        do {
            // A server that registers meanwhile does so under the same condition.
            let found = try await machine.coordination.get(key)
            if let found {
                let known = try mirror.read(ClusterFormat.self, from: found.value)
                if known.number >= next.number { return }
            }
            let value = ClusterFormat(next).stored(in: .oldest)
            let result = try await machine.coordination.commit(
                CoordinationTransaction(
                    conditions: [
                        found.map { .revision(key: key, $0.revision) } ?? .absent(key: key)
                    ],
                    operations: [.put(key: key, value: value, lease: nil)]))
            if case .committed = result {
                machine.observer.reached("cluster format raised")
                machine.observer.note(.information, "the cluster writes format \(next)")
            }
        } catch is CoordinationError {
            // Whether it was done or not, the watch or the next round tells.
        } catch let error as ClusterError {
            machine.observer.note(.warning, "the cluster's format: \(error)")
        }
    }

    // MARK: Elections

    private func electWhereNeeded() async throws {
        for bucket in mirror.buckets.keys.sorted() {
            guard let current = mirror.buckets[bucket] else { continue }
            guard let next = successor(of: current.value) else { continue }
            try await swap(bucket, current, next)
        }
    }

    /// The state that should follow, or nil if all is well or nothing can be done.
    private func successor(of state: BucketState) -> BucketState? {
        if let leader = state.leader,
            mirror.servers[leader.server]?.incarnation == leader.incarnation
        {
            return nil
        }
        let lost = state.leader?.server
        let alive = state.inSync.filter { mirror.servers[$0] != nil }
        // A restarted leader is passed over where another in-sync replica is there: it must recover
        // first.
        guard let chosen = alive.first(where: { $0 != lost }) ?? alive.first else {
            if state.leader == nil { return nil }
            var next = state
            next.leader = nil
            return next
        }
        var next = state
        next.leader = BucketState.Leader(
            server: chosen, incarnation: mirror.servers[chosen]!.incarnation)
        next.leaderEpoch += 1
        return next
    }

    private func swap(
        _ bucket: BucketIdentifier, _ current: MetadataMirror.Versioned<BucketState>,
        _ next: BucketState
    ) async throws {
        next.checkInvariants()
        precondition(next.leaderEpoch >= current.value.leaderEpoch, "an epoch went back")
        let key = MetadataKey.bucket(bucket).text
        do {
            let result = try await machine.coordination.commit(
                CoordinationTransaction(
                    conditions: [.revision(key: key, current.revision)],
                    operations: [.put(key: key, value: mirror.stored(next), lease: nil)]))
            if case .committed(let revision) = result {
                mirror.learn(bucket, next, at: revision)
                let leader = next.leader?.server ?? "nobody"
                machine.observer.note(
                    .information, "\(bucket): \(leader) leads epoch \(next.leaderEpoch)")
            }
        } catch is CoordinationError {
            // Whether it was done or not, the watch or the next round tells.
            machine.observer.reached("election of unknown outcome")
        }
    }

    // MARK: Calls

    private func answer(_ request: Request) async throws -> Response {
        guard let term, term.isHeld else {
            throw ClusterError.busy(reason: "\(machine.name) is not the coordinator")
        }
        switch request {
        case .createTable(let table): return .tableCreated(try await create(table))
        case .alterTable(let path, let schema, let changes):
            try await alter(path, schema, changes)
            return .done
        default: throw ClusterError.invalidRequest(reason: "a coordinator keeps tables, no more")
        }
    }

    private func create(_ requested: TableDescription) async throws -> Int64 {
        if let known = mirror.table(at: requested.path) {
            if known.isSame(asRequested: requested) { return known.identifier }
            throw ClusterError.tableExists(name: "\(requested.path)")
        }
        let servers = mirror.servers.keys.sorted()
        if servers.count < requested.replicationFactor {
            throw ClusterError.busy(
                reason: "\(servers.count) servers are up, \(requested.replicationFactor) are needed"
            )
        }
        var table = requested
        table.identifier = try await nextNumber(of: "tables", mirror)
        var operations: [CoordinationTransaction.Operation] = [
            .put(
                key: MetadataKey.table(table.identifier).text, value: mirror.stored(table),
                lease: nil)
        ]
        for bucket in table.buckets {
            let start = Int(bucket.bucket) + Int(table.identifier)
            let replicas = (0..<table.replicationFactor).map {
                servers[(start + $0) % servers.count]
            }
            let state = BucketState(
                replicas: replicas,
                leader: BucketState.Leader(
                    server: replicas[0], incarnation: mirror.servers[replicas[0]]!.incarnation),
                leaderEpoch: 0, inSync: replicas)
            state.checkInvariants()
            operations.append(
                .put(key: MetadataKey.bucket(bucket).text, value: mirror.stored(state), lease: nil))
        }
        // The path is a key too: of two creations at once one wins.
        let name = MetadataKey.path(table.path).text
        let owner = mirror.stored(StoredCounter(last: table.identifier))
        operations.append(.put(key: name, value: owner, lease: nil))
        let result = try await machine.coordination.commit(
            CoordinationTransaction(conditions: [.absent(key: name)], operations: operations))
        guard case .committed = result else {
            throw ClusterError.busy(reason: "table \(table.path) is being created")
        }
        return table.identifier
    }
}

/// Draws the next number of a counter in the coordination service, from 1; no number comes twice.
func nextNumber(of counter: String, _ mirror: MetadataMirror) async throws -> Int64 {
    let machine = mirror.machine
    let key = MetadataKey.counter(counter).text
    while true {
        let found = try await machine.coordination.get(key)
        let last = try found.map { try mirror.read(StoredCounter.self, from: $0.value).last } ?? 0
        let (next, isOver) = last.addingReportingOverflow(1)
        if isOver { throw ClusterError.invalidRequest(reason: "counter \(counter) is used up") }
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [
                    found.map { .revision(key: key, $0.revision) } ?? .absent(key: key)
                ],
                operations: [
                    .put(key: key, value: mirror.stored(StoredCounter(last: next)), lease: nil)
                ]))
        if case .committed = result { return next }
    }
}
