public import Platform

/// Where the listeners of a cluster's processes are, as the coordination service has it.
///
/// Each process has a number that no other has at the time, and enters its listeners under a lease
/// of its own: those of a process that was killed are gone when the lease is. What another process
/// entered is known here a moment later; until then it is as if it did not listen yet.
public final class ClusterDirectory: PortDirectory {
    private static let root = "/processes/"

    private var places: [Address: ServiceAddress] = [:]
    private var own: [Address: ServiceAddress] = [:]
    private var ownChanged: Signal?
    /// Whether the number is ours now.
    public private(set) var isEntered = false
    /// Which process has the number, as long as it is not ours.
    public private(set) var holder: String?

    public init() {}

    /// All listeners at a port of their machine, in order.
    public func listeners(at port: Int) -> [(machine: String, place: ServiceAddress)] {
        let known = places.merging(own) { _, own in own }
        return known.keys.filter { $0.port == port }.sorted().map { ($0.host, known[$0]!) }
    }

    public func place(of address: Address) -> ServiceAddress? { own[address] ?? places[address] }

    public func publish(_ address: Address, at place: ServiceAddress) -> Bool {
        if own[address] != nil { return false }
        own[address] = place
        ownChanged?.notify()
        return true
    }

    public func withdraw(_ address: Address) {
        own[address] = nil
        ownChanged?.notify()
    }

    // MARK: The process

    /// Keeps the directory and this process's place in it until the machine ends.
    ///
    /// - Parameters:
    ///   - number: The process's own.
    ///   - name: What it is called where another asks for the same number.
    public func run(_ number: Int, _ name: String, on machine: Machine) async throws {
        let changed = Signal(machine)
        ownChanged = changed
        machine.spawn("places of listeners") { try await self.follow(machine) }
        while true {
            do {
                let lease = try await machine.coordination.grantLease(.seconds(4))
                if try await enter(number, name, lease, machine) {
                    isEntered = true
                    machine.spawn("entries of this process") {
                        try await self.enterListeners(lease, changed, machine)
                    }
                    try await keep(lease, on: machine)
                    isEntered = false
                    changed.notify()
                } else {
                    try await machine.coordination.revokeLease(lease)
                }
            } catch is CoordinationError {
            }
            try await machine.sleep(.milliseconds(500))
        }
    }

    private func enter(
        _ number: Int, _ name: String, _ lease: LeaseIdentifier, _ machine: Machine
    ) async throws -> Bool {
        let key = Self.root + "numbers/\(number)"
        if let found = try await machine.coordination.get(key), found.lease != lease {
            holder = String(decoding: found.value, as: UTF8.self)
            return false
        }
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [.absent(key: key)],
                operations: [.put(key: key, value: Array(name.utf8), lease: lease)]))
        return result != .conflict
    }

    private func keep(_ lease: LeaseIdentifier, on machine: Machine) async throws {
        var validUntil = machine.clock.now + .seconds(4)
        while machine.clock.now < validUntil {
            try await machine.sleep(.seconds(1))
            let asked = machine.clock.now
            do {
                try await machine.coordination.renewLease(lease)
                validUntil = asked + .seconds(4)
            } catch CoordinationError.leaseExpired {
                return
            } catch is CoordinationError {
                // Perhaps only this answer was lost: the next renewal tells.
            }
        }
    }

    /// Writes this process's listeners, and those that come and go, while the number is its own.
    private func enterListeners(
        _ lease: LeaseIdentifier, _ changed: Signal, _ machine: Machine
    ) async throws {
        var entered: [Address: ServiceAddress] = [:]
        while isEntered {
            if entered == own {
                _ = try await changed.wait(until: machine.clock.now + .seconds(1))
                continue
            }
            let wanted = own
            var operations: [CoordinationTransaction.Operation] = []
            for address in wanted.keys.sorted() where entered[address] != wanted[address] {
                let place = wanted[address]!
                operations.append(
                    .put(
                        key: Self.key(address), value: Array("\(place.host) \(place.port)".utf8),
                        lease: lease))
            }
            for address in entered.keys.sorted() where wanted[address] == nil {
                operations.append(.delete(key: Self.key(address)))
            }
            do {
                _ = try await machine.coordination.commit(
                    CoordinationTransaction(conditions: [], operations: operations))
                entered = wanted
            } catch CoordinationError.leaseExpired {
                return
            } catch is CoordinationError {
                try await machine.sleep(.milliseconds(200))
            }
        }
    }

    // MARK: The others

    private func follow(_ machine: Machine) async throws {
        while true {
            do {
                let range = try await machine.coordination.range(prefix: Self.root + "listeners/")
                places.removeAll()
                for entry in range.entries { apply(entry.key, entry) }
                let watch = try await machine.coordination.watch(
                    prefix: Self.root + "listeners/", after: range.revision)
                while true {
                    for event in try await watch.next() { apply(event.key, event.entry) }
                }
            } catch is CoordinationError {
                try await machine.sleep(.milliseconds(200))
            }
        }
    }

    private func apply(_ key: String, _ entry: CoordinationEntry?) {
        let parts = key.split(separator: "/")
        guard parts.count == 4, let port = Int(parts[3]) else { return }
        let address = Address(host: String(parts[2]), port: port)
        let value = entry.map { String(decoding: $0.value, as: UTF8.self).split(separator: " ") }
        if let value, value.count == 2, let number = Int(value[1]), (1...65_535).contains(number) {
            places[address] = ServiceAddress(host: String(value[0]), port: number)
        } else {
            places[address] = nil
        }
    }

    private static func key(_ address: Address) -> String {
        root + "listeners/\(address.host)/\(address.port)"
    }
}

extension ClusterDirectory {
    /// The name that a cluster gave itself when it began: `known`, or one that is drawn now where
    /// the coordination service has none yet.
    ///
    /// - Throws: `CoordinationError`.
    public static func identity(_ known: String?, on machine: Machine) async throws -> String {
        let key = "/processes/cluster"
        while true {
            if let found = try await machine.coordination.get(key) {
                return String(decoding: found.value, as: UTF8.self)
            }
            // A folder that has been in a cluster does not begin another.
            if known != nil { return "" }
            _ = try await machine.coordination.commit(
                CoordinationTransaction(
                    conditions: [.absent(key: key)],
                    operations: [
                        .put(key: key, value: Array(machine.entropy.uuid().utf8), lease: nil)
                    ]))
        }
    }
}
