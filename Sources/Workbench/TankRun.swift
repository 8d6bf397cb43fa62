import Changelog
import Cluster
import Platform
public import RunReports
public import ScenarioFiles
public import Simulation
public import Workloads

/// One run of a scenario in the tank: cluster, workload, faults and oracles, to a verdict.
public final class TankRun {
    public let scenario: Scenario
    public let plan: FaultPlan
    public let world: SimulationWorld
    /// Called now and then with what is happening, for a person who waits.
    public var onProgress: ((String) -> Void)?
    let deployment: Deployment
    let tallies: Tallies
    let recorder: TankRecorder
    let drivers: [WorkloadDriver]
    let faults: FaultDriver
    var auditor: Auditor?
    private var phase = "starting"
    private var clients: [String: ClusterClient] = [:]
    private var isFinished = false
    private var stall: String?
    private var acknowledged = 0
    private var refused = 0
    private var unknown = 0

    /// `plan` replaces what the seed would draw, for a replay.
    public init(
        _ scenario: Scenario, seed: UInt64, plan: FaultPlan? = nil, workloads: [any Workload]
    ) {
        self.scenario = scenario
        let world = SimulationWorld(seed: seed)
        self.world = world
        self.plan = plan ?? Nemesis.plan(scenario, seed: seed)
        deployment = Deployment(scenario.cluster)
        tallies = Tallies(now: { world.nanoseconds })
        drivers = workloads.map { WorkloadDriver($0, scenario.cluster) }
        let nodes = scenario.nodes
        faults = FaultDriver(world, plan: self.plan, nodes: nodes)
        recorder = TankRecorder(
            world, deployment, nodes: deployment.nodes, plan: self.plan, length: scenario.length)
    }

    // MARK: The run

    /// Runs to the end and says how it went.
    public func run() -> Verdict {
        for node in scenario.nodes { world.addMachine(node.description) }
        world.addMachine(Self.auditorName)
        superviseNodes()
        for node in deployment.nodes { start(node) }
        recorder.start()
        faults.start()
        startClients()
        startAuditor()
        let limit = scenario.length + Self.settleLimit
        let slice = Duration.seconds(1)
        var elapsed = Duration.zero
        while !isFinished && elapsed < limit {
            world.run(for: slice)
            elapsed += slice
            onProgress?(phase)
            if world.journal.errorCount > 0 { break }
        }
        if !isFinished && world.journal.errorCount == 0 {
            tallies[.liveness].expect(false, stall ?? "the run did not end: it is \(phase)")
        }
        world.shutDown()
        return verdict()
    }

    static let auditorName = "auditor"
    /// Simulated time after the last fault within which a healed cluster must have converged.
    static let settleLimit = Duration.seconds(300)

    private func superviseNodes() {
        faults.takeDown = { [unowned self] node, losingPower in
            let name = node.description
            if losingPower { world.losePower(name) } else { world.crash(name) }
            deployment.ended(node)
        }
        faults.bringUp = { [unowned self] node in
            if node.role != .client { start(node) }
        }
        world.onHalt = { [unowned self] name in
            guard let node = NodeName(name), node.role != .client else { return }
            deployment.ended(node)
            world.after(.seconds(3)) { [unowned self] in start(node) }
        }
    }

    private func start(_ node: NodeName) {
        let name = node.description
        if world.isRunning(name) || faults.holdsDown(node) { return }
        world.start(name) { [self] machine in try await deployment.run(node, on: machine) }
    }

    private func startClients() {
        var number = 0
        for (position, options) in scenario.workloads.enumerated() {
            let names = (0..<options.clientCount).map {
                NodeName(.client, number + $0 + 1).description
            }
            number += options.clientCount
            let driver = drivers[position]
            driver.onOutcome = { [unowned self] outcome, since in count(outcome, since, names[0]) }
            for name in names {
                world.start(name) { [self] machine in
                    let client = ClusterClient(machine, deployment.configuration)
                    clients[name] = client
                    try await client.run()
                }
            }
            world.after(.milliseconds(10)) { [self] in startDriver(driver, names) }
        }
    }

