public import Platform

/// The leadership of a service, which one of several candidates holds at a time under a lease.
///
/// Holding it keeps others from doing the same work; it does not make the work safe. What the
/// holder does is fenced at its effect, by the term's epoch or by compare-and-swap.
public final class LeaderLease {
    /// One time of holding the lease.
    public final class Term {
        /// Larger than that of every earlier term.
        public let epoch: Int64
        let lease: LeaseIdentifier
        public fileprivate(set) var isHeld = true
        /// Until when nobody else can have it, by this machine's clock.
        fileprivate var validUntil: Instant

        fileprivate init(epoch: Int64, lease: LeaseIdentifier, validUntil: Instant) {
            self.epoch = epoch
            self.lease = lease
            self.validUntil = validUntil
        }

        /// Whether nobody else can have it at a moment, as far as this machine's clock tells: what
        /// is asked right before an effect that nothing else fences.
        public func isValid(at now: Instant) -> Bool { isHeld && now < validUntil }
    }

    private let machine: Machine
    private let name: String
    private let mirror: MetadataMirror
    private let configuration: ClusterConfiguration

    /// `name` is the service, such as `coordinator`.
    public init(
        _ machine: Machine, _ name: String, _ mirror: MetadataMirror,
        _ configuration: ClusterConfiguration
    ) {
        self.machine = machine
        self.name = name
        self.mirror = mirror
        self.configuration = configuration
    }

    /// Campaigns until the machine ends; each term starts `duty` once.
    ///
    /// `duty` returns soon after its term is no longer held.
    public func run(_ duty: @escaping (Term) async throws -> Void) async throws {
        var retry = Backoff(configuration)
        while true {
            let holder = mirror.leaders[name]
            if !mirror.isLoaded || holder != nil && holder != machine.name {
                _ = try await mirror.changed.wait(until: machine.clock.now + .seconds(30))
                continue
            }
            do {
                let asked = machine.clock.now
                let lease = try await machine.coordination.grantLease(configuration.leaseDuration)
                if let term = try await campaign(lease, askedAt: asked) {
                    retry.reset()
                    machine.observer.note(.information, "\(machine.name) is \(name)")
                    machine.spawn("\(name) on \(machine.name)") { try await duty(term) }
                    try await hold(term, lease)
                    machine.observer.reached("leader lease lost")
                }
            } catch is CoordinationError {
                machine.observer.reached("leader campaign failed")
            } catch let error as ClusterError {
                machine.observer.note(.warning, "the lease of \(name): \(error)")
            }
            try await machine.sleep(retry.next(machine.entropy))
        }
    }

    private func campaign(
        _ lease: LeaseIdentifier, askedAt asked: Instant
    ) async throws -> Term? {
        let validUntil = asked + configuration.leaseDuration
        let key = MetadataKey.leader(name).text
        let own = LeaderName(machine.name)
        let found = try await machine.coordination.get(key)
        if let found, try mirror.read(LeaderName.self, from: found.value) != own { return nil }
        // A key that bears our own name is left from a former life of ours.
        let condition: CoordinationTransaction.Condition =
            found.map { .revision(key: key, $0.revision) } ?? .absent(key: key)
        do {
            let result = try await machine.coordination.commit(
                CoordinationTransaction(
                    conditions: [condition],
                    operations: [.put(key: key, value: mirror.stored(own), lease: lease)]))
            guard case .committed(let revision) = result else { return nil }
            return Term(epoch: revision.number, lease: lease, validUntil: validUntil)
        } catch CoordinationError.outcomeUnknown {
            guard let entry = try await machine.coordination.get(key), entry.lease == lease else {
                return nil
            }
            return Term(epoch: entry.revision.number, lease: lease, validUntil: validUntil)
        }
    }

    /// Renews until the lease is lost, or may be by this machine's own clock.
    private func hold(_ term: Term, _ lease: LeaseIdentifier) async throws {
        defer { term.isHeld = false }
        try await keepAlive(lease, on: machine, configuration) { term.validUntil = $0 }
    }
}

/// Renews a lease until it is lost, or may be lost by the machine's own clock.
func keepAlive(
    _ lease: LeaseIdentifier, on machine: Machine, _ configuration: ClusterConfiguration,
    onRenewal: (Instant) -> Void = { _ in }
) async throws {
    var validUntil = machine.clock.now + configuration.leaseDuration
    while machine.clock.now < validUntil {
        try await machine.sleep(configuration.leaseRenewal)
        let asked = machine.clock.now
        do {
            try await machine.coordination.renewLease(lease)
            validUntil = asked + configuration.leaseDuration
            onRenewal(validUntil)
        } catch CoordinationError.leaseExpired {
            return
        } catch is CoordinationError {
            // Perhaps only this answer was lost: the next renewal tells.
        }
    }
}
