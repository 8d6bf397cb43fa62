import Foundation
import JSON
import RunReports
import Testing

@Suite("A report of a run")
struct RunReportTests {
    static let limit = 1_000_000

    @Test("Comes back from JSON as it was", arguments: [1, 7, .max] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        let report = SampleReport.make(seed: seed, verdict: .fail)
        let text = report.json.pretty
        let copy = try RunReport(json: JSONValue(parsing: text))
        #expect(copy == report)
        #expect(copy.latencies?.cells.count ?? 0 > 150 && copy.latencies == report.latencies)
        #expect(copy.coverage?.rows.count ?? 0 > 5 && copy.coverage == report.coverage)
        #expect(copy.json.pretty == text)
    }

    @Test("Its summary names what scripts ask for, and can be read as a report")
    func summary() throws {
        let report = SampleReport.make()
        let names = report.summaryJSON.object?.map(\.name) ?? []
        let asked = [
            "scenario", "seed", "verdict", "traceHash", "events", "simulatedSeconds", "cpuSeconds",
            "peakMemoryBytes", "changesAcknowledged", "oracles",
        ]
        for name in asked { #expect(names.contains(name)) }
        #expect(try RunReport(json: report.summaryJSON).charts.isEmpty)
    }

    @Test("JSON that is no report is refused with the place")
    func refused() throws {
        func reason(_ change: (String, JSONValue)) -> String {
            guard case .object(var members) = SampleReport.make().json else { return "no object" }
            members.removeAll { $0.name == change.0 }
            members.append(JSONMember(change.0, change.1))
            do throws(JSONError) {
                _ = try RunReport(json: .object(members))
                return "none"
            } catch {
                return error.description
            }
        }
        #expect(
            reason(("verdict", "maybe")) == "verdict is not one of pass, fail, inconclusive")
        #expect(reason(("wavetankReport", 9)) == "wavetankReport is not version 1")
        #expect(
            reason(("oracles", [["name": "x", "meaning": "", "compared": "many"]]))
                == "oracles[0].compared is not a whole number")
        func latencies(_ cell: JSONValue) -> JSONValue {
            ["columnNanoseconds": 1000, "edges": [1, 2, 5], "cells": [[0, 0, 7], cell]]
        }
        let limits = "latencies is not a map of at most 240 columns and 60 rows"
        #expect(reason(("latencies", latencies([0, 1, 1]))) == "none")
        #expect(reason(("latencies", latencies([0, 2, 1]))) == limits)
        #expect(reason(("latencies", latencies([240, 0, 1]))) == limits)
        #expect(reason(("latencies", latencies([0, 1, 0]))) == limits)
        #expect(
            reason(("latencies", latencies([0, 1])))
                == "latencies.cells[1] is not a column, a row and a count")
    }

    @Test("Makes a well-formed page that loads nothing", arguments: RunReport.Verdict.allCases)
    func page(verdict: RunReport.Verdict) throws {
        let page = htmlPage(for: SampleReport.make(verdict: verdict))
        let checker = HTMLChecker(page)
        #expect(checker.problems == [])
        #expect(checker.elementCount > 200)
        #expect(page.utf8.count < Self.limit)
        try keep(page, as: verdict.rawValue)
    }

    /// Sample pages for looking at, in the folder that the environment names.
    private func keep(_ page: String, as name: String) throws {
        guard let folder = ProcessInfo.processInfo.environment["WAVETANK_SAMPLE_PAGES"] else {
            return
        }
        let file = URL(filePath: folder).appending(path: "\(name).html")
        try page.write(to: file, atomically: true, encoding: .utf8)
    }

    @Test("Without anything to show still makes a page")
    func empty() {
        var report = RunReport(
            title: "", scenario: "", seed: 0, build: "", verdict: .inconclusive, reason: "",
            traceHash: "", events: 0, simulatedSeconds: 0, cpuSeconds: 0, peakMemoryBytes: 0,
            changesAcknowledged: 0, changesRefused: 0, changesUnknown: 0, reproduceCommand: "")
        #expect(HTMLChecker(htmlPage(for: report)).problems == [])
        report.charts = [
            Chart(title: "Nothing", unit: .bytes, series: []),
            Chart(
                title: "Bands", unit: .seconds, style: .bands,
                series: [.init(name: "p50", points: [])]),
            Chart(
                title: "Odd", unit: .count,
                series: [
                    .init(
                        name: "odd",
                        points: [
                            .init(atSeconds: .nan, value: 1), .init(atSeconds: 1, value: .infinity),
                            .init(atSeconds: -5, value: -1e300),
                            .init(atSeconds: 1e300, value: 1e300),
                        ])
                ]),
            Chart(
                title: "Tiny", unit: .seconds, style: .bands,
                series: [
                    .init(name: "p50", points: [.init(atSeconds: 0, value: .leastNonzeroMagnitude)])
                ]),
        ]
        report.faults = [
            FaultEvent(atSeconds: -1, untilSeconds: 1e12, kind: "", target: "", text: "")
        ]
        #expect(HTMLChecker(htmlPage(for: report)).problems == [])
        #expect(!textSummary(for: report).isEmpty)
        #expect(!markdownSummary(for: report).isEmpty)
    }

    @Test("Of any size makes a page under a megabyte")
    func huge() throws {
        let long = String(repeating: "<&\"'", count: 500)
        var report = SampleReport.make(length: 86_400, verdict: .fail)
        report.faults = (0..<5000).map { index in
            let at = Double(index * 17)
            let target = "server-\(index % 300)"
            return FaultEvent(
                atSeconds: at, untilSeconds: at + Double(index % 90), kind: "crash",
                target: target, text: long)
        }
        report.nodes = (0..<300).map { node in
            let intervals = (0..<500).map { index -> NodeLane.Interval in
                let from = Double(index * 170)
                return .init(from: from, until: from + 40, state: .down)
            }
            return NodeLane(node: "server-\(node)", intervals: intervals)
        }
        report.leadership = (0..<500).map { bucket in
            let intervals = (0..<300).map { index -> LeadershipLane.Interval in
                let from = Double(index * 280)
                return .init(
                    from: from, until: from + 270, leader: "server-\(index)", epoch: index)
            }
            return LeadershipLane(bucket: "orders/\(bucket)", intervals: intervals)
        }
        report.lakeTables = (0..<100).map { table in
            let commits = (0..<2000).map { index -> LakeTableLane.Commit in
                .init(atSeconds: Double(index * 43), snapshotIdentifier: .max, rows: index)
            }
            return LakeTableLane(table: "table-\(table)", commits: commits)
        }
        report.charts = (0..<40).map { chart in
            let series = (0..<12).map { line -> Chart.Series in
                let points = (0..<2000).map { index -> Chart.Point in
                    .init(atSeconds: Double(index * 43), value: Double(index % 97 * line))
                }
                return .init(name: long, points: points)
            }
            return Chart(title: "Chart \(chart)", unit: .bytes, series: series)
        }
        report.oracles = (0..<90).map { oracle in
            OracleResult(
                name: "oracle\(oracle)", meaning: long, compared: .max,
                violations: (0..<100).map { .init(message: long, atSeconds: Double($0)) })
        }
        report.probes = (0..<5000).map { ProbeResult(name: long, count: $0 % 2) }
        report.counters = (0..<5000).map { Counter(name: "group\($0).\(long)", value: .min) }
        report.notes = Array(repeating: long, count: 500)
        let page = htmlPage(for: report)
        #expect(HTMLChecker(page).problems == [])
        try keep(page, as: "huge")
        #expect(page.utf8.count < Self.limit)
    }

    @Test("Nothing in it can become part of the page", arguments: 0..<9)
    func escaped(place: Int) {
        let evil = "\"'><script>alert(1)</script><!-- &\u{0}\u{1B}[2J"
        var report = SampleReport.make(verdict: .fail)
        switch place {
        case 0: report.title = evil
        case 1: report.scenario = evil
        case 2: report.reproduceCommand = evil
        case 3:
            report.oracles[0] = OracleResult(
                name: evil, meaning: evil, compared: 1,
                violations: [.init(message: evil, atSeconds: 1)])
        case 4: report.faults[0].kind = evil
        case 5: report.nodes[0].node = evil
        case 6: report.leadership[0].intervals[0].leader = evil
        case 7: report.charts[0].series[0].name = evil
        default:
            report.counters[0].name = evil
            report.probes[0].name = evil
            report.notes = [evil]
            report.traceHash = evil
        }
        let page = htmlPage(for: report)
        #expect(HTMLChecker(page).problems == [])
        #expect(!page.contains("<script>alert"))
        let text = textSummary(for: report)
        #expect(!text.contains("\u{1B}"))
        // What stands in code is literal; the rest must hold no HTML.
        let prose = markdownSummary(for: report).split(separator: "\n").filter { line in
            !line.contains("`") && !line.hasPrefix("\"")
        }
        for line in prose { #expect(!line.contains("<script")) }
    }

    @Test("A long series keeps its lowest and highest value on the page")
    func spikes() {
        var report = SampleReport.make()
        var points = (0..<100_000).map { Chart.Point(atSeconds: Double($0) * 0.006, value: 10) }
        points[77_777].value = 5000
        report.charts = [
            Chart(title: "Spike", unit: .count, series: [.init(name: "spike", points: points)])
        ]
        let page = htmlPage(for: report)
        #expect(page.contains("10 to 5 000".replacing(" 000", with: "\u{202F}000")))
        #expect(page.utf8.count < 120_000)
    }

    @Test("Says the essentials in a terminal")
    func terminal() {
        let text = textSummary(for: SampleReport.make(verdict: .fail))
        for line in text.split(separator: "\n") where !line.contains("orders/1") {
            #expect(line.count <= 100)
        }
        #expect(text.hasPrefix("FAIL  A shop's change stream"))
        #expect(text.contains("wavetank run Scenarios/fast/ecommerce-cdc.yaml --seed 7"))
        #expect(text.contains("an idle writer expired"))
    }
}
