import NIOCore
import NIOHTTP1
import Platform

/// One request and its answer on a connection, on the event loop's thread.
///
/// The handler stays with its connection for all requests that follow each other on it.
final class HTTPExchange: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPClientRequestPart

    /// Answers are bounded: what is larger is no answer.
    static let answerLimit = 1 << 30

    /// Takes parts of an answer as they come, of a request that is answered without end.
    struct Sink: Sendable {
        var head: @Sendable (HTTPResponseHead) -> Void
        var bytes: @Sendable ([UInt8]) -> Void
    }

    /// What went wrong with the connection.
    private var trouble: String?
    private var promise: EventLoopPromise<HTTPAnswer>?
    private var sink: Sink?
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []
    private var deadline: Scheduled<Void>?
    /// Whether the connection may carry another request after the last answer.
    private(set) var isReusable = true

    /// Sends a request; the promise gets its answer or an `HTTPFailure`.
    func begin(
        _ call: HTTPCall, host: String, timeout: TimeAmount?, sink: Sink?,
        _ promise: EventLoopPromise<HTTPAnswer>, on channel: Socket
    ) {
        channel.eventLoop.preconditionInEventLoop()
        guard self.promise == nil, channel.isActive else {
            promise.fail(HTTPFailure.notSent(reason: trouble ?? "the connection is closed"))
            return
        }
        self.promise = promise
        self.sink = sink
        head = nil
        body = []
        var headers = HTTPHeaders([("host", host)])
        headers.add(contentsOf: call.headers.map { ($0.name, $0.value) })
        if !call.body.isEmpty || call.method == .PUT || call.method == .POST {
            headers.add(name: "content-length", value: "\(call.body.count)")
        }
        let head = HTTPRequestHead(
            version: .http1_1, method: call.method, uri: call.target, headers: headers)
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if !call.body.isEmpty {
            let buffer = channel.allocator.buffer(bytes: call.body)
            channel.write(HTTPClientRequestPart.body(.byteBuffer(buffer)), promise: nil)
        }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        if let timeout {
            deadline = channel.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
                self.fail("no answer in time", closing: channel)
            }
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // 100 Continue and its like come before the answer.
            if (100..<200).contains(head.status.code) { return }
            self.head = head
            isReusable = head.isKeepAlive
            sink?.head(head)
        case .body(let buffer):
            if let sink {
                sink.bytes(Array(buffer.readableBytesView))
            } else if body.count + buffer.readableBytes > Self.answerLimit {
                fail("the answer is over \(Self.answerLimit) bytes", closing: context.channel)
            } else {
                body += buffer.readableBytesView
            }
        case .end:
            guard let promise, let head else { return }
            clear()
            promise.succeed(
                HTTPAnswer(status: Int(head.status.code), headers: head.headers, body: body))
            body = []
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail("the connection broke", closing: context.channel)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        trouble = TLSHandshake.words(for: error)
        fail(trouble ?? "", closing: context.channel)
    }

    private func fail(_ reason: String, closing channel: Socket) {
        isReusable = false
        let promise = self.promise
        clear()
        promise?.fail(HTTPFailure.inDoubt(reason: reason))
        channel.close(promise: nil)
    }

    private func clear() {
        promise = nil
        sink = nil
        deadline?.cancel()
        deadline = nil
    }
}
