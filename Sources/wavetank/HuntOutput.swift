import ArgumentParser
import Foundation
import JSON
import RunReports

/// What a hunt prints and writes, common to `hunt`, `sweep` and `merge`.
struct HuntOutput: ParsableArguments {
    @Option(help: "Write a line of JSON for each seed to this file.")
    var output: String?

    @Option(help: "Write the result as JUnit XML to this file.")
    var junit: String?

    @Option(help: "Append the result as Markdown to this file.")
    var markdown: String?

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    /// Tries the files before the work.
    func prepare() throws {
        let named = [("--output", output), ("--junit", junit), ("--markdown", markdown)]
        var options: [String: String] = [:]
        for (option, path) in named {
            guard let path else { continue }
            let full = URL(fileURLWithPath: path).standardizedFileURL.path
            if let other = options.updateValue(option, forKey: full) {
                throw refusal("\(other) and \(option) are one file: \(path)")
            }
        }
        if let output { _ = try OutputFile(output, .report) }
        if let junit { _ = try OutputFile(junit, .junit) }
        if let markdown { _ = try OutputFile(addingMarkdownTo: markdown) }
    }

    /// Tells pipelines why nothing was run, in the files that they show.
    func write(_ refusal: any Error, of scenarios: [String], seed: UInt64) {
        let seeds = scenarios.map {
            HuntReport.Seed(
                scenario: shortPath($0), seed: seed, report: nil, incident: .refused,
                lastWords: "\(refusal)")
        }
        let report = HuntReport(seeds)
        if let junit { try? OutputFile(junit, .junit).write(report.junit) }
        if let markdown { try? OutputFile(addingMarkdownTo: markdown).append(report.markdown) }
    }

    /// Prints and writes; ends with the exit code that the seeds call for.
    ///
    /// - Parameter isComplete: False if something that should be kept could not be written before.
    func show(_ report: HuntReport, isComplete: Bool = true) throws {
        var isComplete = isComplete
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch {
                isComplete = false
                say("\(error)")
            }
        }
        do {
            try wavetank.show(json ? report.summaryJSON.compact : report.description)
        } catch {
            isComplete = false
            say(String(report.description.prefix { $0 != "\n" }))
            say("\(error)")
        }
        attempt {
            guard let output else { return }
            let text = report.jsonLines + (report.seeds.isEmpty ? "" : "\n")
            try OutputFile(output, .report).replace(text)
        }
        attempt { if let junit { try OutputFile(junit, .junit).write(report.junit) } }
        attempt {
            if let markdown { try OutputFile(addingMarkdownTo: markdown).append(report.markdown) }
        }
        if Interruption.isRequested { throw Interruption.exitCode }
        if !isComplete { throw ExitCode(3) }
        let incidents = report.seeds.filter { $0.report == nil }.map(\.incident)
        if report.seeds.contains(where: \.isFailure) { throw ExitCode(1) }
        if incidents.contains(.refused) { throw ExitCode(3) }
        if report.seeds.isEmpty || report.cleanCount < report.seeds.count { throw ExitCode(2) }
    }
}

/// Reads the lines that a hunt wrote; a last line that was cut off is left out.
///
/// Ends of lines of other systems and a mark of the byte order are taken, as a checkout or an
/// editor may have made them.
func readHunt(_ path: String) throws -> [HuntReport.Seed] {
    let text = try readInputText(path)
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    var seeds: [HuntReport.Seed] = []
    var names = SharedNames()
    for (number, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
        do {
            var seed = try HuntReport.Seed(json: JSONValue(parsing: String(line)))
            seed.share(&names)
            seeds.append(seed)
        } catch {
            // The last piece has no end of a line: it was cut off there.
            if number == lines.count - 1 { break }
            throw refusal("\(path): line \(number + 1) is no result of a hunt: \(error)")
        }
    }
    return seeds
}
