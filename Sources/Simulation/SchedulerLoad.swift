import Platform

/// What a run of the bare scheduler did.
public struct SchedulerSteps: Hashable, Sendable {
    /// Jobs and events that ran.
    public var steps: Int
    /// Simulated time that passed.
    public var nanoseconds: Int64
    public var traceHash: UInt64
}

/// Runs about `count` steps of tasks that do nothing but wait: what the scheduler itself costs.
///
/// Of the two tasks of a pair, one waits for time to pass and wakes the other, which waits for its
/// signal with a deadline that never comes: the two ways in which an engine waits.
public func schedulerSteps(count: Int, seed: UInt64 = 1) -> SchedulerSteps {
    let world = SimulationWorld(seed: seed)
    for number in 1...4 { world.addMachine("machine-\(number)") }
    for number in 1...4 {
        world.start("machine-\(number)") { machine in
            for _ in 0..<8 { startPair(machine) }
        }
    }
    _ = world.run(atMost: .seconds(1_000_000)) { world.stepCount >= count }
    let result = SchedulerSteps(
        steps: world.stepCount, nanoseconds: world.nanoseconds, traceHash: world.trace.hash)
    world.shutDown()
    return result
}

private func startPair(_ machine: Machine) {
    let signal = Signal(machine)
    machine.spawn("waker") {
        while true {
            try await machine.sleep(.microseconds(machine.entropy.next(in: 50..<150)))
            signal.notify()
        }
    }
    machine.spawn("sleeper") {
        while true { _ = try await signal.wait(until: machine.clock.now + .seconds(1)) }
    }
}
