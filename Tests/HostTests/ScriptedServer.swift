import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP server that answers as a test says, and keeps what it was asked.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        var line: String
        var authorization: String?
        var body: String
    }

    enum Answer: Sendable {
        case status(Int, String)
        /// Closes the connection instead.
        case silence
    }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let requests = Mutex<[Request]>([])
    private let answer: @Sendable (Request, Int) -> Answer
    private let channel = Mutex<(any Channel)?>(nil)

    /// `answer` gets a request and how many there were before.
    init(_ answer: @escaping @Sendable (Request, Int) -> Answer) throws {
        self.answer = answer
        let bound = try ServerBootstrap(group: group)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        channel.withLock { $0 = bound }
    }

    var port: Int { channel.withLock { $0?.localAddress?.port ?? 0 } }

    var asked: [Request] { requests.withLock { $0 } }

    func stop() { try? group.syncShutdownGracefully() }

    fileprivate func next(_ request: Request) -> Answer {
        let before = requests.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
        return answer(request, before)
    }
}

private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: ScriptedServer
    private var head: HTTPRequestHead?
    private var body = ""

    init(_ server: ScriptedServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ""
        case .body(let buffer): body += String(buffer: buffer)
        case .end:
            guard let head else { return }
            let answer = server.next(
                ScriptedServer.Request(
                    line: "\(head.method.rawValue) \(head.uri)",
                    authorization: head.headers.first(name: "authorization"), body: body))
            guard case .status(let status, let text) = answer else {
                context.close(promise: nil)
                return
            }
            let buffer = context.channel.allocator.buffer(string: text)
            let headers = HTTPHeaders([("content-length", "\(buffer.readableBytes)")])
            context.write(
                wrapOutboundOut(
                    .head(
                        HTTPResponseHead(
                            version: .http1_1, status: .init(statusCode: status),
                            headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
