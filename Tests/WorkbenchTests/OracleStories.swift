import RunReports
import ScenarioFiles
import Testing
import Workbench

/// Small runs in which an oracle that is asked for by name has its work to do.
@Suite("Oracles that look at how well a cluster does")
struct OracleStories {
    private func report(
        _ oracle: String, seed: UInt64, _ rest: String
    ) throws -> (report: RunReport, result: OracleResult) {
        let text = "title: a story of \(oracle)\nchecks: [logMatching, \(oracle)]\n\(rest)\n"
        let scenario = try Scenario.load(text: text, path: "story.yaml")
        let report = try TankRunTests.run(scenario, seed: seed).report
        let result = try #require(report.oracles.first { $0.name == oracle })
        return (report, result)
    }

    @Test("The only disk there is holds every batch when it is acknowledged", arguments: [1, 2])
    func durability(seed: UInt64) throws {
        let (report, result) = try report(
            "durability", seed: seed,
            """
            length: 20s
            cluster:
              { servers: 1, coordinators: 1, tierers: 0, indexers: 0, replication: 1,
                minimumInSync: 1, segmentBytes: 16KiB }
            workloads: [clickstream: { rate: 60/s, sessions: 50 }]
            faults:
              - { at: 5s, for: 1s, powerLoss: server-1 }
              - { at: 12s, for: 1s, powerLoss: server-1 }
            """)
        #expect(report.verdict == .pass, "\(report.reason)")
        #expect(result.compared > 300)
    }

    @Test("A leader that is cut off does not answer of the past", arguments: [1, 2])
    func freshness(seed: UInt64) throws {
        let (report, result) = try report(
            "freshness", seed: seed,
            """
            length: 40s
            cluster: { servers: 3, tierers: 0, indexers: 0 }
            workloads:
              - ecommerceCDC: { rate: 50/s, tables: [orders], readers: 2, lookups: 20/s }
            faults:
              - { at: 10s, for: 10s, partition: { groups: [[server-1]] } }
              - { at: 25s, for: 8s, crash: server-2 }
            """)
        #expect(report.verdict == .pass, "\(report.reason)")
        #expect(result.compared > 200)
    }

