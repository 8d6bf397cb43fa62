import Platform

/// The computer's processors: threads of their own, so that long work holds up neither a machine's
/// loop nor its disk.
final class HostProcessor: Processor {
    private let world: HostWorld
    private let lifetime: Lifetime

    init(world: HostWorld, lifetime: Lifetime) {
        self.world = world
        self.lifetime = lifetime
    }

    func run<Value: Sendable>(
        _ computation: Computation, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await world.offload(to: world.processors, in: lifetime, body)
    }
}
