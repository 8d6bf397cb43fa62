import Cluster
import LakeTiering
import Oracles
import Platform
import RunReports
import ScenarioFiles
import Server
import Simulation
import Vectors

extension TankRun {
    /// How far the lake has a table now.
    func measureLake(_ table: String) {
        guard let meter, let offsets = lake.offsets(of: table),
            let description = tables.first(where: { $0.name == table })
        else { return }
        for entry in offsets.entries {
            let bucket = BucketIdentifier(table: description.identifier, entry.bucket)
            meter.reached(.lake, bucket, entry.offset)
        }
    }

    /// Takes all figures as they stand: what comes after is the audit's own work.
    func measureEnd() {
        guard let meter, let prices, figures.isEmpty else { return }
        var measured = FigureList()
        addChanges(meter, &measured)
        addTimes(meter, &measured)
        addDisksAndNetwork(&measured)
        for role in [NodeRole.server, .tierer, .indexer] {
            let peaks = scenario.nodes.filter { $0.role == role }.map {
                world.memoryPeak(of: $0.description)
            }
            measured["memory.\(role)"] = peaks.max()
        }
        addObjects(prices, &measured)
        addLayers(&measured)
        measured["scheduler.steps"] = world.stepCount
        measured["scheduler.stepsPerChange"] = FigureList.ratio(world.stepCount, acknowledged)
        addAmplification(&measured)
        figures = measured.inOrder
    }

    private func addChanges(_ meter: FigureMeter, _ measured: inout FigureList) {
        measured["changes.acknowledged"] = acknowledged
        measured["changes.refused"] = refused
        measured["changes.unknown"] = unknown
        measured["changes.bytes"] = meter.changeBytes
        var live = 0
        for table in tables {
            for bucket in oracles.evidence.buckets(of: table) {
                guard let log = logReader?.logs[bucket] else { continue }
                // In any order: they are only added up.
                for row in log.rows.values { live += row.saidByteCount }
            }
        }
        measured["changes.liveBytes"] = live + meter.appendedBytes
        let milliseconds = Int(scenario.length.nanoseconds / 1_000_000)
        measured["throughput"] = meter.acknowledgedInTime * 1_000_000 / max(1, milliseconds)
    }

    private func addTimes(_ meter: FigureMeter, _ measured: inout FigureList) {
        measured.add("latency", meter.latency)
        measured.add("freshness.changelog", meter.freshness(at: .changelog))
        measured.add("freshness.lake", meter.freshness(at: .lake))
        measured.add("freshness.vector", meter.freshness(at: .vectorIndex))
        if let shares = oracles.oracle(Availability.self).shares {
            measured["availability.worst"] = shares.worst
            measured["availability.all"] = shares.all
        }
        let outages = meter.outages
        measured["recovery.outages"] = outages.count
        measured["recovery.longest"] = Int(outages.max() ?? 0)
        measured["recovery.total"] = Int(outages.reduce(0, +))
        measured["recovery.settled"] = Int(
            max(0, world.nanoseconds - scenario.length.nanoseconds))
        for question in Question.allCases {
            let answers = meter.answers[question] ?? LatencyHistogram()
            let failed = meter.failures[question] ?? 0
            if answers.count + failed == 0 { continue }
            measured["\(question).answered"] = answers.count
            measured["\(question).failed"] = failed
            measured.add("\(question)", answers)
        }
        let searches = oracles.oracle(VectorAnswers.self)
        if searches.expectedCount > 0 {
            measured["search.recall"] =
                searches.foundCount * 1_000_000 / searches.expectedCount
        }
        // Of what is written; copies are as large.
        let indexes = deployment.runningIndexers.flatMap { _, indexer in
            indexer.indexes.keys.sorted().map { indexer.indexes[$0]! }.filter(\.isOwner)
        }.flatMap { $0.parts.map(\.index) }
        let rowCount = indexes.reduce(0) { $0 + $1.count }
        if rowCount > 0 {
            measured["search.bytesPerRow"] = indexes.reduce(0) { $0 + $1.byteCount } / rowCount
        }
    }

    private func addDisksAndNetwork(_ measured: inout FigureList) {
        let names = scenario.nodes.map(\.description)
        var disk = DiskCounters()
        var held: Int64 = 0
        var network = NetworkCounters()
        for name in names {
            let counters = world.diskCounters(of: name)
            disk.writes += counters.writes
            disk.writtenBytes += counters.writtenBytes
            disk.reads += counters.reads
            disk.readBytes += counters.readBytes
            disk.syncs += counters.syncs
            held += world.diskBytes(of: name)
            // What the auditor asks and is told is no work of the cluster's.
            for receiver in names { network += world.networkCounters(from: name, to: receiver) }
        }
        measured["disk.writes"] = disk.writes
        measured["disk.writtenBytes"] = disk.writtenBytes
        measured["disk.reads"] = disk.reads
        measured["disk.readBytes"] = disk.readBytes
        measured["disk.syncs"] = disk.syncs
        measured["disk.heldBytes"] = Int(held)
        measured["network.frames"] = network.frames
        measured["network.bytes"] = network.bytes
        measured["coordination.requests"] = world.coordinator.requestCount
    }

