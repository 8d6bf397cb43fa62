import Platform
import Simulation

/// Starts a machine, runs `body` on it to its end and returns its result; the machine stays up.
func on<Value>(
    _ world: SimulationWorld, _ name: String = "a", limit: Duration = .seconds(3600),
    _ body: @escaping (Machine) async throws -> Value
) throws -> Value {
    if world.isRunning(name) { world.crash(name) }
    var result: Result<Value, any Error>?
    world.start(name) { machine in
        do { result = .success(try await body(machine)) } catch { result = .failure(error) }
    }
    let isDone = world.run(atMost: limit) { result != nil }
    guard isDone, let result else { throw StageError.notDone }
    return try result.get()
}

enum StageError: Error {
    case notDone
}

/// A world with machines that are off.
func world(_ seed: UInt64 = 1, _ names: String..., costs: CostModel = CostModel())
    -> SimulationWorld
{
    let world = SimulationWorld(seed: seed, costs: costs)
    for name in names.isEmpty ? ["a"] : names { world.addMachine(name) }
    return world
}

/// The error that `body` throws.
func failure<Failure: Error>(
    _ type: Failure.Type = Failure.self, _ body: () async throws -> Void
) async throws -> Failure? {
    do {
        try await body()
        return nil
    } catch let error as Failure {
        return error
    }
}

/// Counts how often each outcome came over many seeds.
func outcomes(_ seeds: ClosedRange<UInt64>, _ body: (UInt64) throws -> String) rethrows
    -> [String: Int]
{
    var counts: [String: Int] = [:]
    for seed in seeds { counts[try body(seed), default: 0] += 1 }
    return counts
}