    @Test("Who filters a log, and who has its offsets kept, is given all of it", arguments: [1, 2])
    func followers(seed: UInt64) throws {
        let (report, result) = try report(
            "followers", seed: seed,
            """
            length: 30s
            cluster: { servers: 3, tierers: 0, indexers: 0, buckets: 1, writerBatchChanges: 8 }
            tables:
              - name: scans
                columns: [parcel int, station smallint, note string]
                properties: { table.datalake.enabled: false, table.statistics.columns: "*" }
            workloads:
              - tableTraffic:
                  { rate: 60/s, keys: 30, readers: 2, largestValue: 64B, filters: 20/s,
                    consumes: 10/s }
            acts: [{ at: 15s, alter: { table: scans, widen: parcel bigint } }]
            faults: [{ at: 8s, for: 4s, crash: leader of scans/0 }]
            """)
        #expect(report.verdict == .pass, "\(report.reason)")
        #expect(result.compared > 1000)
        #expect(
            report.probes.contains {
                $0.name == "batch left out by its statistics" && $0.count > 0
            })
    }

    @Test("No write waits for the object store, and the report shows each bucket's wait")
    func availability() throws {
        let (report, result) = try report(
            "availability", seed: 1,
            """
            length: 70s
            cluster:
              { servers: 3, tierers: 1, indexers: 0, segmentBytes: 16KiB, tieringInterval: 2s }
            workloads: [clickstream: { rate: 100/s, sessions: 50 }]
            faults: [{ at: 5s, for: 60s, objectStoreThrottle: { rate: 100% } }]
            """)
        #expect(report.verdict == .pass, "\(report.reason)")
        #expect(result.compared > 200)
        let chart = try #require(report.charts.first { $0.title == "Availability" })
        #expect(chart.series.count > 2)
    }

    @Test("An index stays open, and nothing halts, where no fault is at work")
    func halts() throws {
        let (report, result) = try report(
            "halts", seed: 1,
            """
            length: 30s
            cluster: { servers: 3, tierers: 1, indexers: 1 }
            workloads: [ecommerceCDC: { rate: 50/s }]
            """)
        #expect(report.verdict == .pass, "\(report.reason)")
        #expect(result.compared > 20)
    }

    @Test(
        "What is said beside rows and files is so, numbers were drawn, and nothing is left over",
        arguments: ["summaries", "drawnNumbers", "leftovers"])
    func bookkeeping(oracle: String) throws {
        let (report, result) = try report(
            oracle, seed: 1,
            """
            length: 30s
            cluster:
              { servers: 3, tierers: 1, indexers: 0, segmentBytes: 16KiB, localSegments: 1,
                tieringInterval: 2s, lakeInterval: 2s }
            workloads: [ecommerceCDC: { rate: 50/s, tables: [orders], writers: 2 }]
            faults: [{ at: 10s, for: 3s, crash: server-1 }]
            """)
        #expect(report.verdict == .pass, "\(report.reason)")
        #expect(result.compared > 10)
    }

    @Test(
        "What manifests gave up is collected, also where nobody heard that they became current",
        arguments: [1, 2])
    func replacedObjects(seed: UInt64) throws {
        let (report, result) = try report(
            "replacedObjects", seed: seed,
            """
            length: 40s
            cluster:
              { servers: 3, tierers: 0, indexers: 1, segmentBytes: 4KiB, localSegments: 1,
                tieringInterval: 1s, snapshotInterval: 1s, lakeInterval: 1s, logTimeToLive: 5s,
                rowMemory: 4KiB, hotPoints: 8, leaseDuration: 30s }
            workloads:
              - ecommerceCDC: { rate: 60/s, customers: 20, products: 20, deletes: 10% }
            faults:
              - { at: 8s, for: 8s, coordinationOutcomeUnknown: { rate: 60% } }
            """)
        #expect(report.verdict == .pass, "\(report.reason)")
        #expect(result.compared > 5)
    }

    @Test("Nothing is left of what was dropped or moved, and leaders go home")
    func remains() throws {
        let (report, result) = try report(
            "liveness", seed: 1,
            """
            length: 40s
            cluster:
              { servers: 4, coordinators: 2, tierers: 0, indexers: 0, buckets: 2,
                segmentBytes: 8KiB, tieringInterval: 1s, snapshotInterval: 1s, leaseDuration: 1s,
                placementInterval: 1s, preferredLeaderDelay: 3s, replacementDelay: 4s }
            tables:
              - name: parcels
                columns: [id bigint, place string, weight float]
                primaryKey: id
                properties: { table.datalake.enabled: false }
              - name: scans
                columns: [parcel bigint, station string, note string]
                partitionBy: station
                properties: { table.datalake.enabled: false }
            workloads: [tableTraffic: { rate: 60/s, keys: 60, largestValue: 256B }]
            faults:
              - { at: 5s, for: 9s, crash: server-1 }
              - { at: 20s, for: 3s, crash: leader of parcels/0 }
              - { at: 25s, for: 10s, objectStoreErrors: { rate: 50% } }
            acts:
              - { at: 26s, drop: parcels }
              - { at: 30s, drop: { table: scans, partition: part-1 } }
            """)
        #expect(report.verdict == .pass, "\(report.reason)")
        #expect(result.compared > 0)
    }

    @Test("A run without work, or with an oracle that cannot see any, is no pass")
    func nothing() throws {
        for rest in ["length: 5s", "length: 5s\nworkloads: [clickstream: { rate: 5/s }]"] {
            let (report, _) = try report("vectorAnswers", seed: 1, rest)
            #expect(report.verdict == .inconclusive)
        }
    }
}
