public import Platform

/// The state of one machine's clocks against true simulated time.
struct ClockState {
    /// True time and local time at the last change of rate.
    private var trueBase: Int64 = 0
    private var localBase: Int64 = 1_000_000_000
    /// How much faster than true time the clock runs.
    private var partsPerMillion: Int64 = 0
    /// Wall time minus monotonic time, in nanoseconds.
    private var wallOffset: Int64 = -1_000_000_000

    func local(at time: Int64) -> Int64 {
        let span = time - trueBase
        return localBase + span + span / 1_000_000 * partsPerMillion
            + span % 1_000_000 * partsPerMillion / 1_000_000
    }

    /// The first true time at which the local clock shows at least `local`.
    func trueTime(showing local: Int64, from time: Int64) -> Int64 {
        let wanted = local - self.local(at: time)
        if wanted <= 0 { return time }
        if partsPerMillion == 0 { return time + wanted }
        let rate = 1_000_000 + partsPerMillion
        let product = wanted.multipliedFullWidth(by: 1_000_000)
        var guess = time + rate.dividingFullWidth(product).quotient
        while self.local(at: guess - 1) >= local { guess -= 1 }
        while self.local(at: guess) < local { guess += 1 }
        return guess
    }

    func wall(at time: Int64) -> Int64 { local(at: time) + wallOffset }

    mutating func setDrift(partsPerMillion: Int64, at time: Int64) {
        localBase = local(at: time)
        trueBase = time
        self.partsPerMillion = partsPerMillion
    }

    mutating func step(by nanoseconds: Int64) { wallOffset += nanoseconds }
}

/// One machine's clocks.
final class SimulatedClock: TimeSource {
    private let world: SimulationWorld
    private let node: SimulatedNode
    private let lifetime: Lifetime
    /// Alarms that were set again because the clock had been slowed: present names by first names.
    private var renamed: [UInt64: UInt64] = [:]

    init(world: SimulationWorld, node: SimulatedNode, lifetime: Lifetime) {
        self.world = world
        self.node = node
        self.lifetime = lifetime
    }

    var now: Instant { Instant(nanoseconds: node.clock.local(at: world.nanoseconds)) }

    var timestamp: Timestamp {
        let elapsed = node.clock.wall(at: world.nanoseconds)
        return Timestamp(
            millisecondsSinceEpoch: world.epochMilliseconds + elapsed / 1_000_000)
    }

    func schedule(at deadline: Instant, _ wake: @escaping () -> Void) -> Alarm {
        Alarm(identifier: arm(deadline, first: nil, wake))
    }

    private func arm(_ deadline: Instant, first: UInt64?, _ wake: @escaping () -> Void) -> UInt64 {
        let due = node.clock.trueTime(showing: deadline.nanoseconds, from: world.nanoseconds)
        return world.schedule(due, node: node.index) { [self] in
            if lifetime.isEnded { return }
            if now < deadline {
                // The clock was slowed meanwhile: never ring early.
                let name = first ?? world.currentEvent
                renamed[name] = arm(deadline, first: name, wake)
            } else {
                if let first { renamed[first] = nil }
                wake()
            }
        }
    }

    func cancel(_ alarm: Alarm) {
        let name = renamed.isEmpty ? nil : renamed.removeValue(forKey: alarm.identifier)
        world.cancelEvent(name ?? alarm.identifier)
    }
}

extension SimulationWorld {
    /// Makes a machine's clocks run `partsPerMillion` faster than true time (slower if negative).
    public func setClockDrift(_ name: String, partsPerMillion: Int) {
        precondition(abs(partsPerMillion) < 500_000, "a clock at half speed is no clock")
        let node = node(name)
        node.clock.setDrift(partsPerMillion: Int64(partsPerMillion), at: nanoseconds)
        record(
            .fault, node: node.index, 3, UInt64(bitPattern: Int64(partsPerMillion)),
            "clock drifts by \(partsPerMillion) parts per million")
    }

    /// Steps a machine's wall clock; its monotonic clock goes on.
    public func stepClock(_ name: String, by step: Duration) {
        let node = node(name)
        node.clock.step(by: step.nanoseconds)
        record(
            .fault, node: node.index, 4, UInt64(bitPattern: step.nanoseconds),
            "wall clock steps by \(step)")
    }

    /// What a machine's wall clock shows.
    public func timestamp(of name: String) -> Timestamp {
        Timestamp(
            millisecondsSinceEpoch: epochMilliseconds + node(name).clock.wall(at: nanoseconds)
                / 1_000_000)
    }
}
