import Changelog
import Cluster
import Host
import Iceberg
import Oracles
import Platform
public import RunReports
public import ScenarioFiles
import Server
import Simulation
public import Workloads

/// One run of a scenario's cluster and workloads on the real machine, to a verdict.
///
/// The same engine objects as in the tank, on real files, sockets and databases in one folder. What
/// writers were told stands in a ledger there, so that a run which is killed can be started again
/// on the same folder: it goes on with the workloads, and holds what the former life acknowledged
/// against what is there. Faults of the scenario are left out: here only the real ones happen.
public final class HostRun {
    /// Called now and then with what is happening.
    public var onProgress: ((String) -> Void)?
    /// Asked once a second: true ends the run as it is.
    public var isInterrupted: () -> Bool = { false }
    private let folder: ServeFolder
    private let scenario: Scenario
    private let world: HostWorld
    private let deployment: Deployment
    private let oracles: OracleSet
    private let drivers: [WorkloadDriver]
    private let ledger: Ledger
    private let histories: [Int: Ledger.History]
    private var wasInterrupted = false
    private let seed: UInt64
    private let start = ContinuousClock.now
    private var clients: [ClusterClient] = []
    private var logReader: LogReader?
    private var phase = "starting"
    private var acknowledged = 0
    private var refused = 0
    private var unknown = 0
    private var warnings: [String] = []

    /// - Parameter text: The scenario as it was read, by which the folder is known again.
    public init(
        _ scenario: Scenario, text: String, seed: UInt64, build: String, folder: String,
        workloads: [any Workload]
    ) throws {
        self.scenario = scenario
        self.seed = seed
        self.folder = try ServeFolder(
            folder, scenario: scenario, text: text, seed: seed, build: build)
        ledger = try Ledger(path: folder + "/ledger.txt")
        histories = try ledger.history()
        if let stray = histories.keys.sorted().first(where: { !workloads.indices.contains($0) }) {
            throw WorkbenchError.unreadable(
                path: folder + "/ledger.txt", reason: "there is no workload \(stray)")
        }
        let configuration = HostConfiguration(folder: folder)
        try self.folder.checkDatabases(
            coordination: configuration.coordinationPath, catalog: configuration.catalogPath,
            hasHistory: !histories.isEmpty)
        world = try HostWorld(configuration)
        deployment = Deployment(
            scenario.cluster,
            lakeLocation: .folder(
                configuration.objectsFolder,
                former: [ClusterConfiguration.defaultLakeLocation.prefix]))
        drivers = workloads.enumerated().map {
            WorkloadDriver($0.element, at: $0.offset, scenario.cluster)
        }
        oracles = OracleSet(
            HostObservation(deployment, drivers, since: start),
            seeing: [.cluster, .engine, .faults])
    }

    // MARK: The run

    /// Runs for `length` and then until all has been checked.
    public func run() throws -> RunReport {
        for driver in drivers {
            driver.record(in: ledger)
            if let history = histories[driver.position] { try driver.resume(history) }
        }
        world.journal.onNote = { [unowned self] note in
            if note.severity < .warning { return }
            warnings.append("\(note.machine): \(note.message)")
            oracles.tell(.warned(node: note.machine, message: note.message))
        }
        world.onHalt = { [unowned self] name in
            oracles.tell(.halted(node: name))
            guard let node = NodeName(name), node.role != .client else { return }
            deployment.ended(node)
            startLater(node)
        }
        for node in deployment.nodes { startNode(node) }
        startClients()
        startAuditor(histories)
        let limit = scenario.length + .seconds(120)
        var waited = Duration.zero
        while phase != "done" && waited < limit && world.journal.errorCount == 0 {
            _ = world.run(atMost: .seconds(1)) { [unowned self] in phase == "done" }
            waited = ContinuousClock.now - start
            onProgress?(phase)
            if phase == "running" || phase == "settling" { oracles.tell(.second) }
            wasInterrupted = isInterrupted()
            if wasInterrupted || ledger.problem != nil { break }
        }
        if let problem = ledger.problem {
            world.shutDown()
            throw WorkbenchError.unwritable(problem)
        }
        if phase != "done" && !wasInterrupted {
            oracles.tell(.didNotSettle(reason: "the run did not end: it is \(phase)"))
        }
        world.shutDown()
        return report()
    }

    private func startNode(_ node: NodeName) {
        if world.isRunning(node.description) { return }
        world.start(node.description) { machine in
            try await self.deployment.run(node, on: machine)
        }
    }

    private func startLater(_ node: NodeName) {
        clients.first?.machine.spawn("restart of \(node)") {
            try await self.clients[0].machine.sleep(.seconds(1))
            self.startNode(node)
        }
    }

    private func startClients() {
        for number in 1...max(1, scenario.clientCount) {
            world.start(NodeName(.client, number).description) { machine in
                let client = ClusterClient(machine, self.deployment.configuration)
                self.clients.append(client)
                machine.spawn("metadata of \(machine.name)") { try await client.run() }
                if number == 1 { try await self.startDrivers(machine) }
            }
        }
    }

