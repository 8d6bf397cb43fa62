import Glibc
import NIOCore
import Platform

/// Turns the bytes of a socket into frames and back, on the event loop's thread.
///
/// A frame is its length in four bytes, big-endian, and its bytes. Between machines of ours the
/// length `goodbye` announces the orderly end: a socket that ends without it belonged to a process
/// that died. Programs of others neither greet nor say goodbye.
final class FrameHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = [UInt8]
    typealias OutboundOut = ByteBuffer

    /// What the world asks of the handler besides sending frames.
    enum Request: Sendable {
        /// Frames of this many bytes were taken by their receiver.
        case taken(Int)
        /// An orderly end, after all that was sent.
        case finish
        /// An end at once, as if the process had died.
        case abort
    }

    enum Role {
        case calling(Greeting, HostConnection)
        /// Makes a connection for a caller, or nil for one that is not wanted.
        case called((Greeting, Socket) -> HostConnection?)
        /// Makes a connection for a caller that is no machine of ours.
        case calledByAnyone((Socket) -> HostConnection)
    }

    private enum Phase {
        case greeting
        case open
        /// The other side has said goodbye, or is not to be listened to any more.
        case over
    }

    /// Bytes handed to the world and not taken yet, before reading pauses.
    static let windowBytes = 4 * 1024 * 1024
    /// Told to the world in portions of this many bytes.
    static let portionBytes = windowBytes / 2
    static let goodbye = UInt32.max
    static let greetingTime = TimeAmount.seconds(5)
    /// How long a peer may take to read what was sent before the orderly end.
    static let farewellTime = TimeAmount.seconds(30)

    private let world: HostWorld
    private let role: Role
    private var connection: HostConnection?
    private var phase = Phase.greeting
    private var bytes = ByteBuffer()
    private var frames: [[UInt8]] = []
    private var untakenBytes = 0
    private var flushedBytes = 0
    private var deadline: Scheduled<Void>?

    init(world: HostWorld, role: Role) {
        self.world = world
        self.role = role
    }

    // MARK: Life of the channel

    func channelActive(context: ChannelHandlerContext) {
        switch role {
        case .calling(let greeting, let connection):
            self.connection = connection
            phase = .open
            var buffer = context.channel.allocator.buffer(capacity: 64)
            greeting.write(to: &buffer)
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        case .called:
            limit(Self.greetingTime, context)
        case .calledByAnyone(let accept):
            connection = accept(context.channel)
            phase = .open
        }
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        if phase == .open { end(isForeign ? .closed : .reset) }
        phase = .over
    }

    /// Whether the other side is no machine of ours.
    private var isForeign: Bool {
        if case .calledByAnyone = role { return true }
        return false
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func limit(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        let channel = context.channel
        deadline?.cancel()
        deadline = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if phase == .over { return }
        var incoming = unwrapInboundIn(data)
        if bytes.readableBytes == 0 {
            bytes = incoming
        } else {
            bytes.writeBuffer(&incoming)
        }
        if phase == .greeting { readGreeting(context) }
        while phase == .open, readFrame(context) {}
        if bytes.readableBytes == 0 { bytes.clear() } else { bytes.discardReadBytes() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        deliver()
        readOn(context)
    }

    private func readOn(_ context: ChannelHandlerContext) {
        // After the end only to see the socket's own.
        if phase == .over || untakenBytes <= Self.windowBytes { context.read() }
    }

    private func readGreeting(_ context: ChannelHandlerContext) {
        guard case .called(let accept) = role else { return }
        switch Greeting.read(from: &bytes) {
        case .incomplete: break
        case .strange: refuse("a stranger called and was shut out", context)
        case .greeting(let greeting):
            guard let accepted = accept(greeting, context.channel) else {
                refuse("\(greeting.caller) called \(greeting.called), which is not here", context)
                return
            }
            deadline?.cancel()
            connection = accepted
            phase = .open
        }
    }

    /// Takes one frame from the front of the bytes; false if it is not there whole.
    private func readFrame(_ context: ChannelHandlerContext) -> Bool {
        guard let length = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self) else {
            return false
        }
        if length == Self.goodbye && !isForeign {
            deliver()
            end(.closed)
            context.close(promise: nil)
            return false
        }
        if length > UInt32(frameSizeLimit) {
            let caller = connection.map { "\($0.peer)" } ?? "a stranger"
            deliver()
            end(.tooLarge(Int(length)))
            refuse(
                "\(caller) announced a frame of \(length) bytes, which is over the limit", context)
            return false
        }
        let whole = 4 + Int(length)
        if bytes.readableBytes < whole {
            bytes.reserveCapacity(minimumWritableBytes: whole - bytes.readableBytes)
            return false
        }
        bytes.moveReaderIndex(forwardBy: 4)
        frames.append(bytes.readBytes(length: Int(length))!)
        untakenBytes += whole
        return true
    }

    private func refuse(_ message: String, _ context: ChannelHandlerContext) {
        let world = UncheckedSendableBox(self.world)
        self.world.post { world.value.journal.note(.warning, machine: "", message) }
        phase = .over
        abort(context)
    }

    // MARK: To the world

    private func deliver() {
        if frames.isEmpty { return }
        let delivered = frames
        frames.removeAll()
        tell { $0.arrive(delivered) }
    }

    private func end(_ ending: HostConnection.Ending) {
        phase = .over
        tell { $0.end(ending) }
    }

    private func tell(_ body: @escaping @Sendable (HostConnection) -> Void) {
        guard let connection = connection.map({ UncheckedSendableBox($0) }) else { return }
        world.post { body(connection.value) }
    }

    // MARK: Writing

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let frame = unwrapOutboundIn(data)
        var buffer = context.channel.allocator.buffer(capacity: 4 + frame.count)
        buffer.writeInteger(UInt32(frame.count))
        buffer.writeBytes(frame)
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess { [self] in
            flushedBytes += 4 + frame.count
            if flushedBytes < Self.portionBytes { return }
            let portion = flushedBytes
            flushedBytes = 0
            tell { $0.flushed(portion) }
        }
        context.write(wrapOutboundOut(buffer), promise: written)
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard let request = event as? Request else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        switch request {
        case .taken(let count):
            let wasPaused = untakenBytes > Self.windowBytes
            untakenBytes -= count
            if wasPaused { readOn(context) }
        case .finish: finish(context)
        case .abort: abort(context)
        }
        promise?.succeed()
    }

    /// Says goodbye and waits for the peer to hang up, since closing at once could lose what was
    /// sent.
    private func finish(_ context: ChannelHandlerContext) {
        phase = .over
        limit(Self.farewellTime, context)
        if isForeign {
            context.close(mode: .output, promise: nil)
            context.read()
            return
        }
        var buffer = context.channel.allocator.buffer(capacity: 4)
        buffer.writeInteger(Self.goodbye)
        let said = context.eventLoop.makePromise(of: Void.self)
        said.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success: context.close(mode: .output, promise: nil)
            case .failure: context.close(promise: nil)
            }
        }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: said)
        context.read()
    }

    /// Ends the socket with a reset instead of an orderly end.
    private func abort(_ context: ChannelHandlerContext) {
        phase = .over
        (context.channel as? any SocketOptionProvider)?
            .setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in }
        context.close(promise: nil)
    }
}
