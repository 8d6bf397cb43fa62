import Changelog
import Cluster
import Platform
import RunReports
import ScenarioFiles
import Server
import Simulation

extension SimulationWorld {
    /// What a machine is doing, as reports draw it.
    func laneState(of name: String) -> NodeLane.State {
        !isRunning(name) ? .down : isPaused(name) ? .paused : .up
    }
}

/// Collects over a run what its report shows: who was up, who led, how fast, how fresh.
final class TankRecorder {
    private let world: SimulationWorld
    private let deployment: Deployment
    private let nodes: [NodeName]
    private let plan: FaultPlan
    private let interval: Duration
    private var nodeStates: [NodeName: (state: NodeLane.State, since: Double)] = [:]
    private var nodeLanes: [NodeName: [NodeLane.Interval]] = [:]
    private var leaders: [BucketIdentifier: LeadershipLane.Interval] = [:]
    private var leadershipLanes: [BucketIdentifier: [LeadershipLane.Interval]] = [:]
    private var bucketNames: [BucketIdentifier: String] = [:]
    private var lakeLanes: [String: [LakeTableLane.Commit]] = [:]
    private var latencies: [Int64] = []
    private var latencyGrid = LatencyGrid()
    let coverage = CoverageMeter()
    let states: StateSampler
    private var acknowledgedInInterval = 0
    /// The buckets whose waits are drawn; more would not be told apart.
    private var waitingBuckets: [String] = []
    private static let waitingBucketLimit = 24
    private var endSeconds: Double?
    private var series: [String: [Chart.Point]] = [:]

    init(
        _ world: SimulationWorld, _ deployment: Deployment, nodes: [NodeName], plan: FaultPlan,
        length: Duration
    ) {
        self.world = world
        self.deployment = deployment
        self.nodes = nodes
        self.plan = plan
        interval = max(.milliseconds(500), length / 120)
        states = StateSampler(deployment)
    }

    var seconds: Double { endSeconds ?? Double(world.nanoseconds) / 1e9 }

    func start() {
        for node in nodes { nodeStates[node] = (.down, 0) }
        sample()
    }

    /// Records nothing more: what comes is not of the run.
    func end() { endSeconds = seconds }

    // MARK: What happens

    func acknowledged(after latency: Duration) {
        acknowledgedInInterval += 1
        latencies.append(latency.nanoseconds)
        latencyGrid.record(latency.nanoseconds, at: world.nanoseconds)
    }

    /// Listens to what faults and probes tell.
    func listen(to faults: FaultDriver) {
        // The world must not keep itself alive by what it calls.
        faults.onChange = { [coverage, unowned world] fault, began in
            let kind = fault.kind.name
            if began {
                coverage.began(kind)
            } else {
                coverage.ended(kind, at: world.nanoseconds)
            }
        }
        world.journal.onProbe = { [coverage, unowned world, unowned faults] probe, _ in
            coverage.reached(probe, at: world.nanoseconds)
            faults.reached(probe)
        }
    }

    func committedToLake(_ table: String, snapshot: Int64, rows: Int) {
        lakeLanes[table, default: []].append(
            LakeTableLane.Commit(atSeconds: seconds, snapshotIdentifier: snapshot, rows: rows))
    }

    /// How long the oldest write or lookup of a bucket waits.
    func measuredWait(of bucket: String, seconds value: Double) {
        if series[bucket] == nil {
            if waitingBuckets.count >= Self.waitingBucketLimit { return }
            waitingBuckets.append(bucket)
        }
        measured(bucket, value)
    }

    func measured(_ name: String, _ value: Double) {
        series[name, default: []].append(Chart.Point(atSeconds: seconds, value: value))
    }

    // MARK: Sampling

    /// Called at each sample, for what only others can measure.
    var onSample: () -> Void = {}

    private func sample() {
        if endSeconds != nil { return }
        observeNodes()
        observeLeaders()
        states.sample(at: seconds)
        measureInterval()
        onSample()
        world.after(interval) { [self] in sample() }
    }

    private func observeNodes() {
        for node in nodes {
            let name = node.description
            let state = world.laneState(of: name)
            let known = nodeStates[node]!
            if known.state == state { continue }
            nodeLanes[node, default: []].append(
                NodeLane.Interval(from: known.since, until: seconds, state: known.state))
            nodeStates[node] = (state, seconds)
        }
    }

