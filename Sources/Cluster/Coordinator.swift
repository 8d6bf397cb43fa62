public import Platform

/// Creates tables and chooses leaders; one of several candidates is active at a time.
///
/// It keeps nothing of its own: all it decides is a compare-and-swap on what the coordination
/// service holds, so that a second coordinator, or a new one, can do no harm.
public final class Coordinator {
    static let leaseName = "coordinator"
    public let machine: Machine
    public let mirror: MetadataMirror
    let configuration: ClusterConfiguration
    private let server: CallServer
    private var term: LeaderLease.Term?
    /// Since when nothing more was found of what was dropped.
    var emptySince: [DroppedOwner: Instant] = [:]
    private var tidyAt: Instant?

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
                try await self.tidy()
                _ = try await self.mirror.changed.wait(until: self.machine.clock.now + .seconds(5))
            }
        }
    }

    /// Creates and drops partitions by time and collects what was dropped, now and then.
    private func tidy() async throws {
        let now = machine.clock.now
        if let tidyAt, now < tidyAt { return }
        tidyAt = now + .seconds(5)
        try await keepPartitions()
        try await collectDropped()
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
        case .dropTable(let table):
            try await dropTable(table)
            return .done
        case .createDatabase(let database):
            try await createDatabase(database)
            return .done
        case .dropDatabase(let name, let isCascading):
            try await dropDatabase(name, isCascading: isCascading)
            return .done
        case .createPartition(let table, let values):
            return .partitionCreated(try await createPartition(of: table, values))
        case .dropPartition(let table, let partition):
            try await dropPartition(table: table, partition: partition)
            return .done
        default: throw ClusterError.invalidRequest(reason: "a coordinator keeps tables, no more")
        }
    }

    private func create(_ requested: TableDescription) async throws -> Int64 {
        if let known = mirror.table(at: requested.path) {
            if known.isSame(asRequested: requested) { return known.identifier }
            let key = MetadataKey.table(known.identifier).text
            if try await machine.coordination.get(key) == nil {
                throw ClusterError.busy(reason: "table \(requested.path) has just been dropped")
            }
            throw ClusterError.tableExists(name: "\(requested.path)")
        }
        let isNew =
            !requested.partitionFields.isEmpty || requested.autoIncrementField != nil
            || requested.properties[.statisticsColumns] != nil
        if isNew && mirror.format < .partitioned {
            throw ClusterError.invalidRequest(
                reason: "table \(requested.path): the cluster's format \(mirror.format) has "
                    + "neither partitions nor numbered rows nor statistics: upgrade all servers "
                    + "first")
        }
        var table = requested
        table.identifier = try await nextNumber(of: "tables", mirror)
        var operations: [CoordinationTransaction.Operation] = [
            .put(
                key: MetadataKey.table(table.identifier).text, value: mirror.stored(table),
                lease: nil)
        ]
        operations += try placements(of: table.buckets, table)
        // The path is a key too: of two creations at once one wins.
        let name = MetadataKey.path(table.path).text
        let owner = mirror.stored(StoredCounter(last: table.identifier))
        operations.append(.put(key: name, value: owner, lease: nil))
        var conditions = [CoordinationTransaction.Condition.absent(key: name)]
        if let database = try await databaseSteps(for: table.path) {
            conditions.append(database.condition)
            operations.append(database.operation)
        }
        let result = try await machine.coordination.commit(
            CoordinationTransaction(conditions: conditions, operations: operations))
        guard case .committed = result else {
            throw ClusterError.busy(reason: "table \(table.path) is being created")
        }
        return table.identifier
    }
}

/// Draws the next number of a counter in the coordination service, from 1; no number comes twice.
func nextNumber(of counter: String, _ mirror: MetadataMirror) async throws -> Int64 {
    try await nextNumbers(1, of: counter, mirror).lowerBound
}

/// As `nextNumber`, some that follow each other.
func nextNumbers(
    _ count: Int64, of counter: String, _ mirror: MetadataMirror
) async throws -> Range<Int64> {
    let machine = mirror.machine
    let key = MetadataKey.counter(counter).text
    while true {
        let found = try await machine.coordination.get(key)
        let last = try found.map { try mirror.read(StoredCounter.self, from: $0.value).last } ?? 0
        let (next, isOver) = last.addingReportingOverflow(count)
        if isOver { throw ClusterError.invalidRequest(reason: "counter \(counter) is used up") }
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [
                    found.map { .revision(key: key, $0.revision) } ?? .absent(key: key)
                ],
                operations: [
                    .put(key: key, value: mirror.stored(StoredCounter(last: next)), lease: nil)
                ]))
        if case .committed = result { return last + 1..<next + 1 }
    }
}
