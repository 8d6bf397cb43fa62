/// Where two runs of what should be the same world first differ.
public struct Divergence: Sendable, CustomStringConvertible {
    /// The number of the first event that differs, from 0.
    public var eventNumber: Int
    /// What happened there in the first run; nil if it had ended.
    public var first: Trace.Event?
    /// What happened there in the second run; nil if it had ended.
    public var second: Trace.Event?

    public var description: String {
        "event \(eventNumber): first run \(first.map { "\($0)" } ?? "had ended"), "
            + "second run \(second.map { "\($0)" } ?? "had ended")"
    }
}

/// Runs `body` in two worlds of one seed; nil if they were the same to the last event.
///
/// Two light runs compare checkpoints; only where these differ is the stretch run again with its
/// events kept, so the check costs two runs and little memory when all is well. `body` builds and
/// runs the world; machines still running at its end are stopped.
public func firstDivergence(
    seed: UInt64, costs: CostModel = CostModel(), _ body: (SimulationWorld) -> Void
) -> Divergence? {
    func run(keeping window: Range<Int>) -> SimulationWorld {
        let world = SimulationWorld(seed: seed, costs: costs, keeping: window)
        body(world)
        world.shutDown()
        return world
    }
    let first = run(keeping: 0..<0).trace
    let second = run(keeping: 0..<0).trace
    if first.hash == second.hash && first.eventCount == second.eventCount { return nil }
    let common = zip(first.checkpoints, second.checkpoints).prefix { $0 == $1 }.count
    var window = Trace.checkpointInterval
    let start = common * Trace.checkpointInterval
    // What is not deterministic may differ elsewhere the next time: look wider until it shows.
    for _ in 0..<8 {
        let left = run(keeping: start..<(start + window)).keptEvents
        let right = run(keeping: start..<(start + window)).keptEvents
        for position in 0..<max(left.count, right.count) {
            let one = position < left.count ? left[position] : nil
            let other = position < right.count ? right[position] : nil
            if one != other {
                return Divergence(eventNumber: start + position, first: one, second: other)
            }
        }
        window *= 4
    }
    return Divergence(eventNumber: start, first: nil, second: nil)
}
