import Oracles
import RunReports
import ScenarioFiles
import Testing

@testable import Workbench

@Suite("Verdicts")
struct VerdictTests {
    func tally(_ name: OracleName) -> Tally { Tally(name, now: { 7 }) }

    @Test("Pass is said only if each oracle compared something")
    func passes() {
        let (one, other) = (tally(.logMatching), tally(.lakeRows))
        one.expect(true, "")
        #expect(Verdict([one, other], defectCount: 0, firstDefect: "").verdict == .inconclusive)
        other.hadWork = false
        #expect(Verdict([one, other], defectCount: 0, firstDefect: "").verdict == .pass)
        other.expect(true, "")
        #expect(Verdict([one, other], defectCount: 0, firstDefect: "").verdict == .pass)
    }

    @Test("A violation fails, and is kept with its time")
    func fails() {
        let one = tally(.fencing)
        one.expect(true, "")
        one.expect(false, "a fenced leader spoke")
        let verdict = Verdict([one], defectCount: 0, firstDefect: "")
        #expect(verdict.verdict == .fail)
        #expect(verdict.reason == "fencing: a fenced leader spoke")
        #expect(one.compared == 2)
        #expect(
            one.violations == [Tally.Violation(message: "a fenced leader spoke", nanoseconds: 7)])
    }

    @Test("A defect that the engine noted fails a run in which all oracles held")
    func defects() {
        let one = tally(.fencing)
        one.expect(true, "")
        let verdict = Verdict([one], defectCount: 2, firstDefect: "server-1: a task failed")
        #expect(verdict.verdict == .fail)
        #expect(verdict.reason.contains("server-1: a task failed"))
    }

    @Test("Violations past the limit are counted, not kept")
    func bounds() {
        let one = tally(.lakeRows)
        for number in 0..<250 { one.violated("row \(number)") }
        #expect(one.violationCount == 250)
        #expect(one.violations.count == Tally.violationLimit)
    }
}
