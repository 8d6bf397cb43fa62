import ArgumentParser
import Foundation
import JSON
import RunReports
import ScenarioFiles

/// `wavetank replay`.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a saved failure again, with the faults that it had.",
        discussion: """
            On the build that saved it the trace hash must be the same again, and it is an error \
            of ours if it is not. On another build the faults keep their dates; whether the \
            violation is still there is what the verdict says.
            """)

    @Argument(help: "A failure file.", completion: .file(extensions: ["json"]))
    var file: String

    @OptionGroup var output: OutputOptions

    func run() throws {
        let saved = try loadFailure(file)
        let session = try TankSession(saved, from: file, quiet: output.isQuiet)
        let result = try session.run()
        try output.show(result)
        let isSame = result.report.traceHash == saved.traceHash
        if isSame {
            say("the trace is the one that was saved: \(saved.traceHash)")
        } else if result.report.build == saved.build {
            say(
                "the trace differs though the build is the same (\(saved.build)): saved "
                    + "\(saved.traceHash), now \(result.report.traceHash): this is a defect")
            throw ExitCode(1)
        } else {
            say(
                "the trace is another one, of another build: \(saved.traceHash) of "
                    + "\(saved.build), now \(result.report.traceHash) of \(result.report.build)")
        }
        throw ExitCode(result.exitCode)
    }
}

/// Reads a failure file; what is wrong with it is said and nothing is run.
func loadFailure(_ path: String) throws -> FailureFile {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw refusal("\(path): cannot be read")
    }
    do {
        return try FailureFile(json: try JSONValue(parsing: [UInt8](data)))
    } catch {
        throw refusal("\(path): \(error)")
    }
}
