import ArgumentParser
import Foundation
import JSON
import Workbench

/// `wavetank bench rows`.
struct BenchRows: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rows",
        abstract: "Measure the rows of one bucket on this machine's disk.",
        discussion: """
            Puts rows with random keys, as a server that has them from a changelog does, gets some \
            of them by key in random order, and reads all of them in order of their keys. A clock \
            says these figures: they are noisy and never fail a check. ci/libraries does the same \
            with RocksDB.
            """)

    @Option(help: "Rows that are put; about two thirds of them have keys of their own.")
    var rows = 1_000_000

    @Option(help: "Bytes of a row's value; its key has 16.")
    var valueBytes = 100

    @Option(help: "Keys that are asked for.")
    var gets = 200_000

    @Option(
        help: "The folder on whose file system is measured; what is made there is removed again.",
        completion: .directory)
    var data = FileManager.default.temporaryDirectory.path

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        if !(100...100_000_000 ~= rows) { throw ValidationError("--rows is from 100 to 100000000") }
        if !(1...1_000_000 ~= valueBytes) {
            throw ValidationError("--value-bytes is from 1 to 1000000")
        }
        if !(1...100_000_000 ~= gets) { throw ValidationError("--gets is from 1 to 100000000") }
    }

    func run() throws {
        var benchmark = RowBenchmark()
        benchmark.rowCount = rows
        benchmark.valueByteCount = valueBytes
        benchmark.getCount = gets
        try makeFolder(data)
        let root = URL(fileURLWithPath: data).standardizedFileURL.path
        let folder = "\(root)/wavetank-rows-\(ProcessInfo.processInfo.processIdentifier)"
        try makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let result: [RowBenchmark.Row]
        do { result = try benchmark.run(folder: folder, processorSeconds) } catch {
            throw refusal("\(error)")
        }
        try show(json ? Self.json(result).compact : Self.text(result))
    }

    private static func text(_ rows: [RowBenchmark.Row]) -> String {
        var lines = ["work          rows   rows a CPU s      rows a s"]
        for row in rows {
            lines.append(
                String(
                    format: "%@ %9d   %12.0f  %12.0f",
                    row.name.padding(toLength: 8, withPad: " ", startingAt: 0), row.count,
                    Double(row.count) / row.processorSeconds, Double(row.count) / row.seconds))
        }
        return lines.joined(separator: "\n")
    }

    private static func json(_ rows: [RowBenchmark.Row]) -> JSONValue {
        .array(
            rows.map { row in
                [
                    "work": .string(row.name), "rows": .integer(Int64(row.count)),
                    "processorMicroseconds": .integer(Int64(row.processorSeconds * 1e6)),
                    "microseconds": .integer(Int64(row.seconds * 1e6)),
                ]
            })
    }
}
