import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Why a connection was not made, in the system's words where it says any.
func reason(of error: any Error) -> String {
    let cause = (error as? NIOConnectionError)?.connectionErrors.first?.error
    guard let cause = cause as? IOError else { return "\(error)" }
    return String(cString: strerror(cause.errnoCode))
}

/// Questions to one HTTP server one after the other, for commands: outside of any world, each
/// waited for. The connection is kept between them.
public final class HTTPConversation {
    public struct Answer: Sendable {
        public var status: Int
        public var body: [UInt8]

        public init(status: Int, body: [UInt8]) {
            self.status = status
            self.body = body
        }
    }

    private let address: ServiceAddress
    private let base: String
    /// Nil for a server that speaks no TLS.
    private let trust: TLSTrust?
    private let credentials: Credentials?
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private var connection: (channel: Socket, exchange: UncheckedSendableBox<HTTPExchange>)?

    /// How the server lets us in. It prints without its secrets.
    public enum Credentials: Sendable, CustomStringConvertible {
        case password(user: String, String)
        case token(String)

        public var description: String {
            if case .password(let user, _) = self { "the password of \(user)" } else { "a token" }
        }

        var header: String {
            switch self {
            case .password(let user, let password):
                "Basic " + Base64.encoded(Array("\(user):\(password)".utf8))
            case .token(let token): "Bearer \(token)"
            }
        }
    }

    /// A server at `http://HOST[:PORT][/PATH]` or, with TLS, `https://...`; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - credentials: Sent with each request.
    ///   - authorities: The file of those who may vouch for the server; nil for the system's.
    /// - Throws: `HostError`, which says what to name instead.
    public init(
        _ url: String, credentials: Credentials? = nil, authorities: String? = nil
    ) throws(HostError) {
        let (address, path) = try ServiceAddress.parse(url)
        trust = address.isSecure ? try TLSTrust(authorities: authorities) : nil
        self.credentials = credentials
        self.address = address
        base = path.isEmpty ? "" : "/" + path
    }

    deinit { try? group.syncShutdownGracefully() }

    /// What the server answers, whatever its status.
    ///
    /// - Parameters:
    ///   - path: With its slash and query, escaped.
    ///   - timeout: In seconds.
    /// - Throws: `HostError.service` if there is no answer; the request may have had its effect.
    public func ask(
        _ method: String, _ path: String, contentType: String? = nil, body: [UInt8] = [],
        timeout: Int64 = 60
    ) throws(HostError) -> Answer {
        do {
            let (channel, exchange) = try open()
            var call = HTTPCall(method: HTTPMethod(rawValue: method), target: base + path)
            if let contentType { call.headers.append(("content-type", contentType)) }
            if let credentials { call.headers.append(("authorization", credentials.header)) }
            call.body = body
            let (request, host) = (call, address.description)
            let promise = channel.eventLoop.makePromise(of: HTTPAnswer.self)
            channel.eventLoop.execute {
                exchange.value.begin(
                    request, host: host, timeout: .seconds(timeout), sink: nil, promise,
                    on: channel)
            }
            let answer = try promise.futureResult.wait()
            if answer.headers[canonicalForm: "connection"].contains("close") { close() }
            return Answer(status: answer.status, body: answer.body)
        } catch {
            close()
            throw .service(name: address.url, reason: reason(of: error))
        }
    }

    /// Opens the connection, if there is none.
    ///
    /// - Throws: `HostError.service` if the server is not there; nothing was sent then.
    public func connect() throws(HostError) {
        do { _ = try open() } catch {
            throw .service(name: address.url, reason: reason(of: error))
        }
    }

    /// Closes the connection; the next question opens another.
    public func close() {
        connection?.channel.close(promise: nil)
        connection = nil
    }

    private func open() throws -> (Socket, UncheckedSendableBox<HTTPExchange>) {
        if let connection, connection.channel.isActive {
            return (connection.channel, connection.exchange)
        }
        let exchange = UncheckedSendableBox(HTTPExchange())
        let trust = trust
        let host = address.host
        let channel = try ClientBootstrap(group: group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(.seconds(3))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try trust?.addHandler(to: channel, calling: host)
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(exchange.value)
                }
            }
            .connect(host: address.host, port: address.port).wait()
        connection = (channel, exchange)
        return (channel, exchange)
    }
}
