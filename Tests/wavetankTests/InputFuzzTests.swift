import ArgumentParser
import Foundation
import JSON
import RunReports
import ScenarioFiles
import Simulation
import TestSupport
import Testing
import Workbench

@testable import wavetank

/// How many inputs are tried in all: `ci/fuzz` asks for 100,000.
private let inputCount =
    ProcessInfo.processInfo.environment["WAVETANK_FUZZ_INPUTS"].flatMap { Int($0) } ?? 2000

@Suite("What is typed and what is fed in")
struct InputFuzzTests {
    private static let extremes = [
        "9223372036854775807", "-9223372036854775808", "99999999999999999999", "1e300", "-1", "0",
        "1e-320", "null", "\"\"", "[]", "{}", "true", "292y", "9223372036s", "\u{FEFF}", "\u{0}",
        "🌊",
    ]

    /// Calls a closure with as many draws as its share of all inputs, and bounds each in time.
    private static func eachInput(
        _ seed: Int, share: Int, _ body: (inout SeededDraws) throws -> Void
    ) rethrows {
        var draws = SeededDraws(seed: UInt64(seed))
        let clock = ContinuousClock()
        for number in 0..<max(1, inputCount / 4 * share / 100) {
            let state = draws
            let passed = try clock.measure { try body(&draws) }
            #expect(passed < .seconds(10), "input \(number) of seed \(seed) from \(state)")
        }
    }

    private static func spoil(_ text: String, _ draws: inout SeededDraws) -> String {
        if draws.next(below: 3) == 0 {
            return String(decoding: draws.damage(Array(text.utf8)), as: UTF8.self)
        }
        // A value for another: what stands between two signs of the format.
        var parts = text.split(
            omittingEmptySubsequences: false, whereSeparator: { ",:\n ".contains($0) })
        var signs = text.filter { ",:\n ".contains($0) }[...]
        for _ in 0...draws.next(below: 3) {
            let place = draws.next(below: parts.count)
            let other =
                draws.next(below: 2) == 0
                ? extremes[draws.next(below: extremes.count)][...]
                : parts[draws.next(below: parts.count)]
            parts[place] = other
        }
        var result = ""
        for part in parts {
            result += part
            if let sign = signs.popFirst() { result.append(sign) }
        }
        return result
    }

    // MARK: The command line

    private static let words = [
        "run", "replay", "shrink", "explain", "bisect", "hunt", "merge", "sweep", "serve", "list",
        "check", "schema", "speed", "trace", "bench", "whatif", "report", "help", "history",
        "micro",
        "--seed", "--seeds", "--seconds", "--for", "--jobs", "--patience", "--output", "--junit",
        "--strike", "--variant", "--schedule", "--redraw-from", "--redraw-number", "--at", "--from",
        "--count", "--around", "--places", "--effects", "--runs", "--set", "--sizes", "--seas",
        "--good", "--data", "--fluss-port", "--machines", "--millions", "--when", "--twice",
        "--resume", "--json", "--help", "--version", "--", "-", "-h", "--only", "--against",
        "--generate-completion-script", "bash", "x.yaml", "1..3", "3..1", "1..", "disk:1:crash",
        "network:9223372036854775807:lostAnswer", "::", "3.1", "1.0", "10m", "-5s", "random", "all",
        "small,huge", "a.b=1,2", "=", "", "é", "\u{1B}[31m", "--seed=-1", "--=", "--no-such",
    ]

    @Test("Words of the command line are taken or refused with 64", arguments: 0..<4)
    func arguments(seed: Int) {
        Self.eachInput(seed, share: 60) { draws in
            let line = (0...draws.next(below: 7)).map { _ in
                let pool = draws.next(below: 4) == 0 ? Self.extremes : Self.words
                return pool[draws.next(below: pool.count)]
            }
            do {
                _ = try Wavetank.parseAsRoot(Wavetank.joined(line))
            } catch {
                let code = Wavetank.exitCode(for: error)
                #expect(code.isSuccess || code == .validationFailure, "\(line): \(code)")
                #expect(!Wavetank.fullMessage(for: error).isEmpty || code.isSuccess)
            }
        }
    }

    // MARK: Files

