import Platform

/// One end of a connection.
final class SimulatedConnection: Connection {
    /// Bytes under way before `send` waits.
    private static let windowBytes = 8 * 1024 * 1024

    private enum Ending {
        case closed
        case reset
    }

    let peer: Address
    let remote: Int32
    /// The other end, until this one is gone.
    var other: SimulatedConnection?
    private let network: SimulatedNetwork
    private var received = FrameQueue()
    private var receivers: [Wait<[UInt8]>] = []
    private var senders: [Wait<Void>] = []
    private var ending: Ending?
    private var isLocallyClosed = false
    /// Frames that have not arrived, in order; nil stands for the orderly end.
    private var outgoing = FrameQueue()
    /// How many of them are not under way, because the way is blocked.
    private var stalledCount = 0
    /// When the connection breaks for want of an acknowledgement.
    private var silenceLimit: UInt64?
    private var bytesUnderWay = 0
    private var lastArrival: Int64 = 0

    init(peer: Address, remote: Int32, network: SimulatedNetwork) {
        self.peer = peer
        self.remote = remote
        self.network = network
    }

    private var world: SimulationWorld { network.world }
    private var local: Int32 { network.node.index }
    private var remoteName: String { world.nodes[Int(remote)].name }

    func send(_ frame: [UInt8]) async throws {
        try network.lifetime.check()
        if frame.count > frameSizeLimit {
            network.node.traffic.oversizedFrames += 1
            throw NetworkError.frameTooLarge(byteCount: frame.count)
        }
        try checkOpen()
        while bytesUnderWay > Self.windowBytes {
            try await network.lifetime.wait { senders.append($0) }
            try checkOpen()
        }
        world.record(
            .send, node: local, UInt64(UInt32(bitPattern: remote)), contentHash(frame),
            "\(frame.count) bytes to \(remoteName)")
        network.node.traffic.countFrame(to: remote, byteCount: frame.count)
        world.byteWitness?.sent(frame, to: peer, from: network.node.name)
        world.requestWitness?.sent(frame, to: peer, from: local, to: remote)
        bytesUnderWay += frame.count
        transmit(frame)
        _ = world.operated(.network, node: local)
    }

    func receive() async throws -> [UInt8] {
        try network.lifetime.check()
        if let frame = received.popFirst() {
            other?.taken(frame!.count)
            return frame!
        }
        if isLocallyClosed || ending == .closed { throw NetworkError.closed(peer) }
        if ending == .reset { throw NetworkError.reset(peer) }
        return try await network.lifetime.wait { receivers.append($0) }
    }

    func close() {
        if isLocallyClosed || network.lifetime.isEnded { return }
        isLocallyClosed = true
        wakeAll(NetworkError.closed(peer))
        if ending == nil { transmit(nil) } else { network.forget(self) }
    }

    private func checkOpen() throws {
        if isLocallyClosed { throw NetworkError.closed(peer) }
        switch ending {
        case .closed: throw NetworkError.closed(peer)
        case .reset: throw NetworkError.reset(peer)
        case nil: break
        }
    }

    // MARK: Under way

    /// Sends a frame, or the orderly end, on its way.
    private func transmit(_ frame: [UInt8]?) {
        if world.links.isHeld(local, remote) {
            outgoing.append(frame)
            stalledCount += 1
            limitSilence()
            return
        }
        if frame != nil && world.links.resets(local, remote) {
            breakNow()
            return
        }
        outgoing.append(frame)
        dispatch(byteCount: frame?.count ?? 0)
    }

    private func dispatch(byteCount: Int) {
        guard let other else { return }
        let transfer = CostModel.transfer(byteCount, at: world.costs.networkBytesPerSecond)
        let passage = world.links.passage(
            local, remote, byteCount: byteCount, now: world.nanoseconds)
        let soonest = world.nanoseconds + passage + network.latency(to: remote)
        lastArrival = max(lastArrival, soonest) + transfer
        // Weak would be wrong: what is under way arrives though its sender is gone.
        world.schedule(lastArrival, node: remote) { [self] in arrive(at: other) }
    }

    /// The next frame in order has come to the other machine.
    private func arrive(at other: SimulatedConnection) {
        if world.links.isHeld(local, remote) {
            // The way closed while a frame was on it: it will be sent again.
            if outgoing.isEmpty || network.lifetime.isEnded { return }
            stalledCount += 1
            limitSilence()
            return
        }
        guard let frame = outgoing.popFirst() else { return }
        if other.network.lifetime.isEnded || other.ending == .reset {
            // The host is up and knows nothing of this connection: it answers with a reset.
            if !world.nodes[Int(remote)].isDark { refuse() }
            return
        }
        guard let frame else {
            other.fail(.closed)
            other.other = nil
            self.other = nil
            network.forget(self)
            return
        }
        other.deliver(frame)
        if world.links.isBlocked(remote, local) { limitSilence() }
        if world.links.repeats(local, remote) { deliverAgain(frame, to: other) }
    }

    /// The frame comes a second time, perhaps after some that followed it.
    private func deliverAgain(_ frame: [UInt8], to other: SimulatedConnection) {
        bytesUnderWay += frame.count
        let later = world.links.random.nanoseconds(in: .zero..<(.milliseconds(50)))
        world.schedule(world.nanoseconds + later, node: remote) {
            if !other.network.lifetime.isEnded && other.ending == nil { other.deliver(frame) }
        }
    }

