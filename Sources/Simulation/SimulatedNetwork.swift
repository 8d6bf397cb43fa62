import Platform

/// One machine's network in the tank: connections in the manner of TCP.
///
/// Frames of one connection arrive in order; different connections race. Over a blocked way frames
/// are held and sent again once it opens, or the connection breaks after `connectionTimeout`; so it
/// does if frames pass but nothing that would acknowledge them.
final class SimulatedNetwork: Network {
    let world: SimulationWorld
    let node: SimulatedNode
    let lifetime: Lifetime
    private(set) var listeners: [Int: SimulatedListener] = [:]
    private(set) var connections: [SimulatedConnection] = []
    private var nextPort = firstFreePort
    private static let firstFreePort = 49_152

    init(world: SimulationWorld, node: SimulatedNode, lifetime: Lifetime) {
        self.world = world
        self.node = node
        self.lifetime = lifetime
    }

    func listen(port: Int) async throws -> any Listener {
        try lifetime.check()
        let chosen = port == 0 ? freePort() : port
        let address = Address(host: node.name, port: chosen)
        if listeners[chosen] != nil { throw NetworkError.addressInUse(address) }
        let listener = SimulatedListener(address: address, network: self)
        listeners[chosen] = listener
        return listener
    }

    func connect(to address: Address) async throws -> any Connection {
        try lifetime.check()
        guard let target = world.nodeIndexes[address.host] else {
            world.requestWitness?.refused(address, to: node.index)
            throw NetworkError.refused(address)
        }
        let port = freePort()
        return try await lifetime.wait { (wait: Wait<any Connection>) in
            greet(target, address, port, wait)
        }
    }

    private func greet(
        _ target: Int32, _ address: Address, _ port: Int, _ wait: Wait<any Connection>
    ) {
        let limit = world.nanoseconds + world.costs.connectTimeout.nanoseconds
        let giveUp = world.schedule(limit, node: node.index) {
            wait.resume(throwing: NetworkError.timedOut(address))
        }
        if world.links.isHeld(node.index, target) { return }
        world.schedule(world.nanoseconds + latency(to: target), node: target) { [self] in
            // A machine that was paused may see the greeting long after.
            if !wait.isPending || lifetime.isEnded { return }
            let peer = world.nodes[Int(target)]
            if peer.isDark || world.links.isHeld(target, node.index) { return }
            let back = world.nanoseconds + latency(from: target, to: node.index)
            guard let network = peer.network, let listener = network.listeners[address.port] else {
                world.schedule(back, node: node.index) { [self] in
                    world.cancelEvent(giveUp)
                    world.requestWitness?.refused(address, to: node.index)
                    wait.resume(throwing: NetworkError.refused(address))
                }
                return
            }
            if listener.isFull { return }
            let here = pair(with: network, target, address, port, listener)
            world.schedule(back, node: node.index) { [self] in
                world.cancelEvent(giveUp)
                if wait.isPending { wait.resume(returning: here) } else { here.breakNow() }
            }
        }
    }

    /// Makes both ends of a connection; the far one waits to be accepted.
    private func pair(
        with network: SimulatedNetwork, _ target: Int32, _ address: Address, _ port: Int,
        _ listener: SimulatedListener
    ) -> SimulatedConnection {
        let here = SimulatedConnection(peer: address, remote: target, network: self)
        let far = SimulatedConnection(
            peer: Address(host: node.name, port: port), remote: node.index, network: network)
        here.other = far
        far.other = here
        connections.append(here)
        network.connections.append(far)
        world.record(
            .connect, node: node.index, UInt64(target), UInt64(address.port), "to \(address)")
        listener.arrive(far)
        return here
    }

    func latency(to target: Int32) -> Int64 { latency(from: node.index, to: target) }

    func latency(from source: Int32, to target: Int32) -> Int64 {
        world.links.random.nanoseconds(in: world.costs.networkLatency)
            + world.links.delay(source, target)
    }

    private func freePort() -> Int {
        repeat {
            nextPort = nextPort == 65_535 ? Self.firstFreePort : nextPort + 1
        } while listeners[nextPort] != nil
        return nextPort
    }

    // MARK: Endings

    /// The process ended, or the whole host without a word.
    func hostEnded(silently: Bool) {
        listeners.removeAll()
        let ending = connections
        connections.removeAll()
        for connection in ending { connection.localEnded(silently: silently) }
    }

    func wayOpened() {
        for connection in connections { connection.wayOpened() }
    }

    func reset(with target: Int32) {
        for connection in connections where connection.remote == target { connection.breakNow() }
    }

    func forgetConnections() {
        for connection in connections { connection.abandon() }
    }

    func forget(_ connection: SimulatedConnection) {
        if let position = connections.firstIndex(where: { $0 === connection }) {
            connections.remove(at: position)
        }
    }

    func forget(_ listener: SimulatedListener) {
        listeners[listener.address.port] = nil
    }
}

final class SimulatedListener: Listener {
    let address: Address
    /// Connections that wait to be accepted; more are not answered (Linux: net.core.somaxconn).
    private static let backlogLimit = 4096
    private let network: SimulatedNetwork
    private var arrived: [SimulatedConnection] = []
    private var waits: [Wait<any Connection>] = []
    private var isClosed = false

    init(address: Address, network: SimulatedNetwork) {
        self.address = address
        self.network = network
    }

    func accept() async throws -> any Connection {
        try network.lifetime.check()
        if isClosed { throw NetworkError.closed(address) }
        if !arrived.isEmpty { return arrived.removeFirst() }
        return try await network.lifetime.wait { waits.append($0) }
    }

    var isFull: Bool { arrived.count >= Self.backlogLimit }

    func arrive(_ connection: SimulatedConnection) {
        if waits.isEmpty {
            arrived.append(connection)
        } else {
            waits.removeFirst().resume(returning: connection)
        }
    }

    func close() {
        if isClosed { return }
        isClosed = true
        network.forget(self)
        for wait in waits { wait.resume(throwing: NetworkError.closed(address)) }
        for connection in arrived { connection.breakNow() }
        waits.removeAll()
        arrived.removeAll()
    }
}
