public import Platform

/// A machine's place in the world: what outlives its crashes, and its present incarnation.
final class HostNode {
    let name: String
    let disk = InFlight()
    /// The running incarnation, nil while the machine is down.
    var lifetime: Lifetime?
    var network: HostNetwork?
    let memory = MemoryAllowance()

    init(name: String) { self.name = name }
}

extension HostWorld {
    /// Starts a machine, with what its folder holds, and runs `body` as its first task.
    ///
    /// It may have other objects and another lake catalog than the world's.
    @discardableResult
    public func start(
        _ name: String, objectStore: (any ObjectStore)? = nil,
        lakeCatalog: (any LakeCatalog)? = nil, _ body: @escaping (Machine) async throws -> Void
    ) -> Machine {
        precondition(!isShutDown, "the world was shut down")
        precondition(!name.isEmpty && !name.contains("/") && name.first != ".", "a bad name")
        let node = nodes[name] ?? HostNode(name: name)
        precondition(node.lifetime == nil, "\(name) is running already")
        nodes[name] = node
        // A write of the last incarnation must not land in the files of this one.
        node.disk.waitUntilNone()
        let lifetime = Lifetime()
        node.lifetime = lifetime
        lifetime.onEnd = { [unowned self] in
            if node.lifetime === lifetime {
                end(node)
                onHalt?(name)
            }
        }
        let network = HostNetwork(world: self, node: node, lifetime: lifetime)
        node.network = network
        let machine = Machine(
            name: name,
            clock: HostClock(world: self, lifetime: lifetime),
            disk: HostDisk(world: self, node: node, lifetime: lifetime),
            network: network,
            objectStore: objectStore ?? self.objectStore(name, lifetime),
            coordination: coordination(lifetime),
            lakeCatalog: lakeCatalog ?? self.lakeCatalog(lifetime),
            entropy: SystemEntropy(),
            observer: HostObserver(journal, machine: name),
            lifetime: lifetime,
            memory: memory(of: node, lifetime),
            processor: HostProcessor(world: self, lifetime: lifetime),
            executor: self
        )
        machine.spawn("start of \(name)") { try await body(machine) }
        return machine
    }

    private func objectStore(_ name: String, _ lifetime: Lifetime) -> any ObjectStore {
        if let bucket {
            return S3ObjectStore(bucket, world: self, machine: name, lifetime: lifetime)
        }
        return HostObjectStore(world: self, name: name, lifetime: lifetime)
    }

    private func coordination(_ lifetime: Lifetime) -> any Coordination {
        if let etcdClient { return EtcdCoordination(etcdClient, world: self, lifetime: lifetime) }
        return HostCoordination(world: self, lifetime: lifetime)
    }

    private func lakeCatalog(_ lifetime: Lifetime) -> any LakeCatalog {
        if let catalogClient {
            return RESTLakeCatalog(catalogClient, world: self, lifetime: lifetime)
        }
        if configuration.etcd == nil { return SQLiteLakeCatalog(world: self, lifetime: lifetime) }
        return CoordinationLakeCatalog(coordination(lifetime))
    }

    private func memory(of node: HostNode, _ lifetime: Lifetime) -> Memory {
        node.memory.begin { [journal] memory in
            journal.note(.warning, machine: node.name, "ended, for \(memory.excess)")
            lifetime.end()
        }
    }

    /// Sets how much memory a machine may hold, in this life and those that follow.
    ///
    /// Machines of one process share its memory, so the kernel could only end all of them: this
    /// ends the one, and `onHalt` is called.
    public func setMemoryLimit(_ name: String, byteCount: Int) {
        guard let node = nodes[name] else { preconditionFailure("no machine named \(name)") }
        node.memory.limit(to: byteCount)
    }

    /// Ends a machine at once, as the kill of its process would; what it wrote is in its files.
    public func crash(_ name: String) {
        guard let node = nodes[name] else { preconditionFailure("no machine named \(name)") }
        end(node)
    }

    public func isRunning(_ name: String) -> Bool { nodes[name]?.lifetime != nil }

    private func end(_ node: HostNode) {
        guard let lifetime = node.lifetime else { return }
        node.lifetime = nil
        node.memory.end()
        lifetime.end()
        node.network?.processEnded()
        node.network = nil
        coordinationEnded(for: lifetime)
    }
}
