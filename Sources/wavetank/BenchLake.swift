import ArgumentParser
import Foundation
import JSON
import Workbench

/// `wavetank bench lake`.
struct BenchLake: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lake",
        abstract: "Measure a lake table on this machine's disk.",
        discussion: """
            Fills a log, tiers it to a lake table, reads three of its ten columns of a tenth of \
            its rows, one column, and all of it, as union reads do, tiers a tenth of the rows \
            with a primary key and then as many updates, and commits to tables of ever more files. \
            A clock says these figures: they are noisy and never fail a check. ci/libraries does \
            the same with pyarrow, DuckDB and PyIceberg on the same rows.
            """)

    @Option(help: "Rows of the table.")
    var rows = 10_000_000

    @Option(help: "The most files that a commit finds.")
    var files = 10_000

    @Option(
        help: "The folder on whose file system is measured; what is made there is removed again.",
        completion: .directory)
    var data = FileManager.default.temporaryDirectory.path

    @Option(help: "Leave the lake in this folder, which must not be there yet.")
    var keep: String?

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        if !(1000...100_000_000 ~= rows) {
            throw ValidationError("--rows is from 1000 to 100000000")
        }
        if !(10...100_000 ~= files) { throw ValidationError("--files is from 10 to 100000") }
        if let keep, FileManager.default.fileExists(atPath: keep) {
            throw ValidationError("\(keep) is there already")
        }
    }

    func run() throws {
        var benchmark = LakeBenchmark()
        benchmark.rowCount = rows
        benchmark.fileCounts = [10, 100, 1000, 10_000, 100_000].filter { $0 <= files }
        let parent = keep ?? data
        try makeFolder(parent)
        let root = URL(fileURLWithPath: parent).standardizedFileURL.path
        let folder =
            keep == nil
            ? "\(root)/wavetank-lake-\(ProcessInfo.processInfo.processIdentifier)" : root
        try makeFolder(folder)
        defer { if keep == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let works: [LakeBenchmark.Work]
        do {
            works = try benchmark.run(
                folder: folder,
                LakeBenchmark.Meter(
                    processorSeconds: processorSeconds, peakByteCount: peakMemorySinceLast))
        } catch {
            throw refusal("\(error)")
        }
        try show(json ? Self.json(works).compact : Self.text(works))
    }

    private static func text(_ works: [LakeBenchmark.Work]) -> String {
        var lines = [
            "work                                 count    found   a CPU s        a s   peak MiB"
        ]
        for work in works {
            lines.append(
                String(
                    format: "%@ %9d %8d  %8.0f   %8.0f   %8.0f",
                    work.name.padding(toLength: 32, withPad: " ", startingAt: 0), work.count,
                    work.found, Double(work.count) / work.processorSeconds,
                    Double(work.count) / work.seconds, Double(work.peakByteCount) / 1_048_576))
        }
        return lines.joined(separator: "\n")
    }

    private static func json(_ works: [LakeBenchmark.Work]) -> JSONValue {
        .array(
            works.map { work in
                [
                    "work": .string(work.name), "count": .integer(Int64(work.count)),
                    "found": .integer(Int64(work.found)),
                    "processorMicroseconds": .integer(Int64(work.processorSeconds * 1e6)),
                    "microseconds": .integer(Int64(work.seconds * 1e6)),
                    "peakBytes": .integer(Int64(work.peakByteCount)),
                ]
            })
    }
}
