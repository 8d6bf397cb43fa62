import Foundation
import JSON
import RunReports

/// Runs a scenario in a process of its own, so that a trap in it is a finding and no more.
struct SeedWorker {
    /// Seconds after which a worker is stopped and counts as failed.
    var patience: Int
    /// Whether a failure is written to a file.
    var savesFailures = true
    /// Another wavetank to run; this one if nil.
    var binary: String?

    /// `path` replaces the name of the file in what is reported and read beside it.
    func run(
        _ scenario: String, seed: UInt64, seconds: Int? = nil, path: String? = nil,
        extra: [String] = []
    ) -> HuntReport.Seed {
        var arguments = ["run", scenario, "--seed", "\(seed)", "--json", "--quiet"]
        if !savesFailures { arguments.append("--no-save") }
        if let seconds { arguments += ["--seconds", "\(seconds)"] }
        if let path { arguments += ["--path", path] }
        arguments += extra
        let process = Process()
        process.executableURL = URL(fileURLWithPath: binary ?? "/proc/self/exe")
            .resolvingSymlinksInPath()
        process.arguments = arguments
        let (answer, words) = (Pipe(), Pipe())
        process.standardOutput = answer
        process.standardError = words
        process.standardInput = FileHandle.nullDevice
        func ended(_ text: String) -> HuntReport.Seed {
            HuntReport.Seed(
                scenario: path ?? scenario, seed: seed, report: nil, lastWords: text)
        }
        do { try process.run() } catch { return ended("the worker did not start: \(error)") }
        let identifier = process.processIdentifier
        let limit = DispatchWorkItem { kill(identifier, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(patience), execute: limit)
        let data = answer.fileHandleForReading.readDataToEndOfFile()
        let said = String(decoding: words.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        limit.cancel()
        guard let json = try? JSONValue(parsing: [UInt8](data)),
            let report = try? RunReport(json: json)
        else {
            let last = said.split(separator: "\n").suffix(3).joined(separator: " ")
            return ended("the worker ended with \(process.terminationStatus): \(last)")
        }
        return HuntReport.Seed(
            scenario: path ?? scenario, seed: seed, report: report, lastWords: "")
    }
}
