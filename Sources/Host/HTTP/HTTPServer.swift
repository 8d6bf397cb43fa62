import NIOCore
import NIOHTTP1
import NIOPosix
public import Platform

/// Serves HTTP at a port, for a machine that answers the requests.
///
/// The sockets are served on the event loop's thread and the requests answered on the world's.
/// Everything is bounded: connections, the size of a request, and how many are answered at a time;
/// what is beyond a bound gets an answer that says so.
public final class HTTPServer {
    /// A request, whole.
    public struct Request: Sendable {
        public var method: String
        public var target: String
        /// With lower-case names.
        public var headers: [(name: String, value: String)]
        public var body: [UInt8]
        /// The address of the computer that it comes from.
        public var host = ""
    }

    public struct Response: Sendable {
        public var status: Int
        public var headers: [(name: String, value: String)]
        public var body: [UInt8]
        /// The size of a body that is only spoken of, as in an answer to HEAD.
        public var impliedByteCount: Int64?
        /// The connection is cut after so many bytes of the body; nil if it is not.
        public var cutAfterByteCount: Int?
        /// Whether the connection is cut without an answer.
        public var isLost = false

        public init(
            status: Int, headers: [(name: String, value: String)], body: [UInt8],
            impliedByteCount: Int64? = nil
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.impliedByteCount = impliedByteCount
        }
    }

    static let bodyLimit = 64 * 1024 * 1024
    static let connectionLimit = 512
    /// How long a connection may be silent.
    static let idleTime = TimeAmount.seconds(60)
    /// Requests that are answered at a time.
    private static let requestLimit = 256

    private let world: HostWorld
    private let machine: Machine
    private let answer: (Request) async throws -> Response
    private var channel: Socket?
    private var requestCount = 0
    /// Answers given, for metrics.
    public private(set) var answeredCount: Int64 = 0
    private let connections = ConnectionCount()
    /// Connections that are open.
    public var connectionCount: Int { connections.current }

    /// Listens at the world's host.
    ///
    /// - Parameters:
    ///   - machine: Answers the requests; its end ends the serving of new ones.
    ///   - answer: What it throws is told to the client as an error of the server.
    /// - Throws: `HostError.port`.
    public init(
        _ world: HostWorld, port: Int, for machine: Machine,
        answer: @escaping (Request) async throws -> Response
    ) throws(HostError) {
        self.world = world
        self.machine = machine
        self.answer = answer
        let server = UncheckedSendableBox(self)
        let count = connections
        let tls = world.configuration.tls
        let limit = world.configuration.connectionLimit ?? Self.connectionLimit
        do {
            channel = try ServerBootstrap(group: world.eventLoops)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try tls?.addHandler(to: channel)
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                        try pipeline.addHandler(IdleStateHandler(allTimeout: Self.idleTime))
                        try pipeline.addHandler(
                            HTTPRequestHandler(count, limit) { request, done in
                                server.value.world.post { server.value.take(request, done) }
                            })
                    }
                }
                .bind(host: world.configuration.listenHost, port: port).wait()
        } catch {
            throw .port(
                host: world.configuration.listenHost, port: port,
                reason: "\(error); end the program that has it, or name another")
        }
    }

    /// Where it listens.
    public var port: Int { channel?.localAddress?.port ?? 0 }

    public func close() {
        channel?.close(promise: nil)
        channel = nil
    }

    private func take(_ request: Request, _ done: @escaping @Sendable (Response) -> Void) {
        if machine.lifetime.isEnded || requestCount >= Self.requestLimit {
            done(Self.failure(503, "too many requests are being answered; ask again later"))
            return
        }
        requestCount += 1
        machine.spawn("HTTP \(request.method) \(request.target.prefix(80))") {
            defer {
                self.requestCount -= 1
                self.answeredCount += 1
            }
            do {
                done(try await self.answer(request))
            } catch is Terminated {
                done(Self.failure(503, "the server was stopped"))
            } catch {
                self.machine.observer.note(.warning, "HTTP \(request.target): \(error)")
                done(Self.failure(500, "\(error)"))
            }
        }
    }

    static func failure(_ status: Int, _ message: String) -> Response {
        Response(
            status: status, headers: [("content-type", "text/plain; charset=utf-8")],
            body: Array((message + "\n").utf8))
    }
}
