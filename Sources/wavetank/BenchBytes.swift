import ArgumentParser
import RunReports
import ScenarioFiles

/// `wavetank bench bytes`.
struct BenchBytes: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bytes",
        abstract: "Show what the bytes are for that benchmarks write, send, put and hold.",
        discussion: """
            For each byte that the changes of a benchmark say, the table has how many of each \
            layer the machines of the cluster wrote to their disks, sent each other and put into \
            the object store, and how many disks and store hold at the end. The same numbers are \
            among the exact figures, as bytes.PLACE.LAYER.

            Exit codes: 0 measured, 1 an oracle saw a violation, 2 one had nothing to compare.
            """)

    @Argument(
        help: "Scenario files; all of Scenarios/bench if none is given.",
        completion: .file(extensions: ["yaml"]))
    var files: [String] = []

    @OptionGroup var selection: BenchSelection

    func run() throws {
        let report = try BenchWorkers(selection).measure(try selection.cases(of: files))
        try show(report.byteText)
        if Interruption.isRequested { throw Interruption.exitCode }
        let verdicts = report.tank.runs.map(\.verdict)
        if verdicts.contains(.fail) { throw ExitCode(1) }
        if verdicts.contains(.inconclusive) { throw ExitCode(2) }
    }
}
