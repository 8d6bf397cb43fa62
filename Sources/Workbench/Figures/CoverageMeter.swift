public import RunReports
public import ScenarioFiles

/// Counts which parts of the engine took a rare path under which kinds of fault.
///
/// It only listens: a run that is measured has the same trace as one that is not. A strike is
/// active from its arming to the end, since an answer that is lost makes no noise.
public final class CoverageMeter {
    /// How long after its end a fault still counts as active: what it broke takes time to mend.
    public static let secondsAfter = 10

    private var happened: [FaultKindName: Int] = [:]
    /// Faults of a kind that have begun and not ended.
    private var active: [FaultKindName: Int] = [:]
    /// When the last fault of a kind that ended did so.
    private var ends: [FaultKindName: Int64] = [:]
    private var reached: [FaultKindName: [EnginePart: Int]] = [:]

    public init() {}

    public func began(_ kind: FaultKindName) {
        happened[kind, default: 0] += 1
        active[kind, default: 0] += 1
    }

    public func ended(_ kind: FaultKindName, at moment: Int64) {
        precondition(active[kind] ?? 0 > 0, "a fault ends that did not begin")
        active[kind]! -= 1
        ends[kind] = moment
    }

    public func reached(_ probe: String, at moment: Int64) {
        guard let part = EnginePart.of(probe: probe) else { return }
        let limit = Int64(Self.secondsAfter) * 1_000_000_000
        for kind in FaultKindName.allCases where happened[kind] != nil {
            let isFresh = ends[kind].map { moment - $0 <= limit } ?? false
            if active[kind]! > 0 || isFresh {
                reached[kind, default: [:]][part, default: 0] += 1
            }
        }
    }

    public var coverage: FaultCoverage {
        FaultCoverage(
            parts: EnginePart.allCases.map(\.rawValue), secondsAfter: Self.secondsAfter,
            rows: FaultKindName.allCases.map { kind in
                FaultCoverage.Row(
                    kind: kind.rawValue, happened: happened[kind] ?? 0,
                    reached: EnginePart.allCases.map { reached[kind]?[$0] ?? 0 })
            })!
    }
}
