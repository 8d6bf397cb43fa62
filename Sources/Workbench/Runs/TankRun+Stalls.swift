import ScenarioFiles
import Oracles
import Platform
import Simulation

/// The liveness phase: all faults are over, and the cluster has to become whole.
extension TankRun {
    /// Waits until nothing is missing, or tells what each is waiting for and since when.
    func settle(_ machine: Machine) async throws {
        let deadline = machine.clock.now + settleLimit / 2
        var since: [String: Int64] = [:]
        while true {
            let stalls = oracles.oracle(Liveness.self).stalls()
            since = Dictionary(
                uniqueKeysWithValues: stalls.map { ($0.key, since[$0.key] ?? world.nanoseconds) })
            let told = stalls.prefix(5).map { stall in
                let start = Duration.nanoseconds(since[stall.key]! / 1_000_000 * 1_000_000)
                return "\(stall.text), since \(start.shortText)"
            }
            let more = stalls.count > 5 ? "; and \(stalls.count - 5) more" : ""
            stall = stalls.isEmpty ? nil : told.joined(separator: "; ") + more
            oracles.tell(.lookedForStalls)
            guard let stall else { return }
            if machine.clock.now >= deadline {
                oracles.tell(
                    .didNotSettle(
                        reason: "a healed cluster did not converge in \(settleLimit / 2): "
                            + stall))
                return
            }
            try await machine.sleep(.seconds(1))
        }
    }
}
