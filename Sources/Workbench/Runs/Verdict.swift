import Oracles
public import RunReports

/// How a run ended.
public struct Verdict: Sendable {
    public var verdict: RunReport.Verdict
    public var reason: String

    /// Defects first, then violations, then what keeps a run from proving anything: that it did too
    /// little, and oracles that compared nothing though they had work or were asked for by name.
    init(
        _ checked: [Tally], named: Set<OracleName> = [], shortfall: String? = nil,
        defectCount: Int, firstDefect: String
    ) {
        let idle = checked.filter {
            $0.compared == 0 && ($0.hadWork || named.contains($0.name))
        }.map(\.name.rawValue)
        if defectCount > 0 {
            verdict = .fail
            reason = "\(defectCount) defects were noted, the first on \(firstDefect)"
        } else if let broken = checked.first(where: { $0.violationCount > 0 }) {
            verdict = .fail
            reason = "\(broken.name.rawValue): \(broken.violations[0].message)"
        } else if let shortfall {
            verdict = .inconclusive
            reason = shortfall
        } else if checked.isEmpty {
            verdict = .inconclusive
            reason = "no oracle looked: see checks"
        } else if !idle.isEmpty {
            verdict = .inconclusive
            reason = "these oracles compared nothing: \(idle.joined(separator: ", "))"
        } else {
            verdict = .pass
            reason = ""
        }
    }

    /// Of a run that should end in a refusal, as where too few servers are left for good: nobody
    /// has to be served, all else has to hold, and somebody has to have been refused.
    ///
    /// - Parameter unservedCount: Changes that were refused or given up.
    static func expectingRefusal(
        _ checked: [Tally], named: Set<OracleName> = [], unservedCount: Int, defectCount: Int,
        firstDefect: String
    ) -> Verdict {
        let service = checked.filter { $0.name.oracle.demandsService }
        // A cluster that answers nobody shows most oracles nothing.
        let looked = checked.filter {
            !$0.name.oracle.demandsService && ($0.compared > 0 || named.contains($0.name))
        }
        var verdict = Verdict(
            looked, named: named.subtracting(service.map(\.name)), defectCount: defectCount,
            firstDefect: firstDefect)
        let wasHeldOff = unservedCount > 0 || service.contains { $0.violationCount > 0 }
        if verdict.verdict != .fail && !wasHeldOff {
            verdict.verdict = .fail
            verdict.reason =
                "the engine did all that it was asked for, where a refusal was expected"
        }
        return verdict
    }

    /// Of a run that was ended before its end: what was violated is violated, and else nothing is
    /// known.
    func interrupted(after time: String) -> Verdict {
        if verdict == .fail { return self }
        var verdict = self
        verdict.verdict = .inconclusive
        verdict.reason = "interrupted after \(time)"
        return verdict
    }
}

extension Tally {
    /// As a report shows it.
    var result: OracleResult {
        OracleResult(
            name: name.rawValue, meaning: name.meaning, compared: compared,
            violations: violations.map {
                OracleResult.Violation(
                    message: $0.message, atSeconds: Double($0.nanoseconds) / 1e9)
            }, hadWork: hadWork)
    }
}
