import Dispatch
import Foundation
import RunReports
import ScenarioFiles
import Synchronization
import Workbench

extension Explain {
    /// Looks for the moment of no return, with what there is to tell of it.
    func findNoReturn(_ story: Story) throws -> NoReturnCurve {
        Interruption.handle()
        let end = Duration.nanoseconds(Int64((story.violatedAtSeconds * 1e9).rounded(.up)))
        var search = NoReturnSearch(until: max(end, .milliseconds(1)))
        let start = Date()
        let deadline = start + limit.seconds
        while let at = search.next, Date() < deadline, !Interruption.isRequested {
            let moment = moment(at, oracle: story.oracle)
            if Interruption.isRequested { break }
            search.learn(moment)
            let passed = Date().timeIntervalSince(start)
            ProgressLine.show(
                "from \(at.shortText) on \(moment.failing) of \(moment.runs) still fail",
                share: passed / max(1, limit.seconds),
                secondsLeft: max(0, limit.seconds - passed))
        }
        return NoReturnCurve(
            points: search.moments.map { moment in
                NoReturnCurve.Point(
                    atSeconds: moment.at.secondsForPeople, failing: moment.failing,
                    runs: moment.runs)
            },
            steps: search.steps.map { from, to in
                NoReturnCurve.Step(
                    from: from.at.secondsForPeople, until: to.at.secondsForPeople,
                    failingBefore: from.failing, failingAfter: to.failing, runs: to.runs,
                    events: story.events.filter {
                        (from.at.secondsForPeople...to.at.secondsForPeople)
                            .contains($0.atSeconds)
                    })
            })
    }

    /// Runs the failure some times, each drawn anew from a moment on in another way.
    private func moment(_ at: Duration, oracle: String) -> NoReturnSearch.Moment {
        let results = Mutex((failing: 0, runs: 0))
        DispatchQueue.concurrentPerform(iterations: min(jobs, runs)) { job in
            for number in stride(from: job + 1, through: runs, by: min(jobs, runs))
            where !Interruption.isRequested {
                let seed = worker(at, number)
                if seed.report == nil && seed.incident != .crash { continue }
                let fails = seed.violation?.oracle == oracle
                results.withLock {
                    $0.runs += 1
                    $0.failing += fails ? 1 : 0
                }
            }
        }
        let seen = results.withLock { $0 }
        return NoReturnSearch.Moment(at: at, failing: seen.failing, runs: seen.runs)
    }

    private func worker(_ at: Duration, _ number: Int) -> HuntReport.Seed {
        // A moment of zero length cannot be written; the first nanosecond is before all that runs.
        let from = max(at, .nanoseconds(1)).shortText
        let command = which.file.hasSuffix(".json") ? "replay" : "run"
        var arguments = [command, which.file]
        if let seed = which.seed { arguments += ["--seed", "\(seed)"] }
        if let seconds = which.seconds { arguments += ["--seconds", "\(seconds)"] }
        arguments += ["--redraw-from", from, "--redraw-number", "\(number)", "--json", "--quiet"]
        let process = WorkerProcess(arguments: arguments, patience: patience)
        var seed = HuntReport.Seed(scenario: which.file, seed: 0, report: nil)
        switch process.answer() {
        case .success(let json): seed.report = try? RunReport(json: json)
        case .failure(let ended):
            seed.incident = ended.incident
            seed.lastWords = ended.reason
        }
        return seed
    }
}

extension Duration {
    fileprivate var secondsForPeople: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
