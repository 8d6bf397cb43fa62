public import Platform
public import Simulation

/// Runs `body` as the only task of one machine in a fresh world and returns what it returns.
///
/// Throws what `body` throws, and `WorldRunError` if it did not end in `limit` of simulated time or
/// a defect was noted.
public func inWorld<Value>(
    seed: UInt64 = 1, limit: Duration = .seconds(3600),
    _ body: @escaping (Machine, SimulationWorld) async throws -> Value
) throws -> Value {
    let world = SimulationWorld(seed: seed)
    var result: Result<Value, any Error>?
    world.addMachine("machine-1")
    world.start("machine-1") { machine in
        do { result = .success(try await body(machine, world)) } catch { result = .failure(error) }
    }
    let isDone = world.run(atMost: limit) { result != nil }
    world.shutDown()
    guard isDone, let result else { throw WorldRunError.notDone(after: limit) }
    if let note = world.journal.notes.first(where: { $0.severity == .error }) {
        throw WorldRunError.defect(note.message)
    }
    return try result.get()
}

public enum WorldRunError: Error {
    case notDone(after: Duration)
    case defect(String)
}
