public import Platform

/// Decides at a door of the cluster who comes in and what he may do, and how much of it.
///
/// Access lists stand in the coordination service and are read from the mirror: a change counts as
/// soon as the node has heard of it. What is refused is refused before anything is done.
public final class AccessControl {
    public let configuration: AccessConfiguration
    public let quotas: QuotaKeeper
    private let machine: Machine
    private let mirror: MetadataMirror
    /// Hosts that lately gave wrong secrets.
    private var failures: [String: Failures] = [:]
    /// Those who gave a wrong secret and are not answered yet.
    private var waitingCount = 0
    private static let waitingLimit = 64

    private struct Failures {
        var count: Int
        var last: Instant
    }

    /// How long an answer to a wrong secret takes, twice as long for each that came before it from
    /// the host, up to the limit; so long is a host remembered.
    private static let failureDelay = Duration.milliseconds(100)
    private static let failureDelayLimit = Duration.seconds(3)
    private static let failureMemory = Duration.seconds(60)
    private static let hostLimit = 1024

    public init(_ machine: Machine, _ mirror: MetadataMirror, _ configuration: AccessConfiguration)
    {
        self.machine = machine
        self.mirror = mirror
        self.configuration = configuration
        quotas = QuotaKeeper(machine, configuration.quotas)
    }

    // MARK: Who it is

    /// The principal of a name and a password; a wrong one is answered late.
    ///
    /// - Throws: `AccessError.notAuthenticated`, which does not tell a wrong name from a wrong
    ///   password.
    public func authenticate(
        _ name: String, password: [UInt8], from host: String
    ) async throws -> Principal {
        if let user = configuration.user(name, password: password) {
            failures[host] = nil
            return .user(user.name)
        }
        try await refuse(host)
        throw AccessError.notAuthenticated(reason: "the name or the password is wrong")
    }

    /// The principal of a name who proves, by a signature, to have its password.
    public func authenticate(
        _ name: String, from host: String, proving: (_ secret: [UInt8]) -> Bool
    ) async throws -> Principal {
        if let user = configuration.user(name, proving: proving) {
            failures[host] = nil
            return .user(user.name)
        }
        try await refuse(host)
        throw AccessError.notAuthenticated(reason: "the name or the signature is wrong")
    }

    /// The principal of a bearer's token.
    public func authenticate(token: [UInt8], from host: String) async throws -> Principal {
        if let user = configuration.user(token: token) {
            failures[host] = nil
            return .user(user.name)
        }
        try await refuse(host)
        throw AccessError.notAuthenticated(reason: "the token is wrong")
    }

    private func refuse(_ host: String) async throws {
        let now = machine.clock.now
        let known = failures[host].flatMap {
            now - $0.last < Self.failureMemory ? $0.count : nil
        }
        let count = (known ?? 0) + 1
        if failures[host] == nil && failures.count >= Self.hostLimit {
            failures = failures.filter { now - $0.value.last < Self.failureMemory }
            if failures.count >= Self.hostLimit { failures.removeAll() }
        }
        failures[host] = Failures(count: count, last: now)
        machine.observer.reached("caller not let in")
        // Said once in a while: a log is no place for every guess.
        if count.isPowerOfTwo {
            machine.observer.note(.warning, "\(host) gave a wrong name or secret, \(count) times")
        }
        // Those who wait take the places of others: not all of them do.
        if waitingCount >= Self.waitingLimit { return }
        waitingCount += 1
        defer { waitingCount -= 1 }
        let delay = Self.failureDelay * (1 << min(count - 1, 5))
        try await machine.sleep(min(delay, Self.failureDelayLimit))
    }

    // MARK: What he may do

    /// Whether a caller may do something to a resource.
    public func isAllowed(
        _ caller: Caller, _ operation: AccessOperation, on resource: AccessResource
    ) -> Bool {
        if !configuration.isAuthorizing || isSuperUser(caller.principal) { return true }
        return resource.covering.contains { covering in
            let entries =
                (configuration.granted[covering] ?? []) + (mirror.accessLists[covering] ?? [])
            return entries.contains { $0.allows(caller, operation) }
        }
    }

    /// - Throws: `AccessError.denied`.
    public func check(
        _ caller: Caller, _ operation: AccessOperation, on resource: AccessResource
    ) throws(AccessError) {
        if isAllowed(caller, operation, on: resource) { return }
        machine.observer.reached("call without access")
        throw .denied(caller.principal, operation, resource)
    }

    private func isSuperUser(_ principal: Principal) -> Bool {
        configuration.superUsers.contains(principal)
    }

    // MARK: Lists

    /// Refuses to touch a list where none is asked, or one that is not the caller's to change.
    ///
    /// - Throws: `AccessError`.
    public func checkGoverns(
        _ caller: Caller, _ resource: AccessResource
    ) throws(AccessError) {
        if !configuration.isAuthorizing { throw .securityDisabled }
        try check(caller, .all, on: resource.governing)
    }

    /// The resources with entries that a filter means, of those that the caller may describe, in
    /// order.
    ///
    /// - Throws: `AccessError.securityDisabled`.
    public func resources(
        _ filter: AccessFilter, for caller: Caller
    ) throws(AccessError) -> [AccessResource] {
        var found: [AccessResource] = []
        for binding in try entries(filter, for: caller) where found.last != binding.resource {
            found.append(binding.resource)
        }
        return found
    }

    /// The entries that a filter means, of resources that the caller may describe, in order.
    ///
    /// - Throws: `AccessError.securityDisabled`.
    public func entries(
        _ filter: AccessFilter, for caller: Caller
    ) throws(AccessError) -> [AccessBinding] {
        if !configuration.isAuthorizing { throw .securityDisabled }
        var found: [AccessBinding] = []
        for resource in mirror.accessLists.keys.sorted() where filter.matches(resource) {
            if !isAllowed(caller, .describe, on: resource) { continue }
            for entry in mirror.accessLists[resource]! where filter.matches(entry) {
                found.append(AccessBinding(resource, entry))
            }
        }
        return found
    }
}

extension Int {
    fileprivate var isPowerOfTwo: Bool { self > 0 && self & (self - 1) == 0 }
}
