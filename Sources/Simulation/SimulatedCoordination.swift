public import Platform

/// The state of the world's coordination service, and how it fails.
public final class SimulatedCoordinator: FaultyService {
    let place = Strike.Place.coordination
    private struct Lease {
        var duration: Int64
        var alarm: Alarm
        var keys: [String] = []
    }

    /// Changes kept for watches that begin in the past.
    private static let historyLimit = 10_000

    public var faults = ServiceFaults()
    public private(set) var requestCount = 0
    unowned var world: SimulationWorld!
    let random: RandomStream
    private var entries = NameTable<CoordinationEntry>()
    private var leases: [LeaseIdentifier: Lease] = [:]
    private var revision = Revision.zero
    private var lastLease: Int64 = 0
    private var history: [WatchEvent] = []
    private var watches: [SimulatedWatch] = []

    init(seed: UInt64, _ epoch: RandomEpoch) {
        random = RandomStream(seed: seed, label: "coordination", epoch: epoch)
    }

    // MARK: For harness and oracles: no time passes

    public func entry(_ key: String) -> CoordinationEntry? { entries[key] }

    public var entryCount: Int { entries.names.count }

    /// In order.
    public func keys(prefix: String) -> [String] { entries.names(prefix: prefix) }

    /// Operations of the largest transaction so far, conditions not counted.
    public private(set) var largestTransaction = 0

    /// Ends a lease at once, as an overloaded service does; false if it is not there.
    public func expireLease(_ lease: LeaseIdentifier) -> Bool {
        guard let found = leases[lease] else { return false }
        world.cancel(found.alarm)
        endLease(lease)
        return true
    }

    /// Ends every watch, as a restart of the service does.
    public func breakWatches() {
        let ending = watches
        watches.removeAll()
        for watch in ending { watch.breakOff() }
    }

    // MARK: Requests

    func get(_ key: String) -> CoordinationEntry? {
        count(.coordinationRead, key)
        return entries[key]
    }

    func range(prefix: String) -> CoordinationRange {
        count(.coordinationRead, prefix)
        let found = entries.names(prefix: prefix).map { entries[$0]! }
        return CoordinationRange(entries: found, revision: revision)
    }

    func commit(_ transaction: CoordinationTransaction) throws -> CoordinationResult {
        try transaction.validate()
        if random.chance(partsPerMillion: faults.conflictsPerMillion) { interfere(transaction) }
        for condition in transaction.conditions where !holds(condition) {
            count(.coordinationCommit, "conflict")
            return .conflict
        }
        for case .put(_, _, let lease?) in transaction.operations where leases[lease] == nil {
            throw CoordinationError.leaseExpired(lease)
        }
        largestTransaction = max(largestTransaction, transaction.operations.count)
        apply(transaction.operations)
        count(.coordinationCommit, "\(revision.number)")
        return .committed(revision)
    }

    /// A stranger writes a key of the transaction first, with the value it has: the revision moves
    /// on (etcd: `mod_revision` counts writes, not values).
    private func interfere(_ transaction: CoordinationTransaction) {
        for case .revision(let key, _) in transaction.conditions {
            guard let entry = entries[key] else { continue }
            apply([.put(key: key, value: entry.value, lease: entry.lease)])
            return
        }
    }

    private func holds(_ condition: CoordinationTransaction.Condition) -> Bool {
        switch condition {
        case .absent(let key): entries[key] == nil
        case .revision(let key, let expected): entries[key]?.revision == expected
        }
    }

    func grantLease(_ duration: Duration) -> LeaseIdentifier {
        lastLease += 1
        let lease = LeaseIdentifier(number: lastLease)
        count(.lease, "\(lastLease)")
        leases[lease] = Lease(
            duration: duration.nanoseconds, alarm: alarm(for: lease, after: duration.nanoseconds))
        return lease
    }

    func renewLease(_ lease: LeaseIdentifier) throws {
        count(.lease, "\(lease.number)")
        guard let found = leases[lease] else { throw CoordinationError.leaseExpired(lease) }
        world.cancel(found.alarm)
        leases[lease]!.alarm = alarm(for: lease, after: found.duration)
    }

    func revokeLease(_ lease: LeaseIdentifier) throws {
        count(.lease, "\(lease.number)")
        if !expireLease(lease) { throw CoordinationError.leaseExpired(lease) }
    }