    private func startDriver(_ driver: WorkloadDriver, _ names: [String]) {
        let writers = names.compactMap { clients[$0] }
        guard let first = writers.first else { return }
        first.machine.spawn("workload") { [self] in
            try await driver.createTables(with: first)
            for table in driver.tables { auditor?.follow(table) }
            try await driver.run(
                writers, epochMilliseconds: world.epochMilliseconds,
                started: first.machine.clock.now)
        }
    }

    private func count(_ outcome: TableWriter.Outcome, _ since: Instant, _ client: String) {
        switch outcome {
        case .acknowledged(let receipt):
            acknowledged += 1
            if let machine = clients[client]?.machine {
                recorder.acknowledged(after: machine.clock.now - since)
            }
            let leader = deployment.runningServers.first {
                $0.server.replicas[receipt.bucket]?.leaderEpoch
                    == receipt.acknowledgement.leaderEpoch
                    && $0.server.replicas[receipt.bucket]?.isLeader == true
            }
            auditor?.acknowledged(receipt, by: leader?.name.description)
        case .refused: refused += 1
        case .unknown: unknown += 1
        }
    }

    // MARK: The auditor's run

    private func startAuditor() {
        world.start(Self.auditorName) { [self] machine in
            let client = ClusterClient(machine, deployment.configuration)
            let auditor = Auditor(client, tallies)
            self.auditor = auditor
            machine.spawn("metadata of the auditor") { try await client.run() }
            phase = "running"
            try await machine.sleep(scenario.length)
            phase = "settling"
            for driver in drivers { driver.stop() }
            faults.healAll()
            for node in deployment.nodes { start(node) }
            try await settle(machine)
            phase = "checking"
            try await check(auditor)
            phase = "done"
            isFinished = true
        }
    }

    private func settle(_ machine: Machine) async throws {
        let deadline = machine.clock.now + Self.settleLimit / 2
        while true {
            stall = whatIsMissing()
            tallies[.liveness].count()
            if stall == nil { return }
            if machine.clock.now >= deadline {
                tallies[.liveness].violated(
                    "a healed cluster did not converge in \(Self.settleLimit / 2): \(stall!)")
                return
            }
            try await machine.sleep(.seconds(1))
        }
    }

    /// Who waits for whom, in words; nil if all is well.
    private func whatIsMissing() -> String? {
        for driver in drivers where !driver.isSettled {
            return "\(driver.sentCount - driver.settledCount) writes have no outcome"
        }
        for driver in drivers {
            for table in driver.tables {
                for bucket in table.buckets {
                    if let missing = whatIsMissing(bucket, table.name) { return missing }
                }
            }
        }
        return nil
    }

    private func whatIsMissing(_ bucket: BucketIdentifier, _ table: String) -> String? {
        let place = "\(table) bucket \(bucket.bucket)"
        let leaders = deployment.runningServers.filter {
            $0.server.replicas[bucket]?.isLeader == true
        }
        guard let leader = leaders.first, leaders.count == 1,
            let replica = leader.server.replicas[bucket]
        else { return "\(place) has \(leaders.count) leaders" }
        guard let state = leader.server.mirror.buckets[bucket]?.value else {
            return "\(place) has no state"
        }
        if state.inSync.count < state.replicas.count {
            return "\(place) has only \(state.inSync) in sync"
        }
        if replica.highWatermark < replica.log.endOffset {
            return "\(place) is committed to \(replica.highWatermark) of \(replica.log.endOffset)"
        }
        guard let log = auditor?.logs[bucket] else { return "\(place) is not audited" }
        if log.endOffset < replica.highWatermark {
            return "the audit of \(place) is at \(log.endOffset) of \(replica.highWatermark)"
        }
        return nil
    }

