import Foundation
import RunReports
import ScenarioFiles
import Testing

@testable import Workbench

@Suite("Requests that are struck")
struct EndpointTests {
    static func scenario(_ faults: String) throws -> EndpointScenario {
        try EndpointScenario.load(
            text: "title: x\nendpoints: { faults: [\(faults)] }", path: "x.yaml")
    }

    static func struck(
        _ faults: String, seed: UInt64 = 1, _ requests: [RequestFault.Request]
    ) throws -> [Int] {
        var plan = RequestPlan(try scenario(faults), seed: seed)
        return requests.enumerated().compactMap { plan.strike($1) == nil ? nil : $0 }
    }

    @Test("Are those that the file counts, of the kinds that it names")
    func counts() throws {
        let mixed: [RequestFault.Request] = [
            .commitTable, .getObject, .commitTable, .commitTable, .loadTable, .commitTable,
            .commitTable,
        ]
        let every = "loseAnswer: { of: commitTable, from: 2, every: 2, times: 1 }"
        #expect(try Self.struck("{ \(every) }", mixed) == [2])
        let any = "refuse: { of: anyCatalogRequest, every: 3 }"
        #expect(try Self.struck("{ \(any) }", mixed) == [0, 4])
        #expect(try Self.struck("{ tear: { of: getObject } }", mixed) == [1])
    }

    @Test("Are drawn by the seed, and the same each time", arguments: [1, 2, 3] as [UInt64])
    func draws(_ seed: UInt64) throws {
        let requests = [RequestFault.Request](repeating: .putObject, count: 2000)
        let share = "{ refuse: { of: putObject, share: 10% } }"
        let first = try Self.struck(share, seed: seed, requests)
        #expect(try first == Self.struck(share, seed: seed, requests))
        #expect((120...280).contains(first.count))
        #expect(try first != Self.struck(share, seed: seed + 1, requests))
    }

    @Test("A mistake is told with its place")
    func mistakes() throws {
        #expect(throws: ScenarioErrors.self) {
            try Self.scenario("{ refuse: { of: commitTabel } }")
        }
        #expect(throws: ScenarioErrors.self) { try Self.scenario("{ refuse: {} }") }
        let text = "title: x\nendpoints: { tables: [{ name: orders }] }"
        do {
            _ = try EndpointScenario.load(text: text, path: "x.yaml")
            Issue.record("a table without a namespace is taken")
        } catch {
            #expect(error.description.hasPrefix("x.yaml:2:"))
        }
    }

    @Test("A folder that holds files of others is left alone, and one process is let in")
    func folders() throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let scenario = try Self.scenario("{ tear: { of: getObject } }")
        let catalog = path + "/catalog.sqlite"
        try Data("mine".utf8).write(to: URL(fileURLWithPath: catalog))
        #expect(throws: WorkbenchError.self) {
            try EndpointServer(scenario, seed: 1, folder: path, port: 0)
        }
        #expect(FileManager.default.contents(atPath: catalog) == Data("mine".utf8))
        try FileManager.default.removeItem(atPath: catalog)
        let server = try EndpointServer(scenario, seed: 1, folder: path, port: 0)
        #expect(throws: WorkbenchError.self) {
            try EndpointServer(scenario, seed: 1, folder: path, port: 0)
        }
        let report = try server.run(until: { true }, rows: { _ in nil })
        #expect(report.verdict == .inconclusive)
    }

    @Test("Nothing that was committed proves nothing")
    func verdicts() {
        func report(_ violations: [String], commits: Int, struck: Int) -> EndpointReport {
            EndpointReport(
                title: "x",
                results: [
                    EndpointReport.Result(
                        name: "lineage", meaning: "", compared: 1, violations: violations)
                ],
                strikes: (0..<struck).map {
                    EndpointReport.Strike(
                        fault: "refuse", request: "getObject", number: $0, target: "<b>")
                }, faultCount: 1, requestCounts: ["getObject": struck], commitCount: commits,
                orphanCount: 0, orphanByteCount: 0)
        }
        #expect(report([], commits: 0, struck: 1).verdict == .inconclusive)
        #expect(report([], commits: 1, struck: 0).verdict == .inconclusive)
        #expect(report([], commits: 1, struck: 1).verdict == .pass)
        #expect(report(["it is lost"], commits: 1, struck: 1).verdict == .fail)
        let page = htmlPage(for: report(["<i>"], commits: 1, struck: 1))
        #expect(!page.contains("<i>") && !page.contains("<b>commit"))
    }
}