    func watch(_ watch: SimulatedWatch) throws {
        count(.watch, watch.prefix)
        if let first = history.first, first.revision.number > watch.start.number + 1,
            revision > watch.start
        {
            throw CoordinationError.unavailable
        }
        watches.append(watch)
        for event in history { notify(watch, event) }
    }

    func watcherEnded(node: Int32) { watches.removeAll { $0.node.index == node } }

    func forget(_ watch: SimulatedWatch) { watches.removeAll { $0 === watch } }

    // MARK: Changes

    private func count(_ kind: EventKind, _ key: String) {
        requestCount += 1
        world.record(
            kind, hashOfBytes(key.utf8), UInt64(revision.number),
            "\(key) at revision \(revision.number)")
    }

    private func alarm(for lease: LeaseIdentifier, after nanoseconds: Int64) -> Alarm {
        world.after(.nanoseconds(nanoseconds)) { [unowned self] in endLease(lease) }
    }

    private func endLease(_ lease: LeaseIdentifier) {
        guard let ended = leases.removeValue(forKey: lease) else { return }
        // A key that left the lease and came back is in the list twice.
        var seen: Set<String> = []
        let keys = ended.keys.filter { entries[$0]?.lease == lease && seen.insert($0).inserted }
        if !keys.isEmpty { apply(keys.map { .delete(key: $0) }) }
        count(.lease, "\(lease.number)")
    }

    private func apply(_ operations: [CoordinationTransaction.Operation]) {
        let isChange = operations.contains {
            if case .delete(let key) = $0 { return entries[key] != nil }
            return true
        }
        if !isChange { return }
        revision = Revision(number: revision.number + 1)
        for operation in operations {
            switch operation {
            case .put(let key, let value, let lease):
                let entry = CoordinationEntry(
                    key: key, value: value, revision: revision, lease: lease)
                let previous = entries[key]
                entries[key] = entry
                // A key that is written again under its lease is in the list already.
                if let lease, lease != previous?.lease { leases[lease]!.keys.append(key) }
                announce(WatchEvent(key: key, entry: entry, revision: revision))
            case .delete(let key):
                if entries[key] != nil {
                    entries[key] = nil
                    announce(WatchEvent(key: key, entry: nil, revision: revision))
                }
            }
        }
    }

    private func announce(_ event: WatchEvent) {
        history.append(event)
        if history.count > Self.historyLimit { forgetOldChanges() }
        for watch in watches { notify(watch, event) }
    }

    /// Forgets the older half of the history, whole revisions only.
    private func forgetOldChanges() {
        let last = history[Self.historyLimit / 2 - 1].revision
        history.removeFirst(history.firstIndex { $0.revision > last } ?? 0)
    }

    private func notify(_ watch: SimulatedWatch, _ event: WatchEvent) {
        if event.revision <= watch.start || !event.key.utf8.starts(with: watch.prefix.utf8) {
            return
        }
        let delay =
            random.nanoseconds(in: world.costs.coordinationRequest)
            + (faults.watchDelay == .zero
                ? 0 : random.nanoseconds(in: .zero..<faults.watchDelay))
        watch.post(event, at: world.nanoseconds + delay)
        if random.chance(partsPerMillion: faults.repeatsPerMillion) { renotify(watch) }
    }

    /// Sends the last few notices of a watch once more, in order.
    private func renotify(_ watch: SimulatedWatch) {
        let events = history.suffix(16).filter {
            $0.revision > watch.start && $0.key.utf8.starts(with: watch.prefix.utf8)
        }
        let delay = random.nanoseconds(in: .zero..<(.seconds(2)))
        for event in events { watch.post(event, at: world.nanoseconds + delay) }
    }
}

final class SimulatedWatch: Watch {
    let prefix: String
    /// Changes after this one are seen.
    let start: Revision
    let node: SimulatedNode
    private let coordinator: SimulatedCoordinator
    private let lifetime: Lifetime
    private var arrived: [WatchEvent] = []
    private var waits: [Wait<[WatchEvent]>] = []
    private var isEnded = false
    private var lastArrival: Int64 = 0

    init(
        prefix: String, after start: Revision, coordinator: SimulatedCoordinator,
        node: SimulatedNode, lifetime: Lifetime
    ) {
        self.prefix = prefix
        self.start = start
        self.coordinator = coordinator
        self.node = node
        self.lifetime = lifetime
    }

    func next() async throws -> [WatchEvent] {
        try lifetime.check()
        if !arrived.isEmpty {
            let events = arrived
            arrived.removeAll()
            return events
        }
        if isEnded { throw CoordinationError.unavailable }
        return try await lifetime.wait { waits.append($0) }
    }