    private func observeLeaders() {
        for (_, server) in deployment.runningServers {
            for bucket in server.replicas.keys.sorted() {
                let replica = server.replicas[bucket]!
                bucketNames[bucket] = "\(replica.table.name)/\(bucket.bucket)"
                if !replica.isLeader { continue }
                let epoch = Int(replica.leaderEpoch)
                if let known = leaders[bucket] {
                    if known.epoch > epoch || known.epoch == epoch { continue }
                    close(bucket, known)
                }
                leaders[bucket] = LeadershipLane.Interval(
                    from: seconds, until: seconds, leader: server.machine.name, epoch: epoch)
            }
        }
    }

    private func close(_ bucket: BucketIdentifier, _ interval: LeadershipLane.Interval) {
        var ended = interval
        ended.until = seconds
        leadershipLanes[bucket, default: []].append(ended)
    }

    private func measureInterval() {
        let span = Double(interval.nanoseconds) / 1e9
        measured("throughput", Double(acknowledgedInInterval) / span)
        acknowledgedInInterval = 0
        if !latencies.isEmpty {
            latencies.sort()
            for (name, percent) in [("p50", 50), ("p90", 90), ("p99", 99), ("maximum", 100)] {
                let position = min(latencies.count - 1, latencies.count * percent / 100)
                measured(name, Double(latencies[position]) / 1e9)
            }
            latencies.removeAll(keepingCapacity: true)
        }
        var lag: Int64 = 0
        for (_, server) in deployment.runningServers {
            for bucket in server.replicas.keys.sorted() {
                let replica = server.replicas[bucket]!
                if replica.isLeader { lag += replica.log.endOffset - replica.highWatermark }
            }
        }
        measured("replication lag", Double(lag))
        measured("object store", Double(world.objects.totalBytes))
        for (name, _) in deployment.runningServers {
            measured(name.description, Double(world.diskBytes(of: name.description)))
        }
    }

    // MARK: The report's parts

    func fill(_ report: inout RunReport) {
        for node in nodes {
            let known = nodeStates[node]!
            nodeLanes[node, default: []].append(
                NodeLane.Interval(from: known.since, until: seconds, state: known.state))
            report.nodes.append(NodeLane(node: node.description, intervals: nodeLanes[node]!))
        }
        for bucket in leaders.keys.sorted() { close(bucket, leaders[bucket]!) }
        for bucket in leadershipLanes.keys.sorted() {
            report.leadership.append(
                LeadershipLane(
                    bucket: bucketNames[bucket] ?? bucket.path, intervals: leadershipLanes[bucket]!)
            )
        }
        for table in lakeLanes.keys.sorted() {
            report.lakeTables.append(LakeTableLane(table: table, commits: lakeLanes[table]!))
        }
        for fault in plan.faults {
            report.faults.append(
                FaultEvent(
                    atSeconds: Double(fault.at.nanoseconds) / 1e9,
                    untilSeconds: Double(fault.end.nanoseconds) / 1e9,
                    kind: fault.kind.name.rawValue,
                    target: fault.kind.nodes.map(\.description).joined(separator: " "),
                    text: fault.kind.description))
        }
        report.buckets = states.histories
        report.charts = charts()
        report.latencies = latencyGrid.map
        report.coverage = coverage.coverage
    }

    private func charts() -> [Chart] {
        func chart(
            _ title: String, _ unit: Chart.Unit, _ meaning: String, _ names: [String],
            _ style: Chart.Style = .lines
        ) -> Chart? {
            let present = names.filter { series[$0] != nil }
            if present.isEmpty { return nil }
            return Chart(
                title: title, unit: unit, style: style, meaning: meaning,
                series: present.map { Chart.Series(name: $0, points: series[$0]!) })
        }
        let servers = nodes.filter { $0.role == .server }.map(\.description)
        return [
            chart(
                "Throughput", .perSecond, "Changes acknowledged a simulated second.", ["throughput"]
            ),
            chart(
                "Latency", .seconds,
                "From the client's write to its acknowledgement, in each interval.",
                ["p50", "p90", "p99", "maximum"], .bands),
            chart(
                "Freshness", .seconds,
                "How long ago the first change was committed that lake, index or sink lacks.",
                ["lake", "vector index", "vector sink"]),
            chart(
                "Availability", .seconds,
                "How long the oldest write or lookup of each bucket has been waiting.",
                waitingBuckets),
            chart(
                "Replication lag", .count,
                "Offsets that leaders hold and the in-sync sets have not confirmed.",
                ["replication lag"]),
            chart(
                "Bytes held", .bytes, "On each disk and in the object store.",
                servers + ["object store"]),
        ].compactMap { $0 }
    }
}
