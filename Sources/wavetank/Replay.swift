import ArgumentParser
import Foundation
import JSON
import RunReports
import ScenarioFiles
import Server
import Simulation
import Workbench

/// `wavetank replay`.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a saved failure again, with the faults that it had.",
        discussion: """
            On the build that saved it the trace hash must be the same again, and it is an error \
            of ours if it is not. On another build the faults keep their dates: it says after how \
            many events, and in which, the run first differs from the saved one, and whether the \
            violation is still there.
            """)

    @Argument(help: "A failure file.", completion: .file(extensions: ["json"]))
    var file: String

    @OptionGroup var redraw: RedrawOptions

    @OptionGroup var output: OutputOptions

    func run() throws {
        Interruption.handle()
        try output.prepare()
        let saved = try loadFailure(file)
        var session = try TankSession(saved, from: file, quiet: output.isQuiet)
        session.isSketched = saved.sketch != nil
        session.exportFolder = output.export
        session.redraw = redraw.redraw
        let result = try session.run()
        try output.show(result)
        if redraw.redraw != nil { throw ExitCode(result.exitCode) }
        let hash = result.report.traceHash
        if hash == saved.traceHash {
            say("the trace is the one that was saved: \(saved.traceHash)")
            throw ExitCode(result.exitCode)
        }
        say("the trace is another one: \(saved.traceHash) of \(saved.build), now \(hash)")
        try sayDeviation(from: saved, in: result, session)
        say(comparison(of: saved, with: result.report))
        if result.report.build == saved.build && isCommitted(saved.build) {
            say("though the build is the same: this is a defect")
            throw ExitCode(1)
        }
        throw ExitCode(result.exitCode)
    }

    /// A build without a commit, or with changes beside it, may be another one of the same name.
    private func isCommitted(_ build: String) -> Bool {
        build.contains(" ") && !build.contains("dirty")
    }

    /// Names the first event in which this run is another one.
    private func sayDeviation(
        from saved: FailureFile, in result: TankSession.Result, _ session: TankSession
    ) throws {
        guard let text = saved.sketch, let world = result.world,
            let before = TraceSketch(text: text), let now = result.sketch
        else {
            say("the file has no sketch of its trace, so the first deviation cannot be named")
            return
        }
        guard let deviation = before.deviation(from: now) else {
            say("the first deviation is in what events contain, where the sketch does not look")
            return
        }
        var again = session
        // Some events more, since the first may be no more than another wait.
        again.keptEvents = deviation.events.lowerBound..<(deviation.events.upperBound + 4)
        let events = try again.run().world?.keptEvents ?? []
        let place = deviation.node.map(world.nodeName) ?? "world"
        let then = deviation.kind.map { "\(place) \($0)" } ?? "the same with other content, or none"
        say("it follows the saved run for \(deviation.events.lowerBound) events; then")
        say("  saved: \(then)")
        for event in events { say("  now:   \(event)") }
        if events.isEmpty { say("  now:   the end of the run") }
    }

    private func comparison(of saved: FailureFile, with report: RunReport) -> String {
        guard let before = saved.violations.first else {
            return report.verdict == .fail ? "it fails still" : "nothing is violated any more"
        }
        let oracle = report.oracles.first { $0.name == before.oracle }
        if let oracle, !oracle.violations.isEmpty {
            return "\(before.oracle) is still violated: \(oracle.violations[0].message)"
        }
        return report.verdict == .fail
            ? "\(before.oracle) is not violated any more, but: \(report.reason)"
            : "\(before.oracle) is not violated any more"
    }
}

/// Reads a failure file; what is wrong with it is said and nothing is run.
func loadFailure(_ path: String) throws -> FailureFile {
    let data = try readInput(path)
    do {
        return try FailureFile(json: try JSONValue(parsing: [UInt8](data)))
    } catch {
        throw refusal("\(path): \(error)")
    }
}
