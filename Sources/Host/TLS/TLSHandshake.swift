import NIOCore
import NIOTLS

/// Tells when a connection that a client opens has become a secure one: before that nothing of what
/// is to be sent leaves this computer.
final class TLSHandshake: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private var promise: EventLoopPromise<Void>?

    init(_ promise: EventLoopPromise<Void>) { self.promise = promise }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            take()?.succeed()
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        take()?.fail(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        take()?.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    private func take() -> EventLoopPromise<Void>? {
        defer { promise = nil }
        return promise
    }

    /// Why a connection did not become secure, for people.
    static func words(for error: any Error) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "nobody who is trusted vouches for its certificate"
        }
        return text.contains("WRONG_VERSION_NUMBER") ? "it speaks no TLS there" : text
    }
}
