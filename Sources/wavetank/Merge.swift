import ArgumentParser
import Foundation
import RunReports

/// `wavetank merge`.
struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make one result of the results of several hunts.",
        discussion: """
            For hunts that were split over machines by their seeds. A seed that stands in two \
            files must have the same trace hash in both: if not, the engine or the tank is not \
            deterministic, and that is a failure. Results that were made with other settings, \
            another text of a scenario or another build are refused. Exit codes as those of hunt.
            """)

    @Argument(
        help: "Files that hunt --output wrote.", completion: .file(extensions: ["jsonl"]))
    var files: [String]

    @OptionGroup var output: HuntOutput

    func run() throws {
        try output.prepare()
        var seeds: [HuntReport.Seed] = []
        for file in files { seeds += try readHunt(file) }
        if let mixture = HuntReport(seeds).mixture {
            throw refusal("the results cannot be one: \(mixture)")
        }
        try output.show(HuntReport(merging: seeds))
    }
}
