import ArgumentParser
import Foundation
import JSON
import RunReports

/// How a run shows what came of it; common to `run` and `replay`.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @Flag(help: "Print no progress.")
    var quiet = false

    @Option(
        help: "Write the run's page and JSON to this folder.", completion: .directory)
    var report: String?

    @Option(
        help: "Write the tables of the lake, a catalog, and what union reads returned here.",
        completion: .directory)
    var export: String?

    var isQuiet: Bool { quiet || json }

    /// Tries what is to be written, and says what of it others will not be able to read.
    func prepare() throws {
        if let report { try makeFolder(report) }
        if let export { try LakeFolder(path: export).prepare() }
    }

    /// Prints the result and writes what was asked for, and the failure file if there was one.
    ///
    /// The verdict comes first, and everything is tried: one file that cannot be written does not
    /// keep the others back.
    ///
    /// - Throws: exit code 3 if something could not be written.
    func show(_ result: TankSession.Result) throws {
        var told = result.report
        var isComplete = true
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch {
                isComplete = false
                say("\(error)")
            }
        }
        attempt {
            told.failureFile = try result.saveFailure(in: report ?? "Reports/runs") ?? ""
        }
        do {
            try wavetank.show(json ? told.summaryJSON.compact : textSummary(for: told))
        } catch {
            isComplete = false
            say("\(told.verdict.rawValue): \(told.title). \(told.reason)")
            say("\(error)")
        }
        if let report {
            attempt { say("the page is \(try result.write(told, to: report))") }
        }
        if let lake = result.lake, let export {
            attempt { try LakeFolder(path: export).write(lake) }
        }
        if result.isInterrupted { throw Interruption.exitCode }
        if !isComplete { throw ExitCode(3) }
    }
}