    private func startDrivers(_ machine: Machine) async throws {
        while clients.count < max(1, scenario.clientCount) || logReader == nil {
            try await machine.sleep(.milliseconds(20))
        }
        let epoch = machine.clock.timestamp.millisecondsSinceEpoch
        var first = 0
        for (driver, options) in zip(drivers, scenario.workloads) {
            let writers = Array(clients[first..<(first + options.writerCount)])
            first += options.clientCount
            driver.tell(oracles)
            driver.onOutcome = { [self] outcome, _ in
                switch outcome {
                case .acknowledged(let receipt):
                    acknowledged += 1
                    oracles.tell(.acknowledged(receipt, leader: leader(of: receipt)))
                case .refused(let error):
                    refused += 1
                    oracles.tell(.refused(error))
                case .unknown: unknown += 1
                }
            }
            machine.spawn("workload") {
                driver.onCreated = { self.logReader?.follow($0) }
                try await driver.createTables(with: writers[0])
                try await driver.run(
                    writers, epochMilliseconds: epoch, started: machine.clock.now)
            }
        }
    }

    private func leader(of receipt: TableWriter.Receipt) -> String? {
        deployment.runningServers.first {
            let replica = $0.server.replicas[receipt.bucket]
            return replica?.isLeader == true
                && replica?.leaderEpoch == receipt.acknowledgement.leaderEpoch
        }?.name.description
    }

    // MARK: Checking

    private func startAuditor(_ histories: [Int: Ledger.History]) {
        world.start(TankRun.auditorName) { machine in
            let client = ClusterClient(machine, self.deployment.configuration)
            let logReader = LogReader(client, self.oracles)
            for workload in histories.keys.sorted() {
                for change in histories[workload]!.outcomes.keys.sorted() {
                    if case .acknowledged(let receipt) = histories[workload]!.outcomes[change]! {
                        self.oracles.tell(.acknowledged(receipt, leader: nil))
                    }
                }
            }
            self.logReader = logReader
            machine.spawn("metadata of the auditor") { try await client.run() }
            self.phase = "running"
            let deadline = machine.clock.now + self.scenario.length
            while self.drivers.contains(where: { !$0.isReady }) {
                try await machine.sleep(.milliseconds(100))
            }
            machine.spawn("reads of the auditor") {
                try await self.reader(client, "reads").run { self.phase != "running" }
            }
            try await machine.sleep(until: deadline)
            self.phase = "settling"
            for driver in self.drivers { driver.stop() }
            try await self.settle(machine)
            self.phase = "checking"
            try await self.oracles.readAgain()
            try await self.reader(client, "checks").askAll()
            self.oracles.conclude()
            self.phase = "done"
        }
    }

    private func reader(_ client: ClusterClient, _ name: String) -> ClusterReader {
        let reader = ClusterReader(
            client, oracles, { self.drivers.flatMap(\.tables) },
            random: RandomStream(seed: seed, label: name))
        reader.hasIndexer = scenario.cluster.indexers > 0
        return reader
    }

    private func settle(_ machine: Machine) async throws {
        let deadline = machine.clock.now + .seconds(60)
        while machine.clock.now < deadline {
            oracles.tell(.lookedForStalls)
            if isSettled() {
                return
            }
            try await machine.sleep(.milliseconds(200))
        }
        oracles.tell(.didNotSettle(reason: "the cluster did not come to rest in a minute"))
    }

    private func isSettled() -> Bool {
        if drivers.contains(where: { !$0.isSettled }) { return false }
        for bucket in drivers.flatMap(\.tables).flatMap(oracles.evidence.buckets(of:)) {
            let leaders = deployment.runningServers.compactMap { $0.server.replicas[bucket] }
                .filter(\.isLeader)
            guard leaders.count == 1, let log = oracles.evidence.logs[bucket],
                leaders[0].highWatermark == leaders[0].log.endOffset,
                log.endOffset == leaders[0].highWatermark
            else { return false }
        }
        return true
    }

    private func report() -> RunReport {
        let checked = oracles.tallies.filter { scenario.checks.contains($0.name) }
        var work = WorkAccount(drivers)
        work.acknowledged = acknowledged + histories.values.reduce(0) { $0 + $1.outcomes.count }
        work.refused = refused
        // What a short life does not come to, the next one does.
        work.isShortened = true
        var verdict = Verdict(
            checked, named: scenario.namedChecks.intersection(checked.map(\.name)),
            shortfall: work.shortfall(allowing: scenario.allowance),
            defectCount: world.journal.errorCount, firstDefect: warnings.last ?? "")
        if wasInterrupted {
            verdict = verdict.interrupted(after: "\((ContinuousClock.now - start).shortText)")
        }
        // A scenario's title tells of its faults, which are left out here.
        var report = RunReport(
            title: "\(scenario.path), served without its faults", scenario: scenario.path,
            seed: seed, build: "",
            verdict: verdict.verdict, reason: verdict.reason, traceHash: "", events: 0,
            simulatedSeconds: 0, cpuSeconds: 0, peakMemoryBytes: 0,
            changesAcknowledged: acknowledged, changesRefused: refused, changesUnknown: unknown,
            reproduceCommand: "")
        report.oracles = checked.map(\.result)
        report.probes = world.journal.probes.map { ProbeResult(name: $0.name, count: $0.count) }
        report.notes = folder.notes + warnings.prefix(50).map(oracles.evidence.naming)
        return report
    }
}
