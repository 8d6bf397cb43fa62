import Glibc
import NIOCore
import NIOPosix
import Platform

/// Stands between the machines of several processes, and does to their links what a network does.
///
/// All call it instead of each other; the greeting with which a connection begins says who calls
/// whom. Bytes of a way that is blocked wait until it is open again, as those that a kernel sends
/// anew do.
///
/// Unchecked because all but its constants is used on its one event loop.
public final class LinkProxy: @unchecked Sendable {
    /// From one machine to another, by their names.
    public struct Way: Hashable, Sendable {
        public var source: String
        public var target: String

        public init(_ source: String, _ target: String) {
            self.source = source
            self.target = target
        }
    }

    /// What is done to what goes a way.
    public struct Rule: Hashable, Sendable {
        public var isBlocked = false
        public var delay = Duration.zero
        /// Up to so much is added to the delay of each piece.
        public var jitter = Duration.zero
        public var bytesPerSecond: Int64?
        /// Of a million pieces so many break their connection instead of arriving.
        public var resetsPerMillion = 0

        public init() {}
    }

    /// What passed so far.
    public struct Counts: Hashable, Sendable {
        public var connections = 0
        public var bytes = 0
        /// Connections that were broken on purpose.
        public var resets = 0
    }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let folder: String
    private var server: Socket?
    private var rules: [Way: Rule] = [:]
    private var busyUntil: [Way: NIODeadline] = [:]
    private var pipes: [ObjectIdentifier: LinkPipe] = [:]
    private var counts = Counts()

    /// - Parameter listeners: The folder in which a `FolderDirectory` says who listens where.
    /// - Throws: `HostError.port` if no port is free.
    public init(listeners folder: String) throws(HostError) {
        self.folder = folder
        do {
            server = try ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 256)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(LinkHandler(self))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).wait()
        } catch {
            throw .port(host: "127.0.0.1", port: 0, reason: "\(error)")
        }
    }

    /// Where it is called.
    public var place: ServiceAddress {
        ServiceAddress(host: "127.0.0.1", port: server?.localAddress?.port ?? 0)
    }

    /// What is done from now on; ways without a rule are left alone.
    public func set(_ rules: [Way: Rule]) {
        onLoop { proxy in
            proxy.rules = rules
            for pipe in proxy.pipes.values { pipe.pump() }
        }
    }

    /// Breaks all connections of a machine, once.
    public func reset(connectionsOf machine: String) {
        onLoop { proxy in
            for pipe in Array(proxy.pipes.values) where pipe.isOf(machine) { pipe.reset() }
        }
    }

    /// Ends a machine's connections at its own end; the others learn of it when they send.
    public func forget(connectionsOf machine: String) {
        onLoop { proxy in
            for pipe in Array(proxy.pipes.values) where pipe.isOf(machine) { pipe.forget(machine) }
        }
    }

    /// Waits for the event loop; not to be called on it.
    public func currentCounts() -> Counts {
        (try? group.next().submit { self.counts }.wait()) ?? Counts()
    }

    public func close() { try? group.syncShutdownGracefully() }

    private func onLoop(_ action: @escaping @Sendable (LinkProxy) -> Void) {
        group.next().execute { action(self) }
    }

    // MARK: On the event loop

    func rule(_ way: Way) -> Rule { rules[way] ?? Rule() }

    /// When so many bytes have gone a way that carries so many in a second, one after the other.
    func transferEnd(_ way: Way, _ byteCount: Int, at bytesPerSecond: Int64) -> NIODeadline {
        let begin = max(NIODeadline.now(), busyUntil[way] ?? NIODeadline.now())
        let end = begin + .nanoseconds(Int64(byteCount) * 1_000_000_000 / max(1, bytesPerSecond))
        busyUntil[way] = end
        return end
    }

    func passed(_ byteCount: Int) { counts.bytes += byteCount }
    func wasReset() { counts.resets += 1 }

    /// Calls whom a greeting names, and hands everything on in both directions from then on.
    func open(_ greeting: Greeting, _ near: LinkHandler, on channel: Socket) {
        guard let place = FolderDirectory.place(of: greeting.called, in: folder) else {
            breakOff(channel)
            return
        }
        let carried = UncheckedSendableBox(near)
        ClientBootstrap(group: group)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(.seconds(3))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(LinkHandler(self))
                }
            }
            .connect(host: place.host, port: place.port)
            .whenComplete { result in
                guard case .success(let far) = result,
                    let farHandler = try? far.pipeline.syncOperations.handler(
                        type: LinkHandler.self)
                else {
                    breakOff(channel)
                    return
                }
                self.join(greeting, (carried.value, channel), (farHandler, far))
            }
    }

    private func join(
        _ greeting: Greeting, _ near: (handler: LinkHandler, channel: Socket),
        _ far: (handler: LinkHandler, channel: Socket)
    ) {
        counts.connections += 1
        let pipe = LinkPipe(
            self, near: near.channel, greeting.caller.host, far: far.channel,
            greeting.called.host)
        pipes[ObjectIdentifier(pipe)] = pipe
        near.handler.open(takes: pipe.there, gives: pipe.back)
        far.handler.open(takes: pipe.back, gives: pipe.there)
    }

    func ended(_ pipe: LinkPipe) { pipes[ObjectIdentifier(pipe)] = nil }
}

/// Ends a socket with a reset instead of an orderly end.
func breakOff(_ channel: Socket) {
    (channel as? any SocketOptionProvider)?
        .setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in }
    channel.close(promise: nil)
}
