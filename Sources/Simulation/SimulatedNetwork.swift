import Platform

/// One machine's network in the tank: connections in the manner of TCP.
///
/// Frames of one connection arrive in order; different connections race. Over a blocked way frames
/// are held and sent again once it opens, or the connection breaks after `connectionTimeout`.
final class SimulatedNetwork: Network {
    let world: SimulationWorld
    let node: SimulatedNode
    let lifetime: Lifetime
    fileprivate var listeners: [Int: SimulatedListener] = [:]
    fileprivate var connections: [SimulatedConnection] = []
    private var nextPort = 49_152

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
        let there = latency(to: target)
        let giveUp = world.nanoseconds + world.costs.connectTimeout.nanoseconds
        if world.links.isBlocked(node.index, target) {
            world.schedule(giveUp, node: node.index) {
                wait.resume(throwing: NetworkError.timedOut(address))
            }
            return
        }
        world.schedule(world.nanoseconds + there, node: target) { [self] in
            let peer = world.nodes[Int(target)]
            if peer.isDark || world.links.isBlocked(target, node.index) {
                world.schedule(giveUp, node: node.index) {
                    wait.resume(throwing: NetworkError.timedOut(address))
                }
                return
            }
            let back = world.nanoseconds + latency(from: target, to: node.index)
            guard let network = peer.network, let listener = network.listeners[address.port] else {
                world.schedule(back, node: node.index) {
                    wait.resume(throwing: NetworkError.refused(address))
                }
                return
            }
            if lifetime.isEnded { return }
            let here = SimulatedConnection(peer: address, remote: target, network: self)
            let far = SimulatedConnection(
                peer: Address(host: node.name, port: port), remote: node.index, network: network)
            here.other = far
            far.other = here
            connections.append(here)
            network.connections.append(far)
            world.record(.connect, node: node.index, UInt64(target), UInt64(address.port))
            listener.arrive(far)
            world.schedule(back, node: node.index) { wait.resume(returning: here) }
        }
    }

    fileprivate func latency(to target: Int32) -> Int64 { latency(from: node.index, to: target) }

    private func latency(from source: Int32, to target: Int32) -> Int64 {
        world.links.random.nanoseconds(in: world.costs.networkLatency)
            + world.links.delay(source, target)
    }

    private func freePort() -> Int {
        repeat { nextPort += 1 } while listeners[nextPort] != nil
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

    fileprivate func forget(_ connection: SimulatedConnection) {
        if let position = connections.firstIndex(where: { $0 === connection }) {
            connections.remove(at: position)
        }
    }

    fileprivate func forget(_ listener: SimulatedListener) {
        listeners[listener.address.port] = nil
    }
}

final class SimulatedListener: Listener {
    let address: Address
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

/// One end of a connection.
final class SimulatedConnection: Connection {
    /// Bytes under way before `send` waits.
    private static let windowBytes = 8 * 1024 * 1024

    private enum Ending {
        case closed
        case reset
    }

    let peer: Address
    let remote: Int32
    /// The other end, until this one is gone.
    var other: SimulatedConnection?
    private let network: SimulatedNetwork
    private var received: [[UInt8]] = []
    private var receivedHead = 0
    private var receivers: [Wait<[UInt8]>] = []
    private var senders: [Wait<Void>] = []
    private var ending: Ending?
    private var isLocallyClosed = false
    /// Frames held back by a blocked way, nil for the orderly end.
    private var stalled: [[UInt8]?] = []
    private var stallLimit: Alarm?
    private var bytesUnderWay = 0
    private var lastArrival: Int64 = 0

    init(peer: Address, remote: Int32, network: SimulatedNetwork) {
        self.peer = peer
        self.remote = remote
        self.network = network
    }

    private var world: SimulationWorld { network.world }
    private var local: Int32 { network.node.index }

    func send(_ frame: [UInt8]) async throws {
        try network.lifetime.check()
        if frame.count > frameSizeLimit {
            throw NetworkError.frameTooLarge(byteCount: frame.count)
        }
        try checkOpen()
        while bytesUnderWay > Self.windowBytes {
            try await network.lifetime.wait { senders.append($0) }
            try checkOpen()
        }
        world.record(.send, node: local, UInt64(UInt32(bitPattern: remote)), contentHash(frame))
        network.node.traffic.countFrame(to: remote, byteCount: frame.count)
        bytesUnderWay += frame.count
        transmit(frame)
    }

    func receive() async throws -> [UInt8] {
        try network.lifetime.check()
        if receivedHead < received.count {
            let frame = received[receivedHead]
            receivedHead += 1
            if receivedHead == received.count {
                received.removeAll(keepingCapacity: true)
                receivedHead = 0
            }
            other?.taken(frame.count)
            return frame
        }
        if isLocallyClosed || ending == .closed { throw NetworkError.closed(peer) }
        if ending == .reset { throw NetworkError.reset(peer) }
        return try await network.lifetime.wait { receivers.append($0) }
    }

    func close() {
        if isLocallyClosed || network.lifetime.isEnded { return }
        isLocallyClosed = true
        wakeAll(NetworkError.closed(peer))
        if ending == nil { transmit(nil) }
        network.forget(self)
    }

