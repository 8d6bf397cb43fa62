import NIOCore
import Platform

/// A connection through the proxy: two sockets, and what flows between them either way.
final class LinkPipe {
    let there: LinkFlow
    let back: LinkFlow
    private let near: (channel: Socket, machine: String)
    private let far: (channel: Socket, machine: String)
    private let proxy: LinkProxy
    private var isOver = false

    init(
        _ proxy: LinkProxy, near: Socket, _ caller: String, far: Socket, _ called: String
    ) {
        self.proxy = proxy
        self.near = (near, caller)
        self.far = (far, called)
        there = LinkFlow(proxy, .init(caller, called), from: near, to: far)
        back = LinkFlow(proxy, .init(called, caller), from: far, to: near)
        there.pipe = self
        back.pipe = self
    }

    func isOf(_ machine: String) -> Bool { near.machine == machine || far.machine == machine }

    func pump() {
        there.pump()
        back.pump()
    }

    /// Breaks both sockets.
    func reset() {
        if isOver { return }
        proxy.wasReset()
        end()
    }

    /// Breaks a machine's own socket alone; the other is broken once something comes from it.
    func forget(_ machine: String) {
        if isOver { return }
        let own = near.machine == machine ? near : far
        (near.machine == machine ? back : there).breaksNext = true
        (near.machine == machine ? there : back).isForgotten = true
        breakOff(own.channel)
    }

    /// Takes leave once nothing can come any more.
    func sourceEnded() {
        if there.isDone && back.isDone { end() }
    }

    func end() {
        if isOver { return }
        isOver = true
        there.isOver = true
        back.isOver = true
        breakOff(near.channel)
        breakOff(far.channel)
        proxy.ended(self)
    }
}

/// What goes one way of a connection: pieces that wait for their time, in order.
final class LinkFlow {
    private static let windowBytes = 1024 * 1024

    private struct Piece {
        var bytes: ByteBuffer
        var due: NIODeadline
    }

    private let proxy: LinkProxy
    private let way: LinkProxy.Way
    private let source: Socket
    private let target: Socket
    weak var pipe: LinkPipe?
    private var pieces: [Piece] = []
    private var head = 0
    private var waitingBytes = 0
    private var lastDue = NIODeadline.now()
    private var timer: NIODeadline?
    private var isPaused = false
    /// Whether the source has sent its last.
    private var isEnded = false
    private(set) var isDone = false
    var isOver = false
    /// Whether the next piece meets a socket that its owner has forgotten.
    var breaksNext = false
    /// Whether the end of the source is not told.
    var isForgotten = false

    init(
        _ proxy: LinkProxy, _ way: LinkProxy.Way, from source: Socket, to target: Socket
    ) {
        self.proxy = proxy
        self.way = way
        self.source = source
        self.target = target
    }

    func take(_ bytes: ByteBuffer) {
        if isOver || isForgotten { return }
        let rule = proxy.rule(way)
        let isBroken =
            rule.resetsPerMillion > 0 && Int.random(in: 0..<1_000_000) < rule.resetsPerMillion
        if breaksNext || isBroken {
            pipe?.reset()
            return
        }
        var due = NIODeadline.now() + .nanoseconds(rule.delay.nanoseconds)
        if rule.jitter > .zero {
            due = due + .nanoseconds(Int64.random(in: 0...rule.jitter.nanoseconds))
        }
        if let rate = rule.bytesPerSecond {
            due = max(due, proxy.transferEnd(way, bytes.readableBytes, at: rate))
        }
        lastDue = max(lastDue, due)
        pieces.append(Piece(bytes: bytes, due: lastDue))
        waitingBytes += bytes.readableBytes
        pump()
        if waitingBytes > Self.windowBytes { pause(true) }
    }

    func sourceEnded() {
        if isForgotten { return }
        isEnded = true
        pump()
    }

    /// Hands on what is due.
    func pump() {
        if isOver || isDone || proxy.rule(way).isBlocked { return }
        let now = NIODeadline.now()
        var hasWritten = false
        while head < pieces.count, pieces[head].due <= now, target.isWritable {
            let bytes = pieces[head].bytes
            head += 1
            waitingBytes -= bytes.readableBytes
            proxy.passed(bytes.readableBytes)
            target.write(bytes, promise: nil)
            hasWritten = true
        }
        if hasWritten { target.flush() }
        if head == pieces.count {
            pieces.removeAll(keepingCapacity: true)
            head = 0
            if isEnded { finish() }
        } else if pieces[head].due > now {
            wake(at: pieces[head].due)
        }
        if waitingBytes <= Self.windowBytes / 2 { pause(false) }
    }

    private func finish() {
        isDone = true
        target.close(mode: .output, promise: nil)
        pipe?.sourceEnded()
    }

    private func wake(at due: NIODeadline) {
        if let timer, timer <= due { return }
        timer = due
        let flow = UncheckedSendableBox(self)
        source.eventLoop.scheduleTask(deadline: due) {
            if flow.value.timer == due { flow.value.timer = nil }
            flow.value.pump()
        }
    }

    private func pause(_ isWanted: Bool) {
        if isPaused == isWanted { return }
        isPaused = isWanted
        source.setOption(.autoRead, value: !isWanted).whenComplete { _ in }
        if !isWanted { source.read() }
    }
}

/// One socket of the proxy.
final class LinkHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let proxy: LinkProxy
    /// Takes what the socket says; nil until it is known for whom that is.
    private var taking: LinkFlow?
    private var giving: LinkFlow?
    private var held = ByteBuffer()
    private var isOpening = false
    private var hasEnded = false

    init(_ proxy: LinkProxy) { self.proxy = proxy }

    func open(takes: LinkFlow, gives: LinkFlow) {
        taking = takes
        giving = gives
        if held.readableBytes > 0 { takes.take(held) }
        held.clear()
        if hasEnded { takes.sourceEnded() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if let taking {
            taking.take(bytes)
            return
        }
        held.writeBuffer(&bytes)
        if isOpening { return }
        var rest = held
        switch Greeting.read(from: &rest) {
        case .incomplete: break
        case .strange: context.close(promise: nil)
        case .greeting(let greeting):
            isOpening = true
            proxy.open(greeting, self, on: context.channel)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { end() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { giving?.pump() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func end() {
        hasEnded = true
        taking?.sourceEnded()
    }
}
