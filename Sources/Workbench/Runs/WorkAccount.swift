import ScenarioFiles
import Workloads

/// How much of what a scenario asks for a run has done: what its verdict may stand on.
struct WorkAccount: Hashable, Sendable {
    /// Changes that were handed to writers.
    var sent = 0
    var acknowledged = 0
    var refused = 0
    /// Of captures: changes that they hold, and that were played.
    var held = 0
    var played = 0
    /// Lines of captures that cannot be read as changes.
    var refusedLines = 0
    /// Where and why the first line was refused.
    var firstRefusedLine = ""
    var hasFaults = false
    /// Whether the run was asked to be shorter than its scenario says.
    var isShortened = false

    /// Why a run that did no more than this cannot pass; nil if it can.
    func shortfall(allowing allowance: Allowance) -> String? {
        if sent == 0 { return "nothing ran: no workload has sent a change" }
        if acknowledged == 0 { return "nothing ran: of \(sent) changes none was acknowledged" }
        if refusedLines > allowance.refusedLines {
            return "\(refusedLines) lines were left out, and \(allowance.refusedLines) may be "
                + "(allow: { refusedLines: \(refusedLines) }); the first: \(firstRefusedLine)"
        }
        let mayBeUnplayed = allowance.unplayed ?? held / 2
        if held - played > mayBeUnplayed && !isShortened {
            return "the run played \(played) of the \(held) changes that its captures hold: let it "
                + "run longer or faster, or say so (allow: { unplayed: \(held - played) })"
        }
        let mayBeRefused = allowance.refusedWrites ?? (hasFaults ? sent / 10 : 0)
        if refused > mayBeRefused {
            return "\(refused) of \(sent) changes were refused, and \(mayBeRefused) may be "
                + "(allow: { refusedWrites: \(refused) })"
        }
        return nil
    }
}

extension WorkAccount {
    /// What workloads sent, and played of their captures.
    init(_ drivers: [WorkloadDriver]) {
        for driver in drivers {
            sent += driver.sentCount
            refusedLines += driver.workload.refusedLines.count
            if firstRefusedLine.isEmpty, let first = driver.workload.refusedLines.first.first {
                firstRefusedLine = "\(first)"
            }
            guard let coverage = driver.workload.coverage(sentCount: driver.sentCount) else {
                continue
            }
            held += coverage.held.changeCount
            played += coverage.played.changeCount
        }
    }
}
