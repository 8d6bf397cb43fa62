import Cluster
import Oracles
import ScenarioFiles
import Server
import Testing

@Suite("A scenario file")
struct ScenarioTests {
    static let minimal = "title: A quiet cluster\nlength: 10m\n"

    @Test("The smallest file gets every default")
    func smallest() throws {
        let scenario = try Scenario.load(text: Self.minimal, path: "quiet.yaml")
        #expect(scenario.length == .seconds(600))
        #expect(scenario.seed == 1)
        #expect(scenario.cluster.servers == 3)
        #expect(scenario.cluster.configuration.segmentByteCount == 1 << 20)
        #expect(scenario.checks == OracleName.allCases.filter(\.oracle.isAmongAll))
        #expect(scenario.workloads.isEmpty)
        #expect(scenario.expectedVerdict == .pass)
        #expect(
            scenario.nodes.map(\.description).joined(separator: " ")
                == "server-1 server-2 server-3 coordinator-1 coordinator-2 tierer-1 indexer-1")
    }

    @Test("Values are read exactly, in the units in which they run")
    func units() throws {
        let text =
            Self.minimal + """
                seed: 18_446_744_073_709_551_615
                cluster: { segmentBytes: 64KiB, lakeInterval: 250ms }
                workloads:
                  - clickstream:
                  - ecommerceCDC:
                      { rate: 30/m, lateEvents: 0.25%, deletes: 7ppm, cleanUp: 40, skew: 90/5 }
                  - capture: { file: a.zst, format: combinedLog, speed: 0.5x }
                """
        let scenario = try Scenario.load(text: text, path: "a.yaml")
        #expect(scenario.seed == .max)
        #expect(scenario.cluster.configuration.segmentByteCount == 65536)
        #expect(scenario.cluster.configuration.lakeInterval == .milliseconds(250))
        let shop = scenario.workloads[1].values
        let capture = scenario.workloads[2].values
        #expect(shop.rate("rate").interval == .seconds(2))
        #expect(shop.integer("lateEvents") == 2500)
        #expect(shop.integer("deletes") == 7)
        #expect(shop.integer("cleanUp") == 40)
        #expect(shop.skew("skew") == Skew(eventPercent: 90, keyPercent: 5))
        #expect(capture.integer("speed") == 500)
    }

    @Test("A fault on several nodes becomes one each, and a plan is in the order of its dates")
    func faults() throws {
        let text =
            Self.minimal + """
                faults:
                  - { at: 2m, for: 90s, diskSlow: { node: [server-3, server-1], factor: 20 } }
                  - { at: 41s, for: 1500ms, partition: server-2 }
                  - { at: 1m, clockStep: { node: tierer-1, by: -5s } }
                """
        let scenario = try Scenario.load(text: text, path: "a.yaml")
        #expect(
            scenario.scriptedFaults.description == """
                at 41s for 1500ms: partition server-2, direction both
                at 1m: clockStep tierer-1, by -5s
                at 2m for 90s: diskSlow server-3, factor 20
                at 2m for 90s: diskSlow server-1, factor 20
                """)
    }

    @Test("A shorter run keeps each fault, inside its time")
    func shorter() throws {
        let text =
            Self.minimal + """
                faults:
                  - { at: 9m, for: 60s, crash: server-1 }
                  - { at: 1m, for: 2s, crash: server-2 }
                  - drawn: { from: 1m, until: 8m, every: 20s, lasting: 30s }
                """
        let short = try Scenario.load(text: text, path: "a.yaml").shortened(to: .seconds(60))
        #expect(
            short.scriptedFaults.description == """
                at 6s for 2s: crash server-2
                at 45s for 15s: crash server-1
                """)
        #expect(
            short.drawnFaults == [
                DrawnFaults(
                    from: .seconds(6), until: .seconds(48), every: .seconds(5),
                    lasting: .seconds(15))
            ])
    }

    @Test("A capture is found beside the scenario")
    func capturePath() throws {
        var source = WorkloadSource(seed: 1, scenarioPath: "Scenarios/fast/a.yaml") { _ in [] }
        func path(_ file: String) -> String { source.path(of: file) }
        #expect(path("../captures/b.zst") == "Scenarios/captures/b.zst")
        #expect(path("./b.zst") == "Scenarios/fast/b.zst")
        #expect(path("/data/b.zst") == "/data/b.zst")
        source.scenarioPath = "a.yaml"
        #expect(path("b.zst") == "b.zst")
        #expect(path("../b.zst") == "../b.zst")
        source.scenarioPath = "/a.yaml"
        #expect(path("b.zst") == "/b.zst")
    }
}
