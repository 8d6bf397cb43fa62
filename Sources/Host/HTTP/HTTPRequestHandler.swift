import NIOCore
import NIOHTTP1

/// Puts a request together and writes its answer, on the event loop's thread.
///
/// The pipeline before it takes one request at a time from each connection.
final class HTTPRequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let connections: ConnectionCount
    private let limit: Int
    private let take:
        @Sendable (HTTPServer.Request, @escaping @Sendable (HTTPServer.Response) -> Void) -> Void
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLarge = false
    private var isCounted = false

    init(
        _ connections: ConnectionCount, _ limit: Int,
        _ take:
            @escaping @Sendable (
                HTTPServer.Request, @escaping @Sendable (HTTPServer.Response) -> Void
            ) -> Void
    ) {
        self.connections = connections
        self.limit = limit
        self.take = take
    }

    func channelActive(context: ChannelHandlerContext) {
        isCounted = connections.enter(atMost: limit)
        if !isCounted { context.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isCounted { connections.leave() }
        isCounted = false
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            isTooLarge = false
            // Who asks first whether to send a body waits for this.
            if head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" }) {
                let ready = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(
                    wrapOutboundOut(HTTPServerResponsePart.head(ready)), promise: nil)
            }
        case .body(let buffer):
            if body.count + buffer.readableBytes > HTTPServer.bodyLimit {
                isTooLarge = true
                body = []
            } else if !isTooLarge {
                body += buffer.readableBytesView
            }
        case .end:
            guard let head else { return }
            self.head = nil
            let channel = context.channel
            let isKept = head.isKeepAlive && !isTooLarge
            let answered: @Sendable (HTTPServer.Response) -> Void = { response in
                channel.eventLoop.execute { Self.write(response, isKept: isKept, to: channel) }
            }
            if isTooLarge {
                answered(
                    HTTPServer.failure(
                        413, "a request has at most \(HTTPServer.bodyLimit) bytes"))
                return
            }
            let request = HTTPServer.Request(
                method: head.method.rawValue, target: head.uri,
                headers: head.headers.map { ($0.name.lowercased(), $0.value) }, body: body,
                host: context.remoteAddress?.ipAddress ?? "")
            body = []
            take(request, answered)
        }
    }

    private static func write(
        _ response: HTTPServer.Response, isKept: Bool, to channel: Socket
    ) {
        if response.isLost {
            channel.close(promise: nil)
            return
        }
        var headers = HTTPHeaders(response.headers.map { ($0.name, $0.value) })
        let count = response.impliedByteCount ?? Int64(response.body.count)
        headers.replaceOrAdd(name: "content-length", value: String(count))
        if !isKept { headers.replaceOrAdd(name: "connection", value: "close") }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: response.status),
            headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        let sent = response.cutAfterByteCount.map { response.body.prefix($0) } ?? response.body[...]
        if !sent.isEmpty {
            let buffer = channel.allocator.buffer(bytes: sent)
            let part = HTTPServerResponsePart.body(.byteBuffer(buffer))
            if response.cutAfterByteCount == nil {
                channel.write(part, promise: nil)
            } else {
                let written = channel.eventLoop.makePromise(of: Void.self)
                written.futureResult.whenComplete { _ in channel.close(promise: nil) }
                channel.writeAndFlush(part, promise: written)
            }
        }
        if response.cutAfterByteCount != nil {
            if sent.isEmpty { channel.close(promise: nil) }
            return
        }
        let written = channel.eventLoop.makePromise(of: Void.self)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: written)
        if !isKept { written.futureResult.whenComplete { _ in channel.close(promise: nil) } }
    }
}
