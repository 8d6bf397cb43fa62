/// Where two runs of what should be the same world first differ.
public struct Divergence: Hashable, Sendable, CustomStringConvertible {
    /// The number of the first event that differs, from 0.
    public var eventNumber: Int
    /// What happened there in the first run; nil if it had ended.
    public var first: Trace.Event?
    /// What happened there in the second run; nil if it had ended.
    public var second: Trace.Event?

    /// What the first run did there, once it did more than let time pass.
    public var firstEffect: Trace.Event?
    /// What the second run did there, once it did more than let time pass.
    public var secondEffect: Trace.Event?

    public var description: String {
        "event \(eventNumber): first run \(Self.words(first, firstEffect)), "
            + "second run \(Self.words(second, secondEffect))"
    }

    private static func words(_ event: Trace.Event?, _ effect: Trace.Event?) -> String {
        guard let event else { return "had ended" }
        guard let effect, effect != event else { return "\(event)" }
        return "\(event), then \(effect)"
    }

    /// The first difference of two stretches of events that both begin at event `start`.
    public init?(_ first: [Trace.Event], _ second: [Trace.Event], from start: Int) {
        let common = zip(first, second).prefix { $0 == $1 }.count
        if common == first.count && common == second.count { return nil }
        eventNumber = start + common
        self.first = common < first.count ? first[common] : nil
        self.second = common < second.count ? second[common] : nil
        firstEffect = first[common...].first { $0.kind != .timer }
        secondEffect = second[common...].first { $0.kind != .timer }
    }

    init(eventNumber: Int) { self.eventNumber = eventNumber }
}

/// Runs `body` in two worlds of one seed; nil if they were the same to the last event.
///
/// Two light runs compare checkpoints; only where these differ is the stretch run again with its
/// events kept, so the check costs two runs and little memory when all is well. `body` builds and
/// runs the world; machines still running at its end are stopped.
public func firstDivergence(
    seed: UInt64, costs: CostModel = CostModel(), _ body: (SimulationWorld) -> Void
) -> Divergence? {
    func run(keeping window: Range<Int>) -> TraceSummary {
        let world = SimulationWorld(seed: seed, costs: costs, keeping: window)
        body(world)
        world.shutDown()
        return TraceSummary(of: world)
    }
    let comparison = run(keeping: 0..<0).compare(with: run(keeping: 0..<0))
    guard case .stretch(let stretch) = comparison else { return nil }
    var window = Trace.checkpointInterval
    // What is not deterministic may differ elsewhere the next time: look wider until it shows.
    for _ in 0..<8 {
        let range = stretch.lowerBound..<(stretch.lowerBound + window)
        let (left, right) = (run(keeping: range), run(keeping: range))
        let found = Divergence(left.events, right.events, from: range.lowerBound)
        if let found { return found }
        window *= 4
    }
    return Divergence(eventNumber: stretch.lowerBound)
}
