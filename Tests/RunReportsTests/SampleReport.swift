import RunReports

/// Sample data that looks as a run could: each figure follows from a small model and its
/// faults, and the report says that it is a sample.
struct SampleReport {
    /// A generator of its own, so that a seed means the same report everywhere.
    private var state: UInt64
    private let length: Double
    private var report: RunReport

    static func make(
        seed: UInt64 = 7, length: Double = 600, verdict: RunReport.Verdict = .pass
    ) -> RunReport {
        var sample = SampleReport(seed: seed, length: length, verdict: verdict)
        sample.drawFaults()
        sample.drawLeadership()
        sample.drawLake()
        sample.drawCharts()
        sample.drawLatencies()
        sample.drawCoverage()
        sample.fillTables(verdict)
        return sample.report
    }

    private init(seed: UInt64, length: Double, verdict: RunReport.Verdict) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        self.length = length
        let reasons: [RunReport.Verdict: String] = [
            .pass: "14 oracles compared what they were given and found nothing wrong.",
            .fail: "Two oracles saw a violation, the first after 4 minutes.",
            .inconclusive: "The oracle of vector answers ran out of its budget of comparisons.",
        ]
        report = RunReport(
            title: "A shop's change stream survives every kind of fault",
            scenario: "Scenarios/fast/ecommerce-cdc.yaml", seed: seed, build: "37cf9e4 release",
            verdict: verdict, reason: reasons[verdict] ?? "", traceHash: "9f3c07a1e52b8d64",
            events: 18_442_907, simulatedSeconds: length, cpuSeconds: 14.82,
            peakMemoryBytes: 187_432_960, changesAcknowledged: 119_204, changesRefused: 311,
            changesUnknown: 87,
            reproduceCommand:
                "wavetank run Scenarios/fast/ecommerce-cdc.yaml --seed \(seed)")
        report.notes = ["This is sample data, made by a generator to try the page. No engine ran."]
        report.libraryVersions = [
            LibraryVersion(name: "libzstd", version: "1.5.4"),
            LibraryVersion(name: "liblz4", version: "1.9.4"),
        ]
    }

    private mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    private mutating func real(_ range: ClosedRange<Double>) -> Double {
        let share = Double(next() % 100_000) / 100_000
        return range.lowerBound + share * (range.upperBound - range.lowerBound)
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int(next() % UInt64(elements.count))]
    }

    private mutating func drawFaults() {
        let nodes = [
            "server-1", "server-2", "server-3", "coordinator-1", "coordinator-2", "tierer-1",
            "tierer-2", "indexer-1",
        ]
        let onNodes: [(String, String)] = [
            ("crash", ""), ("powerLoss", ""), ("pause", ""), ("diskSlow", "factor 20"),
            ("clockStep", "by -3s"), ("clockDrift", "200 parts per million"),
            ("syncFailure", "rate 5%"), ("bitRot", ""), ("leaseExpiry", ""),
        ]
        let elsewhere: [(String, String, String)] = [
            ("partition", "server-1 | server-2 server-3", "both ways"),
            ("linkDelay", "every link", "by 20ms, jitter 30ms"),
            ("objectStoreErrors", "object store", "rate 10%, after the effect"),
            ("objectStoreThrottle", "object store", "rate 30%"),
            ("coordinationUnavailable", "coordination", ""),
            ("lakeCatalogOutcomeUnknown", "lake catalog", "rate 30%"),
            ("lakeCatalogConflict", "lake catalog", "rate 20%"),
        ]
        var intervals: [String: [NodeLane.Interval]] = [:]
        var at = length / 60
        while at < length * 0.8 {
            let isOnce = next() % 5 == 0
            let until = isOnce ? at : min(at + real(2...18) * length / 600, length)
            if next() % 5 < 3 {
                let (kind, text) = pick(onNodes)
                let node = pick(nodes)
                let happensOnce = ["clockStep", "bitRot", "leaseExpiry"].contains(kind)
                let end = happensOnce ? at : max(until, at + length / 300)
                report.faults.append(
                    FaultEvent(
                        atSeconds: at, untilSeconds: end, kind: kind, target: node, text: text))
                if kind == "crash" || kind == "powerLoss" {
                    intervals[node, default: []].append(.init(from: at, until: end, state: .down))
                } else if kind == "pause" {
                    intervals[node, default: []].append(.init(from: at, until: end, state: .paused))
                }
            } else {
                let (kind, target, text) = pick(elsewhere)
                report.faults.append(
                    FaultEvent(
                        atSeconds: at, untilSeconds: max(until, at + length / 300), kind: kind,
                        target: target, text: text))
            }
            at += real(4...30) * length / 600
        }
        report.nodes = nodes.map { NodeLane(node: $0, intervals: intervals[$0] ?? []) }
    }

    private mutating func drawLeadership() {
        let servers = ["server-1", "server-2", "server-3"]
        let buckets = ["customers", "products", "orders", "payments"].flatMap {
            ["\($0)/0", "\($0)/1"]
        }
        for (index, bucket) in buckets.enumerated() {
            var leader = servers[index % 3]
            var epoch = 1
            var from = 0.6
            var intervals: [LeadershipLane.Interval] = []
            for fault in report.faults
            where fault.target == leader && ["crash", "powerLoss", "pause"].contains(fault.kind) {
                let waits = fault.kind == "pause" ? 4.2 : 1.0
                guard fault.untilSeconds - fault.atSeconds > waits, fault.atSeconds > from else {
                    continue
                }
                intervals.append(
                    .init(from: from, until: fault.atSeconds, leader: leader, epoch: epoch))
                epoch += 1
                from = fault.atSeconds + waits + real(0.2...2)
                leader = pick(servers.filter { $0 != leader })
            }
            intervals.append(.init(from: from, until: length, leader: leader, epoch: epoch))
            report.leadership.append(LeadershipLane(bucket: bucket, intervals: intervals))
        }
    }

    private mutating func drawLake() {
        for (table, weight) in [
            ("customers", 0.1), ("products", 0.04), ("orders", 0.4), ("payments", 0.46),
        ] {
            var commits: [LakeTableLane.Commit] = []
            var at = 30.0
            var last = 0.0
            while at < length {
                let isBlocked = activity(at, of: ["lakeCatalog", "objectStore"]) > 0
                if isBlocked {
                    at += real(5...15)
                    continue
                }
                commits.append(
                    .init(
                        atSeconds: at, snapshotIdentifier: Int64(next() << 20 | next()),
                        rows: Int((at - last) * 200 * weight * real(0.9...1.1))))
                last = at
                at += real(29...33)
            }
            report.lakeTables.append(LakeTableLane(table: table, commits: commits))
        }
    }

    /// How many faults of these kinds are active.
    private func activity(_ at: Double, of prefixes: [String]) -> Double {
        Double(
            report.faults.count { fault in
                prefixes.contains { fault.kind.hasPrefix($0) } && fault.atSeconds <= at
                    && at <= fault.untilSeconds + 1
            })
    }

    private mutating func drawCharts() {
        let step = length / 600
        var rate: [Chart.Point] = []
        var percentiles: [[Chart.Point]] = [[], [], [], []]
        var lakeAge: [Chart.Point] = []
        var vectorAge: [Chart.Point] = []
        var lag: [Chart.Point] = []
        var stored: [[Chart.Point]] = [[], []]
        var bytes = (log: 0.0, lake: 0.0)
        var debt = 0.0
        let commits = report.lakeTables.flatMap { $0.commits.map(\.atSeconds) }.sorted()
        for index in 1...600 {
            let at = Double(index) * step
            let stopped = min(activity(at, of: ["crash", "powerLoss", "pause", "partition"]), 2)
            let slow = activity(at, of: ["diskSlow", "sync", "link", "coordination"])
            let asked = Int(at) % 120 < 5 && at > 10 ? 800.0 : 200
            let done = max(0, asked * (1 - 0.45 * stopped) * real(0.93...1.05))
            debt = max(0, debt + asked - done - asked * 0.2)
            let served = done + min(debt, 90)
            rate.append(.init(atSeconds: at, value: served))
            if stopped < 2 || next() % 3 > 0 {
                let base = 0.0031 * real(0.9...1.2) * (1 + slow * 3) * (1 + stopped * 0.8)
                let tail = 1 + stopped * real(2...30) + slow * real(1...4)
                for (line, factor) in [1, 2.1, 4.4 * tail, 9 * tail * real(1...2)].enumerated() {
                    percentiles[line].append(.init(atSeconds: at, value: base * factor))
                }
            }
            let committed = commits.last { $0 <= at } ?? 0
            lakeAge.append(.init(atSeconds: at, value: at - committed + real(0.5...2)))
            let indexing = activity(at, of: ["objectStore"]) + stopped
            vectorAge.append(.init(atSeconds: at, value: 0.2 * real(0.5...2) * (1 + indexing * 14)))
            lag.append(
                .init(atSeconds: at, value: (debt * 3 + stopped * real(100...600)).rounded()))
            bytes.log += served * 410 * step
            bytes.lake += served * 95 * step
            stored[0].append(.init(atSeconds: at, value: bytes.log))
            stored[1].append(.init(atSeconds: at, value: bytes.lake))
        }
        report.charts = [
            Chart(
                title: "Throughput", unit: .perSecond, meaning: "Changes acknowledged",
                series: [.init(name: "changes", points: rate)]),
            Chart(
                title: "Latency", unit: .seconds, style: .bands,
                meaning: "From a write to its acknowledgement, each second",
                series: zip(["p50", "p90", "p99", "max"], percentiles).map {
                    .init(name: $0, points: $1)
                }),
            Chart(
                title: "Freshness", unit: .seconds,
                meaning: "Age of the newest change that can be read",
                series: [
                    .init(name: "lake", points: lakeAge), .init(name: "vectors", points: vectorAge),
                ]),
            Chart(
                title: "Replication lag", unit: .count,
                meaning: "Changes that a follower misses, at most",
                series: [.init(name: "changes", points: lag)]),
            Chart(
                title: "Bytes stored", unit: .bytes,
                series: [
                    .init(name: "log", points: stored[0]), .init(name: "lake", points: stored[1]),
                ]),
        ]
    }

    /// Most changes are quick; while something is down, some wait until it is over.
    private mutating func drawLatencies() {
        let edges: [Int64] = [1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 200, 300]
        var cells: [LatencyMap.Cell] = []
        for column in 0..<150 {
            let at = (Double(column) + 0.5) / 150 * length
            let stopped = activity(at, of: ["crash", "powerLoss", "pause", "partition"])
            for row in 0..<(stopped > 0 ? 12 : 6) {
                let count = Int(1 + next() % 400) >> abs(row - 2)
                if count > 0 { cells.append(.init(column: column, row: row, count: count)) }
            }
        }
        report.latencies = LatencyMap(
            columnNanoseconds: Int64(length / 150 * 1e9), edges: edges.map { $0 * 1_000_000 },
            cells: cells)
    }

    private mutating func drawCoverage() {
        let parts = ["changelog", "replication", "keyValue", "lake", "unionRead"]
        let kinds = Set(report.faults.map(\.kind)).sorted()
        report.coverage = FaultCoverage(
            parts: parts, secondsAfter: 10,
            rows: kinds.map { kind in
                FaultCoverage.Row(
                    kind: kind, happened: report.faults.count { $0.kind == kind },
                    reached: parts.map { _ in max(0, Int(next() % 90) - 30) })
            } + [.init(kind: "strike", happened: 0, reached: parts.map { _ in 0 })])
    }

    private mutating func fillTables(_ verdict: RunReport.Verdict) {
        let oracles: [(String, String, Int)] = [
            (
                "logMatching", "below the committed offset all replicas hold the same batches",
                48_211
            ),
            (
                "acknowledgedWrites",
                "an acknowledged write is in every later log, once and in order", 119_204
            ),
            ("singleLeader", "one leader acknowledges per bucket and epoch", 38_907),
            (
                "tableIsFold", "the rows of a primary-key table are the fold of its changelog",
                61_540
            ),
            ("lakeReferences", "committed snapshots name only objects that exist", 2_318),
            ("lakeRows", "lake rows are the rows of the log, exactly once", 117_882),
            ("lakeContinuity", "lake offsets are contiguous and never go back", 76),
            (
                "readableOffsets",
                "every offset up to the high watermark can be read at any moment", 240_110
            ),
            ("unionRead", "a union read equals the table, now and then", 8_442),
            ("fencing", "a fenced epoch neither acknowledges nor deletes", 23),
            ("vectorAnswers", "vector answers are right about the rows that are visible", 1_260),
            ("noDeleteOnUnknown", "nothing is deleted on an unknown outcome", 17),
            ("liveness", "a healed cluster converges within a bound", 12),
            ("referenceModel", "what the workload was told is what the tables say", 119_602),
        ]
        report.oracles = oracles.map { OracleResult(name: $0.0, meaning: $0.1, compared: $0.2) }
        if verdict == .fail {
            report.oracles[5].violations = [
                .init(
                    message: "orders/1: the lake misses offsets 18204 to 18377 of snapshot "
                        + "7310044218830012, which the log holds in epoch 3",
                    atSeconds: length * 0.42),
                .init(
                    message: "orders/1: the lake misses offsets 20110 to 20112 of snapshot "
                        + "7310044218830019, which the log holds in epoch 3",
                    atSeconds: length * 0.48),
            ]
            report.oracles[8].violations = [
                .init(
                    message:
                        "orders: key 4711 reads {\"status\": \"paid\"}, the table says <deleted>",
                    atSeconds: length * 0.43)
            ]
        }
        if verdict == .inconclusive { report.oracles[10].compared = 0 }
        report.probes = [
            ("a commit of unknown outcome was adopted", 3), ("a divergent tail was truncated", 11),
            ("a torn tail was cut at recovery", 4), ("a leader was fenced by its epoch", 9),
            ("an idle writer expired", 0), ("a rotten batch was repaired from a replica", 2),
            ("a follower was rebuilt from remote segments", 0),
            ("two tierers raced for one commit", 6),
            ("the in-sync set shrank below its minimum", 1),
            ("a snapshot upload was resumed", 0), ("a late event reopened a window", 207),
            ("a foreign commit was rebased over", 5),
        ].map { ProbeResult(name: $0.0, count: $0.1) }
        report.counters = [
            ("disk.writes", 412_880), ("disk.writtenBytes", 188_310_442), ("disk.syncs", 38_112),
            ("disk.reads", 51_204), ("network.messages", 1_204_331),
            ("network.bytes", 402_118_730), ("network.resets", 61), ("objects.puts", 2_310),
            ("objects.gets", 8_114), ("objects.deletes", 402), ("objects.storedBytes", 61_204_410),
            ("coordination.transactions", 4_112), ("coordination.watches", 9_304),
            ("lake.commits", 76), ("lake.conflicts", 9), ("lake.unknownOutcomes", 3),
            ("vectors.searches", 1_260), ("vectors.segments", 14),
        ].map { Counter(name: $0.0, value: $0.1) }
    }
}