    private func addObjects(_ prices: BenchPrices, _ measured: inout FigureList) {
        var all = ObjectStoreCounters()
        var tiering = ObjectStoreCounters()
        var catalogRequests = 0
        for node in scenario.nodes {
            let counters = world.objectCounters(of: node.description)
            all += counters
            if node.role == .tierer { tiering += counters }
            catalogRequests += world.catalogRequests(of: node.description)
        }
        measured["objects.puts"] = all.puts
        measured["objects.gets"] = all.gets
        measured["objects.heads"] = all.heads
        measured["objects.lists"] = all.lists
        measured["objects.deletes"] = all.deletes
        measured["objects.putBytes"] = all.putBytes
        measured["objects.getBytes"] = all.getBytes
        measured["objects.storedBytes"] = world.objects.totalBytes
        measured["catalog.requests"] = catalogRequests
        let commits = lake.commitCount
        measured["lake.commits"] = commits
        let files = world.objects.keys().filter { $0.hasSuffix(".parquet") }
        let fileBytes = files.reduce(0) { $0 + (world.objects.bytes($1)?.count ?? 0) }
        measured["lake.files"] = files.count
        if !files.isEmpty { measured["lake.fileBytes"] = fileBytes / files.count }
        if commits > 0 {
            let requests = tiering.puts + tiering.gets + tiering.heads + tiering.lists
            measured["lake.requestsPerCommit"] = FigureList.ratio(requests, commits)
            measured["lake.putsPerCommit"] = FigureList.ratio(tiering.puts, commits)
            measured["lake.getsPerCommit"] = FigureList.ratio(tiering.gets, commits)
            measured["lake.headsPerCommit"] = FigureList.ratio(tiering.heads, commits)
            measured["lake.listsPerCommit"] = FigureList.ratio(tiering.lists, commits)
        }
        let requests = prices.cost(
            puts: all.puts, gets: all.gets, heads: all.heads, lists: all.lists,
            deletes: all.deletes)
        let storage = FigureList.share(
            Int128(world.objects.totalBytes) * Int128(prices.storedGibibyteMonth), of: 1 << 30)
        measured["cost.requests"] = FigureList.share(
            Int128(requests) * 1_000_000, of: Int128(acknowledged))
        measured["cost.storage"] = FigureList.share(
            Int128(storage) * 1_000_000, of: Int128(acknowledged))
    }

    private func addLayers(_ measured: inout FigureList) {
        guard let ledger else { return }
        ledger.countHeld(in: world)
        for place in ByteLayer.Place.allCases {
            for layer in ByteLayer.allCases {
                measured[layer.figure(place)] = ledger.counts[place]?[layer]
            }
        }
    }

    private func addAmplification(_ measured: inout FigureList) {
        let said = measured["changes.bytes"] ?? 0
        let live = measured["changes.liveBytes"] ?? 0
        func value(_ name: String) -> Int { measured[name] ?? 0 }
        let held = value("disk.heldBytes") + value("objects.storedBytes")
        let ratios = [
            ("write", value("disk.writtenBytes"), said),
            ("upload", value("objects.putBytes"), said),
            ("network", value("network.bytes"), said), ("space", held, live),
        ]
        for (name, whole, part) in ratios where part > 0 {
            measured["amplification.\(name)"] = FigureList.ratio(whole, part)
        }
    }
}

/// Figures by name while they are gathered.
private struct FigureList {
    private var values: [String: Int] = [:]

    subscript(_ name: String) -> Int? {
        get { values[name] }
        set { values[name] = newValue }
    }

    mutating func add(_ group: String, _ histogram: LatencyHistogram) {
        if histogram.count == 0 { return }
        let percentiles = [("p50", 50_000), ("p90", 90_000), ("p99", 99_000), ("p999", 99_900)]
        for (name, part) in percentiles {
            values["\(group).\(name)"] = Int(histogram.percentile(perHundredThousand: part))
        }
        values["\(group).maximum"] = Int(histogram.maximum)
    }

    /// In the order of the reports. Precondition: each is a figure that reports know.
    var inOrder: [BenchTank.Figure] {
        let ordered = BenchFigure.all.compactMap { figure in
            values[figure.name].map { BenchTank.Figure(name: figure.name, value: $0) }
        }
        precondition(ordered.count == values.count, "a figure that no report knows")
        return ordered
    }

    /// In thousandths.
    static func ratio(_ whole: Int, _ part: Int) -> Int {
        share(Int128(whole) * 1000, of: Int128(part))
    }

    static func share(_ whole: Int128, of part: Int128) -> Int {
        part == 0 ? 0 : Int(clamping: whole / part)
    }
}
