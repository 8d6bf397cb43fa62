import Platform

/// One machine's way to the coordination service.
final class HostCoordination: Coordination {
    private let world: HostWorld
    private let service: CoordinationService
    private let lifetime: Lifetime

    init(world: HostWorld, lifetime: Lifetime) {
        guard let service = world.coordinator else { preconditionFailure("etcd coordinates") }
        self.world = world
        self.service = service
        self.lifetime = lifetime
    }

    func get(_ key: String) async throws -> CoordinationEntry? { try await run { try $0.get(key) } }

    func range(prefix: String) async throws -> CoordinationRange {
        try await run { try $0.range(prefix: prefix) }
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
        return try await run { try $0.commit(transaction) }
    }

    func grantLease(_ duration: Duration) async throws -> LeaseIdentifier {
        if duration <= .zero {
            throw CoordinationError.invalidRequest(reason: "a lease lasts longer than nothing")
        }
        // Afterwards, so that the turn under way when it was asked for is not the last.
        defer { world.keepPulse() }
        let lease = try await run { try $0.grantLease(duration) }
        world.granted(lease)
        return lease
    }

    func renewLease(_ lease: LeaseIdentifier) async throws {
        try await run { try $0.renewLease(lease) }
    }

    func revokeLease(_ lease: LeaseIdentifier) async throws {
        try await run { try $0.revokeLease(lease) }
    }

    func watch(prefix: String, after revision: Revision) async throws -> any Watch {
        try lifetime.check()
        let watch = HostWatch(world: world, lifetime: lifetime)
        world.watches.append(watch)
        let carried = UncheckedSendableBox(watch)
        let world = UncheckedSendableBox(self.world)
        let stream = CoordinationService.Stream(
            identifier: watch.identifier, prefix: Array(prefix.utf8), position: revision.number
        ) { events in
            world.value.post { carried.value.arrive(events) }
        }
        defer { self.world.keepPulse() }
        do {
            try await run { try $0.watch(stream) }
        } catch {
            watch.cancel()
            throw error
        }
        return watch
    }

    private func run<Value>(
        _ request: @escaping @Sendable (CoordinationService) throws -> Value
    ) async throws -> Value {
        let service = self.service
        world.counters.count(.coordinationRequests)
        do {
            return try await world.offload(to: world.databaseThread, in: lifetime) {
                try request(service)
            }
        } catch let error as SQLiteError {
            world.journal.note(.warning, machine: "", "coordination: \(error)")
            throw error.isInDoubt ? CoordinationError.outcomeUnknown : .unavailable
        }
    }
}

/// A machine's watch; its stream of changes comes from the database thread.
final class HostWatch: Watch {
    let identifier: UInt64
    let lifetime: Lifetime
    private let world: HostWorld
    private var arrived: [WatchEvent] = []
    private var waits: [Wait<[WatchEvent]>] = []
    private var isEnded = false

    init(world: HostWorld, lifetime: Lifetime) {
        world.lastWatch += 1
        identifier = world.lastWatch
        self.world = world
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
        if isEnded { return }
        world.endWatches { $0 === self }
        end()
    }

    /// Takes changes, or nil if some were missed.
    func arrive(_ events: [WatchEvent]?) {
        if isEnded || lifetime.isEnded { return }
        guard let events else {
            cancel()
            return
        }
        arrived += events
        if waits.isEmpty { return }
        let batch = arrived
        arrived.removeAll()
        waits.removeFirst().resume(returning: batch)
    }

    private func end() {
        isEnded = true
        let waiting = waits
        waits.removeAll()
        for wait in waiting { wait.resume(throwing: CoordinationError.unavailable) }
    }
}

extension HostWorld {
    /// Remembers a lease for `leave`; of very many, the latest.
    func granted(_ lease: LeaseIdentifier) {
        if grantedLeases.count >= 256 { grantedLeases.removeFirst(128) }
        grantedLeases.append(lease)
    }

    /// How soon an ended lease and another process's change are noticed.
    private static let pulseInterval: Int64 = 10_000_000

    func coordinationEnded(for lifetime: Lifetime) {
        endWatches { $0.lifetime === lifetime }
        etcdClient?.endWatches { $0.lifetime === lifetime }
    }

    func endWatches(_ isEnded: (HostWatch) -> Bool) {
        let ended = Set(watches.filter(isEnded).map(\.identifier))
        guard !ended.isEmpty, let service = coordinator else { return }
        watches.removeAll { ended.contains($0.identifier) }
        databaseThread.submit { service.endStreams { ended.contains($0.identifier) } }
    }

    /// Gives the coordination service its turns from now on, for as long as it needs them.
    func keepPulse() {
        guard pulse == nil, !isShutDown, let service = coordinator else { return }
        pulse = schedule(HostClock.monotonicNanoseconds + Self.pulseInterval) { [unowned self] in
            let world = UncheckedSendableBox(self)
            databaseThread.submit {
                // A turn that failed is needed again.
                let isNeeded = (try? service.turn()) ?? true
                world.value.post {
                    world.value.pulse = nil
                    if isNeeded { world.value.keepPulse() }
                }
            }
        }
    }
}
