import ArgumentParser
import Foundation
import JSON
import RunReports
import ScenarioFiles

/// `wavetank whatif`.
struct WhatIf: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whatif",
        abstract: "Run one scenario in several configurations and show how the figures move.",
        discussion: """
            A setting is a path into the scenario file and some values: \
            --set cluster.segmentBytes=64KiB,1MiB --set workloads.clickstream.rate=50/s,200/s. \
            Several settings make a matrix. A bench section is not needed.
            """)

    @Argument(help: "A scenario file.", completion: .file(extensions: ["yaml"]))
    var scenario: String

    @Option(name: .customLong("set"), help: "A path and the values to try: PATH=VALUE,VALUE.")
    var settings: [String]

    @OptionGroup var selection: BenchSelection

    @Option(help: "The folder for whatif.json and the page.", completion: .directory)
    var output = "Reports/runs/whatif"

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    static let cellLimit = 400

    func axes() throws -> [WhatIfReport.Axis] {
        try settings.map { text in
            guard let setting = ScenarioSetting(text) else {
                throw ValidationError("--set is PATH=VALUE,VALUE, not '\(text)'")
            }
            let values = setting.value.split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            return WhatIfReport.Axis(path: setting.path, values: values)
        }
    }

    func validate() throws {
        var count = 1
        for axis in try axes() {
            // Bounded in each step, so that no product overflows.
            count = min(count, Self.cellLimit + 1) * min(axis.values.count, Self.cellLimit + 1)
        }
        if count > Self.cellLimit || count == 0 {
            throw ValidationError(
                "there are \(count) configurations; 1 to \(Self.cellLimit) may be")
        }
    }

    func run() throws {
        let axes = try axes()
        var choices: [[String]] = [[]]
        for axis in axes {
            choices = choices.flatMap { choice in axis.values.map { choice + [$0] } }
        }
        // Everything is refused before anything is run.
        for choice in choices {
            _ = try loadScenario(scenario, settings: settings(axes, choice))
        }
        let loaded = try loadScenario(scenario).scenario
        let size = try selection.sizes()[0]
        let faults = try selection.faults()[0]
        let of = BenchCase(
            scenario: scenario, size: size.rawValue, faults: faults.rawValue,
            seed: selection.seed ?? loaded.seed)
        let work = choices.map { (of, settings(axes, $0)) }
        let folder = BenchFolder(path: output)
        try folder.prepare()
        let report = try BenchWorkers(selection).whatIf(
            title: loaded.title, axes: axes, choices: choices, work)
        try show(json ? report.json.compact : report.text)
        if Interruption.isRequested { throw Interruption.exitCode }
        try folder.put(report.json.pretty, in: "whatif.json")
        try folder.put(htmlPage(for: report), in: "whatif.html")
        say("written to \(output)")
        if report.cells.contains(where: { $0.run.verdict == .fail }) { throw ExitCode(1) }
    }

    private func settings(
        _ axes: [WhatIfReport.Axis], _ choice: [String]
    ) -> [ScenarioSetting] {
        zip(axes, choice).map { ScenarioSetting(path: $0.path, value: $1) }
    }
}
