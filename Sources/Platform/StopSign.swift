import Synchronization

/// Asks work that runs elsewhere to end before it is done: raised on a machine's loop, looked at by
/// what `Machine.compute` runs.
///
/// In the tank such work takes no time of its own, so it never sees the sign raised under it.
public final class StopSign: Sendable {
    private let raised = Atomic<Bool>(false)

    public init() {}

    public var isRaised: Bool { raised.load(ordering: .relaxed) }

    public func raise() { raised.store(true, ordering: .relaxed) }
}