    private func check(_ auditor: Auditor) async throws {
        auditor.checkAcknowledgements()
        try await auditor.checkReplicas(deployment.runningServers.map(\.server))
        try await auditor.checkAgain()
        for driver in drivers { driver.check(auditor, tallies[.referenceModel]) }
    }

    // MARK: Verdict

    /// How a run ended.
    public struct Verdict {
        public var verdict: RunReport.Verdict
        public var reason: String
    }

    private func verdict() -> Verdict {
        let errors = world.journal.notes.filter { $0.severity == .error }
        if let first = errors.first {
            return Verdict(
                verdict: .fail,
                reason:
                    "\(errors.count) defects were noted, the first on \(first.node): \(first.message)"
            )
        }
        let checked = tallies.all.filter { scenario.checks.contains($0.name) }
        if let broken = checked.first(where: { $0.violationCount > 0 }) {
            return Verdict(
                verdict: .fail,
                reason: "\(broken.name.rawValue): \(broken.violations[0].message)")
        }
        let idle = checked.filter { $0.compared == 0 }.map(\.name.rawValue)
        if !idle.isEmpty {
            return Verdict(
                verdict: .inconclusive,
                reason: "these oracles compared nothing: \(idle.joined(separator: ", "))")
        }
        return Verdict(verdict: .pass, reason: "")
    }

    /// The run's report; the caller adds what only it knows.
    public func report(
        _ verdict: Verdict, build: String, cpuSeconds: Double, peakMemoryBytes: Int,
        reproduceCommand: String
    ) -> RunReport {
        var report = RunReport(
            title: scenario.title, scenario: scenario.path, seed: world.seed, build: build,
            verdict: verdict.verdict, reason: verdict.reason,
            traceHash: hexadecimal(world.trace.hash), events: world.trace.eventCount,
            simulatedSeconds: Double(world.nanoseconds) / 1e9, cpuSeconds: cpuSeconds,
            peakMemoryBytes: peakMemoryBytes, changesAcknowledged: acknowledged,
            changesRefused: refused, changesUnknown: unknown, reproduceCommand: reproduceCommand)
        report.oracles = tallies.all.filter { scenario.checks.contains($0.name) }.map { tally in
            OracleResult(
                name: tally.name.rawValue, meaning: tally.name.meaning, compared: tally.compared,
                violations: tally.violations.map {
                    OracleResult.Violation(
                        message: $0.message, atSeconds: Double($0.nanoseconds) / 1e9)
                })
        }
        report.probes = world.journal.probes.map { ProbeResult(name: $0.name, count: $0.count) }
        report.notes = world.journal.notes.prefix(50).map { "\($0.node): \($0.message)" }
        recorder.fill(&report)
        report.counters = counters()
        return report
    }

    private func counters() -> [Counter] {
        var disk = DiskCounters()
        for node in deployment.nodes {
            let counters = world.diskCounters(of: node.description)
            disk.writes += counters.writes
            disk.writtenBytes += counters.writtenBytes
            disk.reads += counters.reads
            disk.readBytes += counters.readBytes
            disk.syncs += counters.syncs
        }
        let objects = world.objects.counters
        return [
            Counter(name: "disk.writes", value: disk.writes),
            Counter(name: "disk.writtenBytes", value: disk.writtenBytes),
            Counter(name: "disk.reads", value: disk.reads),
            Counter(name: "disk.readBytes", value: disk.readBytes),
            Counter(name: "disk.syncs", value: disk.syncs),
            Counter(name: "objects.puts", value: objects.puts),
            Counter(name: "objects.putBytes", value: objects.putBytes),
            Counter(name: "objects.gets", value: objects.gets),
            Counter(name: "objects.getBytes", value: objects.getBytes),
            Counter(name: "objects.heads", value: objects.heads),
            Counter(name: "objects.lists", value: objects.lists),
            Counter(name: "objects.deletes", value: objects.deletes),
            Counter(name: "coordination.requests", value: world.coordinator.requestCount),
            Counter(name: "scheduler.steps", value: world.stepCount),
        ]
    }
}

/// Sixteen digits.
func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
