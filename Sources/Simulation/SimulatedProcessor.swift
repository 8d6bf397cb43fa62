import Platform

/// A machine's processors by the cost model: work takes the time that it says, on the one of them
/// that is free first.
///
/// The seed says whether the work is done at the beginning or at the end of that time. On the real
/// machine it is done somewhere between, so whoever lets it see what others change is found out.
final class SimulatedProcessor: Processor {
    private let world: SimulationWorld
    private let node: SimulatedNode
    private let lifetime: Lifetime
    /// Until when each processor is busy, in the world's nanoseconds.
    private var busyUntil: [Int64]

    init(world: SimulationWorld, node: SimulatedNode, lifetime: Lifetime) {
        self.world = world
        self.node = node
        self.lifetime = lifetime
        precondition(world.costs.processorCount > 0, "a machine that cannot compute")
        busyUntil = [Int64](repeating: 0, count: world.costs.processorCount)
    }

    func run<Value: Sendable>(
        _ computation: Computation, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try lifetime.check()
        let isEarly = node.computing.next(in: 0..<2) == 0
        let early = isEarly ? Result { try body() } : nil
        let free = busyUntil.indices.min { (busyUntil[$0], $0) < (busyUntil[$1], $1) } ?? 0
        let end =
            max(world.nanoseconds, busyUntil[free])
            + CostModel.transfer(
                computation.byteCount, at: world.costs.bytesPerSecond(of: computation.kind))
        busyUntil[free] = end
        return try await lifetime.wait { (wait: Wait<Value>) in
            world.schedule(end, node: node.index) {
                // A machine that has ended computes nothing any more.
                guard wait.isPending else { return }
                do { wait.resume(returning: try (early ?? Result { try body() }).get()) } catch {
                    wait.resume(throwing: error)
                }
            }
        }
    }
}