    private func checkOpen() throws {
        if isLocallyClosed { throw NetworkError.closed(peer) }
        switch ending {
        case .closed: throw NetworkError.closed(peer)
        case .reset: throw NetworkError.reset(peer)
        case nil: break
        }
    }

    // MARK: Under way

    /// Sends a frame, or the orderly end, on its way.
    private func transmit(_ frame: [UInt8]?) {
        if !stalled.isEmpty || world.links.isBlocked(local, remote) {
            stalled.append(frame)
            limitStall()
            return
        }
        if frame != nil && world.links.resets(local, remote) {
            breakNow()
            return
        }
        let transfer = CostModel.transfer(
            frame?.count ?? 0, at: world.costs.networkBytesPerSecond)
        lastArrival = max(lastArrival, world.nanoseconds + network.latency(to: remote)) + transfer
        // Weak would be wrong: what is under way arrives though its sender is gone.
        world.schedule(lastArrival, node: remote) { [self] in arrive(frame) }
    }

    private func arrive(_ frame: [UInt8]?) {
        guard let other else { return }
        if world.links.isBlocked(local, remote) && ending == nil {
            // The way closed while the frame was on it: it will be sent again.
            stalled.insert(frame, at: 0)
            limitStall()
            return
        }
        guard let frame else {
            other.fail(.closed)
            other.other = nil
            self.other = nil
            return
        }
        if other.network.lifetime.isEnded {
            // The host is up without the process: it answers with a reset.
            if !world.nodes[Int(remote)].isDark { fail(.reset) }
            return
        }
        if other.ending == .reset {
            refuseLate()
            return
        }
        other.deliver(frame)
    }

    /// The other end had given the connection up without a word: what comes there is answered with
    /// a reset (RFC 9293, section 3.5.2), if that can come back.
    private func refuseLate() {
        let delay =
            world.links.isBlocked(remote, local)
            ? world.costs.connectionTimeout.nanoseconds : other!.network.latency(to: local)
        world.schedule(world.nanoseconds + delay, node: local) { [self] in fail(.reset) }
    }

    /// Gives a blocked way some time to open before the connection breaks.
    ///
    /// Only this end learns of it: the other waits on, half-open, until it sends something.
    private func limitStall() {
        if stallLimit != nil { return }
        stallLimit = world.after(world.costs.connectionTimeout) { [self] in
            stallLimit = nil
            stalled.removeAll()
            fail(.reset)
        }
    }

    func wayOpened() {
        if stalled.isEmpty || world.links.isBlocked(local, remote) { return }
        if let stallLimit { world.cancel(stallLimit) }
        stallLimit = nil
        let frames = stalled
        stalled.removeAll()
        for frame in frames { transmit(frame) }
    }

    private func deliver(_ frame: [UInt8]) {
        if isLocallyClosed { return }
        world.record(.receive, node: local, UInt64(UInt32(bitPattern: remote)), UInt64(frame.count))
        while !receivers.isEmpty {
            let receiver = receivers.removeFirst()
            if receiver.isPending {
                other?.taken(frame.count)
                receiver.resume(returning: frame)
                return
            }
        }
        received.append(frame)
    }

    /// The reader took bytes out: there is room for more.
    private func taken(_ byteCount: Int) {
        bytesUnderWay -= byteCount
        if bytesUnderWay <= Self.windowBytes && !senders.isEmpty {
            let waking = senders
            senders.removeAll()
            for sender in waking { sender.resume(returning: ()) }
        }
    }

    // MARK: Endings

    /// Breaks both ends now.
    func breakNow() {
        world.record(.connectionEnd, node: local, UInt64(UInt32(bitPattern: remote)))
        other?.fail(.reset)
        fail(.reset)
    }

    /// This end's process is gone; the other learns of it unless the host fell silent.
    func localEnded(silently: Bool) {
        if ending == nil { ending = .reset }
        stalled.removeAll()
        if let stallLimit { world.cancel(stallLimit) }
        stallLimit = nil
        guard let other else { return }
        self.other = nil
        if silently || world.links.isBlocked(local, remote) {
            // Found out by the peer's own time-outs, or when what it sent stays unanswered for
            // long.
            let late = world.nanoseconds + world.costs.connectionTimeout.nanoseconds
            world.schedule(late, node: remote) { other.fail(.reset) }
        } else {
            lastArrival = max(lastArrival, world.nanoseconds + network.latency(to: remote))
            world.schedule(lastArrival, node: remote) { other.fail(.reset) }
        }
    }

    private func fail(_ how: Ending) {
        if ending == nil || how == .reset && ending == .closed { ending = how }
        if how == .reset {
            received.removeAll()
            receivedHead = 0
        }
        wakeAll(how == .reset ? NetworkError.reset(peer) : NetworkError.closed(peer))
        if how == .reset {
            network.forget(self)
            other = nil
        }
    }

    private func wakeAll(_ error: NetworkError) {
        let waiting = receivers
        receivers.removeAll()
        for receiver in waiting { receiver.resume(throwing: error) }
        let sending = senders
        senders.removeAll()
        for sender in sending { sender.resume(throwing: error) }
    }
}
