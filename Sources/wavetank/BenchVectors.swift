import ArgumentParser
import Foundation
import JSON
import Vectors
import Workbench

/// `wavetank bench vectors`.
struct BenchVectors: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vectors",
        abstract: "Measure a vector index: what searches with filters find, and what they cost.",
        discussion: """
            An index of one column is filled, some of its rows are moved, and it is searched for \
            the ten nearest rows with filters that pass 1, 10, 50 and 100 percent of them. Recall \
            and distances a search are exact; searches and insertions a second are a clock's.
            """)

    @Option(help: "Rows of the index.")
    var rows = 100_000

    @Option(help: "Elements of a vector.")
    var dimension = 128

    @Option(help: "The share of the rows that get another vector, in percent.")
    var churn = 10

    @Option(help: "Searches of each filter.")
    var queries = 200

    @Option(help: "Candidates that a search weighs.")
    var breadth = 100

    @Option(help: "none, or int8 for a byte an element.", transform: named)
    var quantization = VectorQuantization.none

    @Option(help: "cosine, squaredEuclidean or innerProduct.", transform: named)
    var distance = VectorDistance.cosine

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        if !(100...10_000_000 ~= rows) { throw ValidationError("--rows is from 100 to 10000000") }
        if !(1...65_536 ~= dimension) { throw ValidationError("--dimension is from 1 to 65536") }
        if !(0...100 ~= churn) { throw ValidationError("--churn is from 0 to 100") }
        if !(1...100_000 ~= queries) { throw ValidationError("--queries is from 1 to 100000") }
        if !(1...10_000 ~= breadth) { throw ValidationError("--breadth is from 1 to 10000") }
    }

    func run() throws {
        var benchmark = VectorBenchmark()
        benchmark.rowCount = rows
        benchmark.dimension = dimension
        benchmark.churnPercent = churn
        benchmark.queryCount = queries
        benchmark.breadth = breadth
        benchmark.quantization = quantization
        benchmark.distance = distance
        let start = Date()
        let result = try benchmark.run { Date().timeIntervalSince(start) }
        try show(json ? Self.json(result).compact : text(result))
    }

    private func text(_ result: VectorBenchmark.Result) -> String {
        var lines = [
            "\(rows) rows of \(dimension) elements, \(quantization.rawValue), "
                + "\(result.bytesPerRow) bytes a row in memory, "
                + "\(Int(Double(result.insertions) / result.insertionSeconds)) insertions/s",
            "passing   recall@10   reranked   distances   searches/s",
        ]
        for row in result.rows {
            lines.append(
                String(
                    format: "%6d%%   %9.4f  %9.4f  %10d  %11.0f", row.percent,
                    Double(row.recall) / 1e6, Double(row.rerankedRecall) / 1e6, row.measurements,
                    1 / row.seconds))
        }
        return lines.joined(separator: "\n")
    }

    private static func json(_ result: VectorBenchmark.Result) -> JSONValue {
        [
            "bytesPerRow": .integer(Int64(result.bytesPerRow)),
            "insertionsPerSecond": .integer(
                Int64(Double(result.insertions) / result.insertionSeconds)),
            "filters": .array(
                result.rows.map { row in
                    [
                        "percent": .integer(Int64(row.percent)),
                        "recallPartsPerMillion": .integer(Int64(row.recall)),
                        "rerankedRecallPartsPerMillion": .integer(Int64(row.rerankedRecall)),
                        "distances": .integer(Int64(row.measurements)),
                        "searchesPerSecond": .integer(Int64(1 / row.seconds)),
                    ]
                }),
        ]
    }
}

/// The case of that name.
private func named<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String
) throws -> Choice {
    if let choice = Choice(rawValue: name) { return choice }
    let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    throw ValidationError("'\(name)' is none of \(names)")
}
