import Foundation
import Oracles
import ScenarioFiles
import Testing

@Suite("The files in Scenarios")
struct ScenarioFolderTests {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Scenarios").resolvingSymlinksInPath()

    static let files: [String] = {
        let found = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String }
        return (found ?? []).filter {
            $0.hasSuffix(".yaml") && !$0.hasPrefix("endpoints/")
        }.sorted()
    }()

    @Test("Are there, and the first ones among them")
    func present() {
        for name in ["ecommerce-cdc", "clickstream", "postgres-capture"] {
            #expect(Self.files.contains("fast/\(name).yaml"))
        }
    }

    @Test("Can be read, and shortened to a minute", arguments: files)
    func decodes(_ file: String) throws {
        let url = Self.root.appending(path: file)
        let text = try String(contentsOf: url, encoding: .utf8)
        let scenario = try Scenario.load(text: text, path: "Scenarios/\(file)")
        #expect(!scenario.title.hasSuffix("."))
        let short = scenario.shortened(to: .seconds(60))
        #expect(short.length <= .seconds(60))
        for fault in short.scriptedFaults.faults { #expect(fault.end <= short.length) }
        for drawn in short.drawnFaults { #expect(drawn.until <= short.length) }
        #expect(short.workloads == scenario.workloads)
        let source = WorkloadSource(seed: 1, scenarioPath: scenario.path) { _ in [] }
        for capture in scenario.workloads where capture.name == "capture" {
            let path = source.path(of: capture.values.text("file"))
            #expect(path.hasPrefix("Scenarios/captures/"))
        }
    }

    @Test("Those of endpoints can be read")
    func endpoints() throws {
        let folder = Self.root.appending(path: "endpoints")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(files.count >= 4)
        for file in files {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            #expect(EndpointScenario.isDescribed(by: text))
            let scenario = try EndpointScenario.load(text: text, path: file)
            #expect(!scenario.faults.isEmpty && !scenario.title.hasSuffix("."))
        }
    }

    @Test("The shop's scenario is what the bar is measured with")
    func shop() throws {
        let url = Self.root.appending(path: "fast/ecommerce-cdc.yaml")
        let text = try String(contentsOf: url, encoding: .utf8)
        let scenario = try Scenario.load(text: text, path: "Scenarios/fast/ecommerce-cdc.yaml")
        #expect(scenario.length == .seconds(600))
        #expect(scenario.cluster.servers == 3)
        #expect(scenario.checks == OracleName.allCases.filter(\.oracle.isAmongAll))
        #expect(scenario.drawnFaults.map(\.kinds) == [FaultKindName.drawable])
        let shop = try #require(scenario.workloads.first)
        #expect(shop.name == "ecommerceCDC")
        #expect(shop.values.rate("rate") == .perSecond(200))
        #expect(scenario.clientCount == 6)
    }
}