    /// What comes to an end that is gone is answered with a reset (RFC 9293, section 3.5.2), which
    /// a blocked way back holds up for as long as silence is borne.
    private func refuse() {
        let delay =
            world.links.isBlocked(remote, local)
            ? world.costs.connectionTimeout.nanoseconds
            : network.latency(from: remote, to: local)
        let back = world.nanoseconds + delay
        world.schedule(back, node: local) { [self] in fail(.reset) }
    }

    /// Gives a blocked way some time to open before the connection breaks.
    ///
    /// Only this end learns of it: the other waits on, half-open, until it sends something.
    ///
    /// A way that is merely clogged is no silence: what was sent waits in buffers on it.
    private func limitSilence() {
        let isCut = world.links.isBlocked(local, remote) || world.links.isBlocked(remote, local)
        if !isCut || silenceLimit != nil || ending == .reset || network.lifetime.isEnded { return }
        let limit = world.nanoseconds + world.costs.connectionTimeout.nanoseconds
        silenceLimit = world.schedule(limit, node: local) { [self] in
            silenceLimit = nil
            fail(.reset)
        }
    }

    private func endSilence() {
        if let silenceLimit { world.cancelEvent(silenceLimit) }
        silenceLimit = nil
    }

    func wayOpened() {
        if world.links.isBlocked(local, remote) { return }
        if !world.links.isBlocked(remote, local) { endSilence() }
        if world.links.isClogged(local, remote) { return }
        let count = stalledCount
        stalledCount = 0
        for byteCount in outgoing.lastByteCounts(count) { dispatch(byteCount: byteCount) }
    }

    private func deliver(_ frame: [UInt8]) {
        if isLocallyClosed { return }
        world.record(
            .receive, node: local, UInt64(UInt32(bitPattern: remote)), UInt64(frame.count),
            "\(frame.count) bytes from \(remoteName)")
        while !receivers.isEmpty {
            let receiver = receivers.removeFirst()
            if receiver.isPending {
                other?.taken(frame.count)
                receiver.resume(returning: frame)
                return
            }
        }
        received.append(frame)
    }

    /// The reader took bytes out; once there is room, senders hear of it.
    private func taken(_ byteCount: Int) {
        bytesUnderWay -= byteCount
        if bytesUnderWay > Self.windowBytes || senders.isEmpty { return }
        let waking = senders
        senders.removeAll()
        let back = world.nanoseconds + network.latency(from: remote, to: local)
        world.schedule(back, node: local) {
            for sender in waking { sender.resume(returning: ()) }
        }
    }

    // MARK: Endings

    /// Breaks both ends now.
    func breakNow() {
        world.record(
            .connectionEnd, node: local, UInt64(UInt32(bitPattern: remote)), 0,
            "with \(remoteName)")
        // As events of either machine, for one of them may be paused.
        if let other {
            world.schedule(world.nanoseconds, node: remote) { other.fail(.reset) }
        }
        world.schedule(world.nanoseconds, node: local) { [self] in fail(.reset) }
    }

    /// Ends this end alone; what the other sends from now on is answered with a reset.
    func abandon() {
        world.record(
            .connectionEnd, node: local, UInt64(UInt32(bitPattern: remote)), 1,
            "with \(remoteName), which does not know")
        world.schedule(world.nanoseconds, node: local) { [self] in fail(.reset) }
    }

    /// This end's process is gone; the other learns of it unless the host fell silent.
    func localEnded(silently: Bool) {
        if ending == nil { ending = .reset }
        outgoing.removeLast(stalledCount)
        stalledCount = 0
        endSilence()
        guard let other else { return }
        self.other = nil
        var time = max(lastArrival, world.nanoseconds + network.latency(to: remote))
        if silently || world.links.isHeld(local, remote) {
            // Found out by the peer's own time-outs, or when what it sent stays unanswered.
            time = world.nanoseconds + world.costs.connectionTimeout.nanoseconds
        }
        world.schedule(time, node: remote) { other.fail(.reset) }
    }

    private func fail(_ how: Ending) {
        if ending == nil || how == .reset && ending == .closed { ending = how }
        if how == .reset {
            received.removeAll()
            outgoing.removeAll()
            stalledCount = 0
            endSilence()
            network.forget(self)
            other = nil
        }
        wakeAll(how == .reset ? NetworkError.reset(peer) : NetworkError.closed(peer))
    }

    private func wakeAll(_ error: NetworkError) {
        let waiting = receivers
        receivers.removeAll()
        for receiver in waiting { receiver.resume(throwing: error) }
        let sending = senders
        senders.removeAll()
        for sender in sending { sender.resume(throwing: error) }
    }
}

/// Frames in order, from whose front taking is cheap.
private struct FrameQueue {
    private var frames: [[UInt8]?] = []
    private var head = 0

    var isEmpty: Bool { head == frames.count }

    mutating func append(_ frame: [UInt8]?) { frames.append(frame) }

    mutating func popFirst() -> [UInt8]?? {
        if isEmpty { return nil }
        let frame = frames[head]
        frames[head] = nil
        head += 1
        if head == frames.count {
            frames.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64 && head * 2 >= frames.count {
            frames.removeFirst(head)
            head = 0
        }
        return .some(frame)
    }

    mutating func removeLast(_ count: Int) { frames.removeLast(count) }

    mutating func removeAll() {
        frames.removeAll()
        head = 0
    }

    /// The sizes of the last `count` frames.
    func lastByteCounts(_ count: Int) -> [Int] { frames.suffix(count).map { $0?.count ?? 0 } }
}
