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

    @Test("An oracle that was asked for by name and compared nothing leaves the run open")
    func named() {
        let (one, other) = (tally(.logMatching), tally(.vectorAnswers))
        one.expect(true, "")
        other.hadWork = false
        let open = Verdict(
            [one, other], named: [.vectorAnswers], defectCount: 0, firstDefect: "")
        #expect(open.verdict == .inconclusive && open.reason.contains("vectorAnswers"))
        #expect(Verdict([one, other], defectCount: 0, firstDefect: "").verdict == .pass)
        #expect(Verdict([], defectCount: 0, firstDefect: "").verdict == .inconclusive)
    }

    @Test("Where a refusal is expected, nobody has to be served, and all else has to hold")
    func refusal() {
        func verdict(_ checked: [Tally], unserved: Int = 0) -> Verdict {
            .expectingRefusal(
                checked, unservedCount: unserved, defectCount: 0, firstDefect: "")
        }
        let (log, live) = (tally(.logMatching), tally(.liveness))
        log.expect(true, "")
        live.expect(true, "")
        #expect(verdict([log, live]).reason.contains("a refusal was expected"))
        #expect(verdict([log, live], unserved: 3).verdict == .pass)
        live.expect(false, "it waits for good")
        #expect(verdict([log, live]).verdict == .pass)
        log.expect(false, "two batches at one offset")
        #expect(verdict([log, live]).reason == "logMatching: two batches at one offset")
    }

    @Test("A run that did little of what it was asked for does not pass, unless that is allowed")
    func shortfalls() throws {
        func allowance(_ text: String) throws -> Allowance {
            try Scenario.load(
                text: "title: t\nlength: 20s\nallow: \(text)\n", path: "t.yaml"
            ).allowance
        }
        let strict = try allowance("{}")
        var work = WorkAccount()
        #expect(work.shortfall(allowing: strict)?.contains("no workload") == true)
        work.sent = 100
        #expect(work.shortfall(allowing: strict)?.contains("none was acknowledged") == true)
        work.acknowledged = 95
        #expect(work.shortfall(allowing: strict) == nil)
        work.refused = 5
        #expect(work.shortfall(allowing: strict)?.contains("refusedWrites: 5") == true)
        #expect(work.shortfall(allowing: try allowance("{ refusedWrites: 5 }")) == nil)
        work.hasFaults = true
        #expect(work.shortfall(allowing: strict) == nil)
        (work.held, work.played) = (1000, 499)
        #expect(work.shortfall(allowing: strict)?.contains("unplayed: 501") == true)
        #expect(work.shortfall(allowing: try allowance("{ unplayed: 501 }")) == nil)
        work.played = 500
        #expect(work.shortfall(allowing: strict) == nil)
        (work.refusedLines, work.firstRefusedLine) = (2, "a.log:7: no time")
        #expect(work.shortfall(allowing: strict)?.contains("a.log:7") == true)
        #expect(work.shortfall(allowing: try allowance("{ refusedLines: 2 }")) == nil)
    }

    @Test("Violations past the limit are counted, not kept")
    func bounds() {
        let one = tally(.lakeRows)
        for number in 0..<250 { one.violated("row \(number)") }
        #expect(one.violationCount == 250)
        #expect(one.violations.count == Tally.violationLimit)
    }
}
