import NIOCore
import Platform

/// One end of a connection; its socket is served by a `FrameHandler` on another thread.
final class HostConnection: Connection {
    enum Ending: Hashable, Sendable {
        case closed
        case reset
        /// The peer announced a frame over the limit.
        case tooLarge(Int)
    }

    let peer: Address
    private let network: HostNetwork
    /// Nil until the socket is connected.
    var channel: Socket?
    private var received: [[UInt8]] = []
    private var receivedHead = 0
    private var receivers: [Wait<[UInt8]>] = []
    private var senders: [Wait<Void>] = []
    private var ending: Ending?
    private var isLocallyClosed = false
    private var bytesUnderWay = 0
    /// Bytes that receivers took and the handler does not know of yet.
    private var takenBytes = 0

    init(peer: Address, network: HostNetwork, channel: Socket?) {
        self.peer = peer
        self.network = network
        self.channel = channel
    }

    func send(_ frame: [UInt8]) async throws {
        try network.lifetime.check()
        if frame.count > frameSizeLimit {
            throw NetworkError.frameTooLarge(byteCount: frame.count)
        }
        try checkOpen()
        while bytesUnderWay > FrameHandler.windowBytes {
            try await network.lifetime.wait { senders.append($0) }
            try checkOpen()
        }
        bytesUnderWay += 4 + frame.count
        network.counters.count(.networkFrames)
        network.counters.count(.networkBytes, frame.count)
        channel?.writeAndFlush(frame, promise: nil)
    }

    func receive() async throws -> [UInt8] {
        try network.lifetime.check()
        if receivedHead < received.count {
            let frame = received[receivedHead]
            receivedHead += 1
            if receivedHead == received.count {
                received.removeAll(keepingCapacity: true)
                receivedHead = 0
            }
            taken(frame)
            return frame
        }
        if isLocallyClosed { throw NetworkError.closed(peer) }
        if let ending { throw error(for: ending) }
        return try await network.lifetime.wait { receivers.append($0) }
    }

    func close() {
        if isLocallyClosed || network.lifetime.isEnded { return }
        isLocallyClosed = true
        wakeAll(.closed(peer))
        network.forget(self)
        if ending == nil { network.finish(self) }
    }

    var isOver: Bool { ending != nil }

    private func checkOpen() throws {
        if isLocallyClosed { throw NetworkError.closed(peer) }
        if let ending { throw error(for: ending) }
    }

    private func error(for ending: Ending) -> NetworkError {
        switch ending {
        case .closed: .closed(peer)
        case .reset: .reset(peer)
        case .tooLarge(let byteCount): .frameTooLarge(byteCount: byteCount)
        }
    }

    // MARK: From the handler

    func arrive(_ frames: [[UInt8]]) {
        if isLocallyClosed || ending != nil { return }
        for frame in frames {
            if receivers.isEmpty {
                received.append(frame)
            } else {
                taken(frame)
                receivers.removeFirst().resume(returning: frame)
            }
        }
    }

    func flushed(_ byteCount: Int) {
        bytesUnderWay -= byteCount
        if bytesUnderWay > FrameHandler.windowBytes { return }
        let waking = senders
        senders.removeAll()
        for sender in waking { sender.resume(returning: ()) }
    }

    func end(_ how: Ending) {
        if ending != nil { return }
        ending = how
        if how != .closed {
            received.removeAll()
            receivedHead = 0
        }
        wakeAll(error(for: how))
        network.forget(self)
    }

    /// Breaks the connection, as the death of its process does.
    func abort() {
        end(.reset)
        channel?.triggerUserOutboundEvent(FrameHandler.Request.abort, promise: nil)
    }

    private func taken(_ frame: [UInt8]) {
        takenBytes += 4 + frame.count
        if takenBytes < FrameHandler.portionBytes { return }
        channel?.triggerUserOutboundEvent(FrameHandler.Request.taken(takenBytes), promise: nil)
        takenBytes = 0
    }

    private func wakeAll(_ error: NetworkError) {
        let receiving = receivers
        receivers.removeAll()
        for receiver in receiving { receiver.resume(throwing: error) }
        let sending = senders
        senders.removeAll()
        for sender in sending { sender.resume(throwing: error) }
    }
}
