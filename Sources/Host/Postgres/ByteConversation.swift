import NIOCore
import NIOPosix

/// A TCP connection for commands, outside of any world: what arrives is waited for.
///
/// Nothing is read ahead of what is asked for, so that a fast sender is held back.
final class ByteConversation {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let inbox = Inbox()
    private var channel: Socket?

    /// - Throws: What the system says if nobody listens there.
    init(_ address: ServiceAddress) throws {
        let inbox = self.inbox
        do {
            channel = try ClientBootstrap(group: group)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.autoRead, value: false)
                .connectTimeout(.seconds(5))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Arrivals(inbox))
                    }
                }
                .connect(host: address.host, port: address.port).wait()
        } catch {
            try? group.syncShutdownGracefully()
            throw error
        }
    }

    deinit { try? group.syncShutdownGracefully() }

    func close() {
        channel?.close(promise: nil)
        channel = nil
    }

    /// Sends all of some bytes.
    func send(_ bytes: [UInt8]) throws {
        guard let channel else { return }
        try channel.writeAndFlush(channel.allocator.buffer(bytes: bytes)).wait()
    }

    /// What has arrived; nil if nothing does in so many seconds, empty at the end.
    func receive(timeout seconds: Double) -> [UInt8]? {
        channel?.read()
        return inbox.take(until: HostClock.monotonicNanoseconds + Int64(seconds * 1e9))
    }

    /// Why nothing arrives any more.
    var reason: String { inbox.end ?? "the connection broke" }
}

/// What has arrived and was not taken yet.
///
/// Unchecked because what it holds is guarded by the monitor.
private final class Inbox: @unchecked Sendable {
    private let monitor = Monitor()
    private var arrived: [UInt8] = []
    private var reason: String?

    func take(until deadline: Int64) -> [UInt8]? {
        monitor.locked {
            while arrived.isEmpty && reason == nil {
                if HostClock.monotonicNanoseconds >= deadline { return nil }
                monitor.wait(untilNanoseconds: deadline)
            }
            defer { arrived = [] }
            return arrived
        }
    }

    var end: String? { monitor.locked { reason } }

    func put(_ bytes: ByteBufferView) {
        monitor.locked {
            arrived += bytes
            monitor.wakeAll()
        }
    }

    func finish(_ end: String) {
        monitor.locked {
            reason = reason ?? end
            monitor.wakeAll()
        }
    }
}

private final class Arrivals: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let inbox: Inbox

    init(_ inbox: Inbox) { self.inbox = inbox }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbox.put(unwrapInboundIn(data).readableBytesView)
    }

    func channelInactive(context: ChannelHandlerContext) {
        inbox.finish("the connection was closed")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        inbox.finish("\(error)")
        context.close(promise: nil)
    }
}