    func cancel() {
        coordinator.forget(self)
        end()
    }

    func post(_ event: WatchEvent, at time: Int64) {
        let world = coordinator.world!
        lastArrival = max(lastArrival, time)
        world.schedule(lastArrival, node: node.index) { [weak self] in self?.arrive(event) }
    }

    /// Ends the watch as soon as its machine can see it.
    func breakOff() {
        coordinator.world.schedule(0, node: node.index) { [weak self] in self?.end() }
    }

    func end() {
        if isEnded { return }
        isEnded = true
        let waiting = waits
        waits.removeAll()
        for wait in waiting { wait.resume(throwing: CoordinationError.unavailable) }
    }

    private func arrive(_ event: WatchEvent) {
        if isEnded || lifetime.isEnded { return }
        if coordinator.world.links.isBlocked(Links.coordination, node.index) {
            // The stream is broken: the watcher has to range anew.
            coordinator.forget(self)
            end()
            return
        }
        arrived.append(event)
        if let wait = waits.first {
            waits.removeFirst()
            let events = arrived
            arrived.removeAll()
            wait.resume(returning: events)
        }
    }
}

/// One machine's way to the coordination service.
final class SimulatedCoordination: Coordination {
    private let coordinator: SimulatedCoordinator
    private let node: SimulatedNode
    private let lifetime: Lifetime

    init(_ coordinator: SimulatedCoordinator, node: SimulatedNode, lifetime: Lifetime) {
        self.coordinator = coordinator
        self.node = node
        self.lifetime = lifetime
    }

    func get(_ key: String) async throws -> CoordinationEntry? {
        try await run(isRead: true) { [coordinator] in coordinator.get(key) }
    }

    func range(prefix: String) async throws -> CoordinationRange {
        try await run(isRead: true) { [coordinator] in coordinator.range(prefix: prefix) }
    }

    func commit(_ transaction: CoordinationTransaction) async throws -> CoordinationResult {
        let keys = transaction.operations.map { operation in
            switch operation {
            case .put(let key, _, _), .delete(let key): Array(key.utf8)
            }
        }
        if Set(keys).count != keys.count {
            throw CoordinationError.invalidRequest(
                reason: "a transaction writes a key once, not more often")
        }
        if keys.isEmpty {
            throw CoordinationError.invalidRequest(reason: "a transaction has an operation")
        }
        if keys.contains([]) { throw CoordinationError.invalidRequest(reason: "a key is empty") }
        let result = try await run { [coordinator] in try coordinator.commit(transaction) }
        if case .conflict = result {
            coordinator.world.requestWitness?.refusedService(
                "a conflict over \(String(decoding: keys[0], as: UTF8.self))", to: node.index)
        }
        return result
    }

    func grantLease(_ duration: Duration) async throws -> LeaseIdentifier {
        if duration <= .zero {
            throw CoordinationError.invalidRequest(reason: "a lease lasts longer than nothing")
        }
        return try await run { [coordinator] in coordinator.grantLease(duration) }
    }

    func renewLease(_ lease: LeaseIdentifier) async throws {
        try await run { [coordinator] in try coordinator.renewLease(lease) }
    }

    func revokeLease(_ lease: LeaseIdentifier) async throws {
        try await run { [coordinator] in try coordinator.revokeLease(lease) }
    }

    func watch(prefix: String, after revision: Revision) async throws -> any Watch {
        let watch = SimulatedWatch(
            prefix: prefix, after: revision, coordinator: coordinator, node: node,
            lifetime: lifetime)
        do {
            try await run(isRead: true) { [coordinator, lifetime] in
                if !lifetime.isEnded { try coordinator.watch(watch) }
            }
        } catch {
            // It may have begun although the answer was lost, and nobody would read it.
            watch.cancel()
            throw error
        }
        return watch
    }

    /// The loss of a read is plain unavailability.
    private func run<Value>(
        isRead: Bool = false, _ effect: @escaping () throws -> Value
    ) async throws -> Value {
        let call = ServiceCall(
            service: coordinator, node: node, lifetime: lifetime, place: Links.coordination,
            isRead: isRead, refused: CoordinationError.unavailable,
            unknown: isRead ? CoordinationError.unavailable : CoordinationError.outcomeUnknown)
        return try await call.run(cost: coordinator.world.costs.coordinationRequest, effect)
    }
}
