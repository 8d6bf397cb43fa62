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
    /// What this term has seen of each server.
    var presence: [String: Presence] = [:]

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
            try await self.server.serve { request, _ in try await self.answer(request) }
        }
        let lease = LeaderLease(machine, Self.leaseName, mirror, configuration)
        try await lease.run { term in
            self.presence = [:]
            self.mirror.attendToAll()
            try await self.removeHalfMadeTables(term)
            // The answers that this took may have outlasted the term: the next one has begun then,
            // and calls are its own.
            if !term.isHeld { return }
            // Calls are answered from here on.
            self.term = term
            var nextLook = self.machine.clock.now
            while term.isHeld {
                try await self.raiseFormat()
                let buckets = self.mirror.takeAttention()
                try await self.elect(buckets)
                try await self.advanceReassignments(buckets)
                let isLook = self.machine.clock.now >= nextLook
                if isLook {
                    nextLook = self.machine.clock.now + self.configuration.placementInterval
                    self.notePresence()
                    try await self.restoreLeaders()
                    try await self.replaceLostReplicas()
                }
                try await self.goOnRebalancing(mayPlan: isLook)
                try await self.tidy()
                _ = try await self.mirror.changed.wait(
                    until: min(nextLook, self.machine.clock.now + .seconds(5)))
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

    // MARK: Calls

    private func answer(_ request: Request) async throws -> Response {
        guard let term, term.isHeld else {
            throw ClusterError.busy(reason: "\(machine.name) is not the coordinator")
        }
        switch request {
        case .createTable(let table): return .tableCreated(try await create(table, in: term))
        case .alterTable(let path, let schema, let changes):
            try await alter(path, schema, changes)
            return .done
        case .dropTable(let table):
            try await dropTable(table)
            return .done
        case .createDatabase(let database):
            try await createDatabase(database)
            return .done
        case .dropDatabase(let name, let created, let isCascading):
            try await dropDatabase(name, created: created, isCascading: isCascading)
            return .done
        case .createPartition(let table, let values):
            return .partitionCreated(try await createPartition(of: table, values))
        case .dropPartition(let table, let partition):
            try await dropPartition(table: table, partition: partition)
            return .done
        case .reassign(let bucket, let replicas):
            try await reassign(bucket, to: replicas)
            return .done
        case .rebalance(let goals): return .rebalanceBegun(try await rebalance(goals))
        case .cancelRebalance(let identifier):
            try await cancelRebalance(identifier)
            return .done
        default: throw ClusterError.invalidRequest(reason: "a coordinator keeps tables, no more")
        }
    }

    /// The cluster's format as it stands in the coordination service.
    private func storedFormat() async throws -> FormatVersion {
        guard let entry = try await machine.coordination.get(MetadataKey.format.text) else {
            return .oldest
        }
        let number = try mirror.read(ClusterFormat.self, from: entry.value).number
        return FormatVersion(number) ?? .newest
    }

    private func create(
        _ requested: TableDescription, in term: LeaderLease.Term
    ) async throws -> Int64 {
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
            // Who asks may have heard of a later format before this node.
            if try await storedFormat() >= .partitioned {
                machine.observer.reached("table asked for ahead of the news of a format")
                throw ClusterError.busy(reason: "the cluster's format is not known here yet")
            }
            throw ClusterError.invalidRequest(
                reason: "table \(requested.path): the cluster's format \(mirror.format) has "
                    + "neither partitions nor numbered rows nor statistics: upgrade all servers "
                    + "first")
        }
        var table = requested
        table.identifier = try await nextNumber(of: "tables", mirror)
        var operations = try placements(of: table.buckets, table)
        // The path is a key too: of two creations at once one wins. Until the table is there its
        // buckets are nobody's: a term that ends in between leaves them to the next to remove.
        let name = MetadataKey.path(table.path).text
        let conditions: [CoordinationTransaction.Condition] = [
            .absent(key: name), try await leaseCondition(term),
        ]
        while operations.count > Self.transactionLimit {
            try await commit(operations.prefix(Self.transactionLimit), if: conditions, for: table)
            operations.removeFirst(Self.transactionLimit)
        }
        let owner = mirror.stored(StoredCounter(last: table.identifier))
        operations.append(.put(key: name, value: owner, lease: nil))
        var last = conditions
        if let database = try await databaseSteps(for: table.path) {
            last.append(database.condition)
            operations.append(database.operation)
        }
        operations.append(
            .put(
                key: MetadataKey.table(table.identifier).text, value: mirror.stored(table),
                lease: nil))
        try await commit(operations[...], if: last, for: table)
        return table.identifier
    }

    private func commit(
        _ operations: ArraySlice<CoordinationTransaction.Operation>,
        if conditions: [CoordinationTransaction.Condition], for table: TableDescription
    ) async throws {
        let result = try await machine.coordination.commit(
            CoordinationTransaction(conditions: conditions, operations: Array(operations)))
        guard case .committed = result else {
            throw ClusterError.busy(reason: "table \(table.path) is being created")
        }
    }

    /// Holds as long as the lease has not been another's meanwhile; `busy` if it has.
    private func leaseCondition(
        _ term: LeaderLease.Term
    ) async throws -> CoordinationTransaction.Condition {
        let key = MetadataKey.leader(Self.leaseName).text
        guard let entry = try await machine.coordination.get(key), entry.lease == term.lease else {
            throw ClusterError.busy(reason: "\(machine.name) is the coordinator no more")
        }
        return .revision(key: key, entry.revision)
    }

    /// Removes buckets of tables that a former coordinator did not get to create.
    ///
    /// It asks the coordination service itself: this node may hear of a bucket before its table.
    /// Who still tries to create a table under an earlier lease is refused.
    private func removeHalfMadeTables(_ term: LeaderLease.Term) async throws {
        var retry = Backoff(configuration)
        while term.isHeld {
            do {
                let buckets = try await machine.coordination.range(
                    prefix: MetadataKey.root + "buckets/")
                let tables = try await machine.coordination.range(
                    prefix: MetadataKey.root + "tables/")
                let present = Set(tables.entries.map(\.key))
                let strays = buckets.entries.filter {
                    guard case .bucket(let bucket) = MetadataKey($0.key) else { return false }
                    return !present.contains(MetadataKey.table(bucket.table).text)
                }
                for start in stride(from: 0, to: strays.count, by: Self.transactionLimit) {
                    let portion = strays[start..<min(start + Self.transactionLimit, strays.count)]
                    machine.observer.reached("half-made table removed")
                    _ = try await machine.coordination.commit(
                        CoordinationTransaction(
                            conditions: [try await leaseCondition(term)],
                            operations: portion.map { .delete(key: $0.key) }))
                }
                return
            } catch ClusterError.busy {
                return
            } catch is CoordinationError {
                try await machine.sleep(retry.next(machine.entropy))
            }
        }
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
    var retry = Backoff(mirror.configuration)
    while true {
        let found = try await machine.coordination.get(key)
        let last = try found.map { try mirror.read(StoredCounter.self, from: $0.value).last } ?? 0
        let (next, isOver) = last.addingReportingOverflow(count)
        if isOver { throw ClusterError.invalidRequest(reason: "counter \(counter) is used up") }
        try await machine.keepApart("a counter read and not drawn from")
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [
                    found.map { .revision(key: key, $0.revision) } ?? .absent(key: key)
                ],
                operations: [
                    .put(key: key, value: mirror.stored(StoredCounter(last: next)), lease: nil)
                ]))
        if case .committed = result { return last + 1..<next + 1 }
        // Others draw too: not all at once again.
        machine.observer.reached("number drawn by another")
        try await machine.sleep(retry.next(machine.entropy))
    }
}
