import Glibc
import NIOCore
import NIOPosix
import Platform

/// One machine's network: TCP, over the loopback interface unless the configuration says more.
final class HostNetwork: Network {
    private unowned let world: HostWorld
    private let node: HostNode
    let lifetime: Lifetime
    private var listeners: [Int: HostListener] = [:]
    private var connections: [HostConnection] = []
    private var lastPort = 49_152
    private static let guestLimit = 4096

    init(world: HostWorld, node: HostNode, lifetime: Lifetime) {
        self.world = world
        self.node = node
        self.lifetime = lifetime
    }

    func listen(port: Int) async throws -> any Listener {
        try lifetime.check()
        let address = Address(host: node.name, port: port == 0 ? freePort() : port)
        if listeners[address.port] != nil {
            throw NetworkError.addressInUse(address)
        }
        let listener = HostListener(address: address, network: self)
        listeners[address.port] = listener
        let channel: Socket
        do { channel = try await bind(listener) } catch {
            listeners[address.port] = nil
            throw error is Terminated ? error : NetworkError.addressInUse(address)
        }
        listener.channel = channel
        let port = channel.localAddress?.port ?? 0
        let configuration = world.configuration
        let isInner = configuration.publicPorts[address.port] == nil
        let place = ServiceAddress(
            host: isInner && configuration.innerHost != configuration.listenHost
                ? configuration.innerHost : configuration.advertisedHost, port: port)
        guard world.directory.publish(address, at: place) else {
            listeners[address.port] = nil
            channel.close(promise: nil)
            throw NetworkError.addressInUse(address)
        }
        return listener
    }

    func connect(to address: Address) async throws -> any Connection {
        try lifetime.check()
        guard let place = world.directory.place(of: address) else {
            throw NetworkError.refused(address)
        }
        let greeting = Greeting(
            caller: Address(host: node.name, port: freePort()), called: address)
        let connection = HostConnection(peer: address, network: self, channel: nil)
        do { connection.channel = try await open(connection, greeting, place) } catch {
            if error is Terminated { throw error }
            throw (error as? IOError)?.errnoCode == ECONNREFUSED || error is NIOConnectionError
                ? NetworkError.refused(address) : .timedOut(address)
        }
        if !connection.isOver { remember(connection) }
        return connection
    }

    private func freePort() -> Int {
        repeat { lastPort += 1 } while listeners[lastPort] != nil
        return lastPort
    }

    // MARK: Sockets

    private func bind(_ listener: HostListener) async throws -> Socket {
        let world = UncheckedSendableBox(self.world)
        let network = UncheckedSendableBox(self)
        let carried = UncheckedSendableBox(listener)
        let address = listener.address
        let configuration = self.world.configuration
        let publicPort = configuration.publicPorts[address.port]
        let guests = ConnectionCount()
        let limit = configuration.connectionLimit ?? Self.guestLimit
        let (tls, innerTLS) = (configuration.tls, configuration.innerTLS)
        return try await lifetime.wait { (wait: Wait<Socket>) in
            let binding = ServerBootstrap(group: self.world.eventLoops)
                .serverChannelOption(.backlog, value: 256)
                // Connections of a process that was killed linger for a minute at its port.
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.autoRead, value: false)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        func arrive(from caller: Address, _ channel: Socket) -> HostConnection {
                            let connection = UncheckedSendableBox(
                                HostConnection(
                                    peer: caller, network: network.value, channel: channel))
                            world.value.post { carried.value.arrive(connection.value) }
                            return connection.value
                        }
                        let role: FrameHandler.Role =
                            publicPort == nil
                            ? .called { greeting, channel in
                                greeting.called == address
                                    ? arrive(from: greeting.caller, channel) : nil
                            }
                            : .calledByAnyone { channel in
                                let caller = channel.remoteAddress
                                return arrive(
                                    from: Address(
                                        host: caller?.ipAddress ?? "", port: caller?.port ?? 0),
                                    channel)
                            }
                        if publicPort != nil {
                            guard guests.enter(atMost: limit) else {
                                return channel.close(promise: nil)
                            }
                            channel.closeFuture.whenComplete { _ in guests.leave() }
                            try tls?.addHandler(to: channel)
                        } else {
                            try innerTLS?.addHandler(toCalled: channel)
                        }
                        let handler = FrameHandler(world: world.value, role: role)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
                .bind(
                    host: publicPort == nil ? configuration.innerHost : configuration.listenHost,
                    port: publicPort ?? 0)
            hand(binding, to: wait)
        }
    }

    private func open(
        _ connection: HostConnection, _ greeting: Greeting, _ place: ServiceAddress
    ) async throws -> Socket {
        let world = UncheckedSendableBox(self.world)
        let carried = UncheckedSendableBox(connection)
        let innerTLS = self.world.configuration.innerTLS
        return try await lifetime.wait { (wait: Wait<Socket>) in
            let opening = ClientBootstrap(group: self.world.eventLoops)
                .channelOption(.autoRead, value: false)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connectTimeout(
                    .nanoseconds(self.world.configuration.connectTimeout.nanoseconds)
                )
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try innerTLS?.addHandler(toCalling: channel, at: place.host)
                        let handler = FrameHandler(
                            world: world.value, role: .calling(greeting, carried.value))
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
                .connect(host: place.host, port: place.port)
            hand(opening, to: wait)
        }
    }

    /// Resumes a wait with the channel, or closes it if nobody waits any more.
    private func hand(_ future: EventLoopFuture<Socket>, to wait: Wait<Socket>) {
        let world = UncheckedSendableBox(self.world)
        let wait = UncheckedSendableBox(wait)
        future.whenComplete { result in
            world.value.post {
                switch result {
                case .failure(let error): wait.value.resume(throwing: error)
                case .success(let channel):
                    if wait.value.isPending {
                        wait.value.resume(returning: channel)
                    } else {
                        channel.close(promise: nil)
                    }
                }
            }
        }
    }

    var counters: HostCounters { world.counters }

    // MARK: Endings

    /// The process is gone: its sockets end without a goodbye.
    func processEnded() {
        for port in listeners.keys.sorted() { listeners[port]!.close() }
        let ending = connections
        connections.removeAll()
        for connection in ending { connection.abort() }
    }

    func remember(_ connection: HostConnection) { connections.append(connection) }

    func forget(_ connection: HostConnection) { connections.removeAll { $0 === connection } }

    func forget(_ listener: HostListener) {
        listeners[listener.address.port] = nil
        world.directory.withdraw(listener.address)
    }

    /// Lets a connection say goodbye; the world waits for it a little when it is shut down.
    func finish(_ connection: HostConnection) {
        guard let channel = connection.channel else { return }
        world.closingConnections += 1
        let world = UncheckedSendableBox(self.world)
        channel.closeFuture.whenComplete { _ in
            world.value.post { world.value.closingConnections -= 1 }
        }
        channel.triggerUserOutboundEvent(FrameHandler.Request.finish, promise: nil)
    }
}
