import ArgumentParser
import Foundation
import JSON
import Workbench

/// `wavetank bench encodings`.
struct BenchEncodings: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "encodings",
        abstract: "Show what a row takes in the log, in the row store and in the lake, in bytes.",
        discussion: """
            The figures are exact: the same build gives the same on every machine. ci/libraries \
            shows beside them what Arrow and Parquet files take that pyarrow writes of the same \
            rows.
            """)

    @Option(help: "Rows, in steps of 5000.")
    var rows = 100_000

    @Option(help: "Write the rows to this file, as Parquet.", completion: .file())
    var parquet: String?

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        let step = EncodingSizes.batchCounts[1]
        if rows < step || rows > 10_000_000 || rows % step != 0 {
            throw ValidationError("--rows is from \(step) to 10000000, in steps of \(step)")
        }
    }

    func run() throws {
        if let parquet, FileManager.default.fileExists(atPath: parquet) {
            throw refusal("\(parquet) is there already")
        }
        let sizes = try EncodingSizes(rowCount: rows)
        if let parquet {
            do { try Data(sizes.parquet).write(to: URL(fileURLWithPath: parquet)) } catch {
                throw refusal("\(parquet) cannot be written")
            }
        }
        try show(json ? Self.json(sizes).compact : Self.text(sizes))
    }

    private static func text(_ sizes: EncodingSizes) -> String {
        var lines = ["layer  encoding                    bytes a row"]
        for entry in sizes.entries {
            lines.append(
                entry.layer.padding(toLength: 7, withPad: " ", startingAt: 0)
                    + entry.name.padding(toLength: 28, withPad: " ", startingAt: 0)
                    + String(
                        format: "%11.2f", Double(entry.byteCount) / Double(sizes.rowCount)))
        }
        return lines.joined(separator: "\n")
    }

    private static func json(_ sizes: EncodingSizes) -> JSONValue {
        [
            "rows": .integer(Int64(sizes.rowCount)),
            "encodings": .array(
                sizes.entries.map { entry in
                    [
                        "layer": .string(entry.layer), "name": .string(entry.name),
                        "bytes": .integer(Int64(entry.byteCount)),
                    ]
                }),
        ]
    }
}
