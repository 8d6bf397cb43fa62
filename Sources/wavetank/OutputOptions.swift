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

    /// Prints the result and writes what was asked for, and the failure file if there was one.
    func show(_ result: TankSession.Result) throws {
        if let report { try result.write(to: report) }
        print(json ? result.report.json.compact : textSummary(for: result.report))
        if let saved = try result.saveFailure(in: report ?? "Reports/runs") {
            say("the failure is saved; again: wavetank replay \(saved)")
        }
    }
}

/// Tells a person something, on standard error.
func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// Says why nothing was run; the exit code is that of a run which could not be made.
func refusal(_ text: String) -> ExitCode {
    say(text)
    return ExitCode(3)
}
