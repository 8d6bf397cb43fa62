import NIOCore
import NIOHTTP1
import NIOPosix
import Platform

/// Calls one HTTP server, over a few connections that it keeps.
///
/// Belongs to the world's thread; the sockets are served on the event loop's.
final class HTTPClient {
    /// Connections at a time; who comes later waits for one.
    static let connectionLimit = 32
    /// A connection that was idle for longer is not used again: the server may be closing it.
    private static let idleLimit: Int64 = 4_000_000_000

    private struct Idle {
        var channel: Socket
        var exchange: UncheckedSendableBox<HTTPExchange>
        var since: Int64
    }

    let address: ServiceAddress
    /// Who may vouch for the server; nil where it speaks no TLS.
    private let trust: TLSTrust?
    private unowned let world: HostWorld
    private var idle: [Idle] = []
    private var activeCount = 0
    private var queue: [Wait<Void>] = []

    /// Precondition: a server that speaks TLS comes with those who may vouch for it.
    init(_ address: ServiceAddress, trust: TLSTrust?, world: HostWorld) {
        precondition(!address.isSecure || trust != nil, "nobody vouches for \(address)")
        self.address = address
        self.trust = address.isSecure ? trust : nil
        self.world = world
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// - Throws: `HTTPFailure`, or `Terminated`.
    func send(
        _ call: HTTPCall, timeout: Duration = .seconds(20), in lifetime: Lifetime
    ) async throws -> HTTPAnswer {
        try await enter(lifetime)
        defer { leave() }
        let connection = try await connection(lifetime)
        let limit = TimeAmount.nanoseconds(timeout.nanoseconds)
        let exchange = connection.exchange
        let host = call.host ?? address.description
        let channel = connection.channel
        let answer: HTTPAnswer = try await wait(
            in: lifetime, unwanted: { _ in channel.close(promise: nil) }
        ) {
            let promise = channel.eventLoop.makePromise(of: HTTPAnswer.self)
            channel.eventLoop.execute {
                exchange.value.begin(
                    call, host: host, timeout: limit, sink: nil, promise, on: channel)
            }
            return promise.futureResult
        }
        if answer.headers[canonicalForm: "connection"].contains("close") {
            channel.close(promise: nil)
        } else if channel.isActive && idle.count < Self.connectionLimit {
            idle.append(
                Idle(
                    channel: channel, exchange: exchange, since: HostClock.monotonicNanoseconds))
        }
        return answer
    }

    /// Sends a request whose answer has no end; the parts arrive on the world's thread.
    ///
    /// - Returns: What closes it.
    func stream(
        _ call: HTTPCall, in lifetime: Lifetime,
        onBytes: @escaping ([UInt8]) -> Void, onEnd: @escaping () -> Void
    ) async throws -> () -> Void {
        try lifetime.check()
        let connection = try await connect(lifetime)
        let world = UncheckedSendableBox(self.world)
        let bytes = UncheckedSendableBox(onBytes)
        let end = UncheckedSendableBox(onEnd)
        let channel = connection.channel
        let exchange = connection.exchange
        let host = call.host ?? address.description
        let sink = HTTPExchange.Sink(
            head: { _ in },
            bytes: { part in world.value.post { bytes.value(part) } })
        let promise = channel.eventLoop.makePromise(of: HTTPAnswer.self)
        promise.futureResult.whenComplete { _ in
            channel.close(promise: nil)
            world.value.post { end.value() }
        }
        channel.eventLoop.execute {
            exchange.value.begin(call, host: host, timeout: nil, sink: sink, promise, on: channel)
        }
        return { channel.close(promise: nil) }
    }

    /// Closes what is idle; requests under way end by themselves.
    func close() {
        for connection in idle { connection.channel.close(promise: nil) }
        idle.removeAll()
    }

    // MARK: Connections

    private func enter(_ lifetime: Lifetime) async throws {
        try lifetime.check()
        while activeCount >= Self.connectionLimit {
            queue.removeAll { !$0.isPending }
            try await lifetime.wait { queue.append($0) }
        }
        activeCount += 1
    }

    private func leave() {
        activeCount -= 1
        while !queue.isEmpty {
            let next = queue.removeFirst()
            if next.isPending {
                next.resume(returning: ())
                return
            }
        }
    }

    private func connection(_ lifetime: Lifetime) async throws -> Idle {
        let now = HostClock.monotonicNanoseconds
        while let last = idle.popLast() {
            if last.channel.isActive && now - last.since < Self.idleLimit { return last }
            last.channel.close(promise: nil)
        }
        return try await connect(lifetime)
    }

    private func connect(_ lifetime: Lifetime) async throws -> Idle {
        let exchange = UncheckedSendableBox(HTTPExchange())
        let timeout = world.configuration.connectTimeout.nanoseconds
        let group = world.eventLoops
        let address = self.address
        let trust = self.trust
        do {
            let channel: Socket = try await wait(
                in: lifetime, unwanted: { $0.close(promise: nil) }
            ) {
                let secured = group.next().makePromise(of: Void.self)
                let opening = ClientBootstrap(group: group)
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .connectTimeout(.nanoseconds(timeout))
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            let pipeline = channel.pipeline.syncOperations
                            if let trust {
                                try trust.addHandler(to: channel, calling: address.host)
                                try pipeline.addHandler(TLSHandshake(secured))
                            } else {
                                secured.succeed()
                            }
                            try pipeline.addHTTPClientHandlers()
                            try pipeline.addHandler(exchange.value)
                        }
                    }
                    .connect(host: address.host, port: address.port)
                opening.whenFailure { secured.fail($0) }
                let deadline = secured.futureResult.eventLoop.scheduleTask(
                    in: .nanoseconds(2 * timeout)
                ) { secured.fail(ChannelError.connectTimeout(.nanoseconds(2 * timeout))) }
                secured.futureResult.whenComplete { _ in deadline.cancel() }
                secured.futureResult.whenFailure { _ in
                    opening.whenSuccess { $0.close(promise: nil) }
                }
                return opening.and(secured.futureResult).map(\.0)
            }
            return Idle(channel: channel, exchange: exchange, since: 0)
        } catch let error as Terminated {
            throw error
        } catch {
            throw HTTPFailure.notSent(
                reason: "\(address) cannot be reached: \(TLSHandshake.words(for: error))")
        }
    }

    /// Waits on the world's thread for what the event loop brings; what nobody waits for any more
    /// is `unwanted`.
    private func wait<Value: Sendable>(
        in lifetime: Lifetime, unwanted: @escaping @Sendable (Value) -> Void,
        _ start: () -> EventLoopFuture<Value>
    ) async throws -> Value {
        let world = UncheckedSendableBox(self.world)
        return try await lifetime.wait { (wait: Wait<Value>) in
            let wait = UncheckedSendableBox(wait)
            start().whenComplete { result in
                world.value.post {
                    switch result {
                    case .success(let value):
                        if !wait.value.isPending { unwanted(value) }
                        wait.value.resume(returning: value)
                    case .failure(let error): wait.value.resume(throwing: error)
                    }
                }
            }
        }
    }
}
