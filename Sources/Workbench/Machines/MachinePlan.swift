import RunReports
import ScenarioFiles
import Server

/// What of a plan of faults can be real, and what cannot, each with its reason.
struct MachinePlan {
    private(set) var real = FaultPlan()
    private(set) var leftOut: [TankComparison.LeftOut] = []

    /// - Parameter canMount: Whether this process may make file systems.
    init(_ plan: FaultPlan, canMount: Bool) {
        var kept: [PlannedFault] = []
        for fault in plan.faults {
            if let reason = Self.refusal(fault, canMount: canMount) {
                leftOut.append(TankComparison.LeftOut(name: "\(fault)", reason: reason))
            } else {
                kept.append(fault)
            }
        }
        real = FaultPlan(kept)
    }

    private static func refusal(_ fault: PlannedFault, canMount: Bool) -> String? {
        if let reason = RealFault.refusal(fault.kind.name) { return reason }
        let means = RealFault.of(fault.kind.name)!.means
        if means == .smallFileSystem && !canMount { return "only root may mount a file system" }
        if means == .processes && fault.kind.nodes.contains(where: { $0.role == .client }) {
            return "clients are in the process that judges"
        }
        if case .condition(.tiering)? = fault.trigger {
            return "a round of tiering cannot be seen from outside"
        }
        return nil
    }

    private func has(_ means: RealFault.Means) -> Bool {
        real.faults.contains { RealFault.of($0.kind.name)?.means == means }
    }

    var needsProxy: Bool { has(.proxy) }

    /// The servers whose disks have to be file systems of their own.
    func smallDisks(among nodes: [NodeName]) -> [NodeName] {
        let filling = real.faults.filter {
            RealFault.of($0.kind.name)?.means == .smallFileSystem
        }
        // Whom a fault names by what it does is known only when it begins.
        if filling.contains(where: { !$0.kind.references.isEmpty }) {
            return nodes.filter { $0.role == .server }
        }
        let named = Set(filling.flatMap(\.kind.nodes))
        return nodes.filter { named.contains($0) }
    }

    /// How each kind of the plan is brought about.
    var means: [TankComparison.LeftOut] {
        RealFault.all.filter { fault in real.faults.contains { $0.kind.name == fault.name } }
            .map { TankComparison.LeftOut(name: $0.name.rawValue, reason: $0.how) }
    }
}