    private static let scenario =
        Program.scenario + """
            faults:
              - { at: 1s, for: 500ms, crash: server-1 }
              - drawn: { from: 1s, until: 2s, every: 300ms, lasting: 200ms, kinds: all }

            """

    @Test("Scenario files are loaded and planned, or refused", arguments: 0..<4)
    func scenarios(seed: Int) {
        Self.eachInput(seed, share: 12) { draws in
            let text = Self.spoil(Self.scenario, &draws)
            guard let loaded = try? Scenario.load(text: text, path: "x.yaml") else { return }
            // A long one is only more of the same.
            let short = loaded.shortened(to: min(loaded.length, .seconds(60)))
            _ = TankRun.plan(of: short, seed: draws.next())
        }
    }

    @Test("Failure files are read, or refused", arguments: 0..<4)
    func failures(seed: Int) throws {
        let whole = try Scenario.load(text: Self.scenario, path: "x.yaml")
        let sketch = try #require(TraceSketch(kinds: [1, 2, 3], nodes: [0, 1, 1], digests: []))
        let file = FailureFile(
            scenarioPath: "x.yaml", scenarioText: Self.scenario, seed: 7, length: whole.length,
            plan: TankRun.plan(of: whole, seed: 7), build: "abc release", traceHash: "0123",
            verdict: "fail",
            violations: [.init(oracle: "logMatching", message: "m", at: .seconds(1))],
            sketch: sketch.text)
        Self.eachInput(seed, share: 8) { draws in
            let text = Self.spoil(file.json.pretty, &draws)
            guard let read = try? FailureFile(json: JSONValue(parsing: text)) else { return }
            _ = read.sketch.flatMap { TraceSketch(text: $0) }
            _ = try? TankSession(read, from: "x.json")
            _ = try? ScenarioDraft(read).scenario()
        }
    }

    private static func line(_ seed: UInt64) -> String {
        var report = RunReport(
            title: "t", scenario: "x.yaml", seed: seed, build: "b", verdict: .fail, reason: "r: 12",
            traceHash: "0123456789abcdef", events: 10, simulatedSeconds: 3, cpuSeconds: 0.5,
            peakMemoryBytes: 1000, changesAcknowledged: 5, changesRefused: 0, changesUnknown: 0,
            reproduceCommand: "again")
        report.probes = [ProbeResult(name: "p", count: 3)]
        report.failureFile = "f.json"
        return HuntReport.Seed(scenario: "x.yaml", seed: seed, report: report).json.compact
    }

    @Test("Lines of hunts are read and shown, or refused", arguments: 0..<4)
    func hunts(seed: Int) {
        let text = (1...3).map { Self.line($0) }.joined(separator: "\n")
        Self.eachInput(seed, share: 16) { draws in
            let lines = Self.spoil(text, &draws).split(separator: "\n")
            let seeds = lines.compactMap { line in
                try? HuntReport.Seed(json: JSONValue(parsing: String(line)))
            }
            let report = HuntReport(merging: seeds)
            _ = HuntReport(seeds).mixture
            #expect(!report.description.isEmpty && !report.markdown.isEmpty)
            #expect(report.junit.hasSuffix("</testsuites>\n"))
            _ = report.summaryJSON.compact
            if draws.next(below: 8) == 0 { _ = htmlPage(for: report) }
        }
    }

    @Test("Figures, histories, prices and tables are read and shown, or refused", arguments: 0..<4)
    func figures(seed: Int) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        func text(_ name: String) throws -> String { try readInputText("\(root)/Reports/\(name)") }
        let history = try text("bench-history.jsonl").split(separator: "\n").first.map { "\($0)" }
        let tables = [
            try text("mutants.tsv"), try text("prices.json"), try #require(history),
        ]
        Self.eachInput(seed, share: 4) { draws in
            let place = draws.next(below: tables.count)
            let text = Self.spoil(tables[place], &draws)
            switch place {
            case 0: if let table = try? MutationTable(parsing: text) { _ = htmlPage(for: table) }
            case 1: _ = try? BenchPrices(json: JSONValue(parsing: text))
            default:
                guard let history = try? BenchHistory(lines: text) else { return }
                _ = history.text(figure: "", benchmark: "")
                _ = htmlPage(for: history)
            }
        }
    }
}
