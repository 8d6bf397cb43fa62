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
            stall = text(of: oracles.oracle(Liveness.self).stalls(), &since)
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

    /// Lets a cluster that has converged go on until nothing is left that it should have removed.
    ///
    /// The run's trace has ended by then, so a cluster that has nothing to tidy up and one that has
    /// are the same run.
    func rest() {
        let names: [OracleName] = [.liveness, .replacedObjects]
        if isViolated || scenario.expectedVerdict == .refusal || prices != nil
            || !names.contains(where: scenario.checks.contains)
        {
            return
        }
        recorder.end()
        var since: [String: Int64] = [:]
        var elapsed = Duration.zero
        while true {
            oracles.tell(.restingSecond)
            let left =
                oracles.oracle(Liveness.self).remains()
                + oracles.oracle(ReplacedObjects.self).pending
            guard let text = text(of: left, &since), world.journal.errorCount == 0 else { return }
            if elapsed >= settleLimit / 2 {
                oracles.tell(
                    .didNotSettle(
                        reason: "a cluster at rest did not tidy up in \(elapsed): " + text))
                return
            }
            if isInterrupted() { return }
            onProgress?("resting")
            world.run(for: .seconds(1))
            elapsed += .seconds(1)
        }
    }

    /// The first few of what is waited for, each with its beginning; nil if nothing is.
    private func text(of stalls: [Stall], _ since: inout [String: Int64]) -> String? {
        since = Dictionary(
            uniqueKeysWithValues: stalls.map { ($0.key, since[$0.key] ?? world.nanoseconds) })
        let told = stalls.prefix(5).map { stall in
            let start = Duration.nanoseconds(since[stall.key]! / 1_000_000 * 1_000_000)
            return "\(stall.text), since \(start.shortText)"
        }
        let more = stalls.count > 5 ? "; and \(stalls.count - 5) more" : ""
        return stalls.isEmpty ? nil : told.joined(separator: "; ") + more
    }
}
