import Changelog
import Cluster
import Foundation
import Host
import Oracles
import Platform
public import RunReports
public import ScenarioFiles
import Server
import Simulation
public import Workloads

/// One run of a scenario on the real machine: each node a process of its own, which real faults
/// befall, and the writers, readers and oracles of the tank in this one.
///
/// When the writers have stopped and all has healed, clients read everything. Then all processes
/// are killed once more, and the same engine opens what is on their disks in this process, so that
/// oracles see each replica's copy.
public final class MachineRun {
    /// Called now and then with what is happening.
    public var onProgress: ((String) -> Void)?
    /// Asked several times a second: true ends the run as it is.
    public var isInterrupted: () -> Bool = { false }
    let scenario: Scenario
    let seed: UInt64
    let folder: MachineFolder
    let plan: MachinePlan
    let world: HostWorld
    let cluster: MachineCluster
    let faults: MachineFaults
    let deployment: Deployment
    let oracles: OracleSet
    let observation: MachineObservation
    let drivers: [WorkloadDriver]
    var figures = RunFigures()
    var timeline: MachineTimeline
    var phase = "starting"
    var logReader: LogReader?
    var clients: [String: ClusterClient] = [:]
    private let proxy: LinkProxy?
    private(set) var acknowledged = 0
    private(set) var refused = 0
    private(set) var unknown = 0
    var notes: [String] = []
    var defects: [String] = []
    var probes: Set<String> = []
    var restarts: [(node: NodeName, at: Int64)] = []
    private(set) var wasInterrupted = false

    /// - Parameters:
    ///   - folder: An absolute path; it is there, and empty.
    ///   - program: This program, which every node runs as `machine-node`.
    /// - Throws: `HostError` and `WorkbenchError`, each of which says what to do.
    public init(
        _ scenario: Scenario, text: String, seed: UInt64, folder path: String, program: String,
        workloads: [any Workload]
    ) throws {
        self.scenario = scenario
        self.seed = seed
        let folder = MachineFolder(path: path)
        self.folder = folder
        try Self.prepare(folder, text)
        // Before there are threads, which have the mounts of the moment at which they begin.
        let whole = TankRun.plan(of: scenario, seed: seed)
        let canMount = SmallFileSystem.separate()
        plan = MachinePlan(whole, canMount: canMount)
        deployment = Deployment(scenario.cluster)
        let configuration = HostConfiguration(folder: folder.cluster)
        var disks: [NodeName: SmallFileSystem] = [:]
        for node in plan.smallDisks(among: deployment.nodes) {
            let place = configuration.machinesFolder + "/\(node)"
            try FileManager.default.createDirectory(
                atPath: place, withIntermediateDirectories: true)
            disks[node] = try SmallFileSystem(at: place, byteCount: 1 << 28)
        }
        proxy = try plan.needsProxy ? LinkProxy(listeners: folder.places) : nil
        world = try HostWorld(
            configuration,
            directory: FolderDirectory(folder: folder.places, proxy: proxy?.place))
        drivers = workloads.enumerated().map {
            WorkloadDriver($0.element, at: $0.offset, scenario.cluster)
        }
        cluster = MachineCluster(
            deployment.nodes, folder, program: program, proxyPort: proxy?.place.port)
        let start = ContinuousClock.now
        faults = MachineFaults(
            plan.real, nodes: scenario.nodes, cluster, proxy: proxy, disks: disks, configuration,
            now: { (ContinuousClock.now - start).nanoseconds })
        observation = MachineObservation(
            world, deployment, drivers, faults,
            clients: scenario.nodes.filter { $0.role == .client }.map(\.description))
        oracles = OracleSet(observation, seeing: Self.sights)
        timeline = MachineTimeline(deployment.nodes)
    }

    static let sights: Set<OracleDescription.Sight> = [.cluster, .lake, .faults]

    private static func prepare(_ folder: MachineFolder, _ text: String) throws {
        do {
            for path in folder.all {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true)
            }
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder.scenario))
        } catch {
            throw WorkbenchError.unusable(path: folder.path, reason: "it cannot be written")
        }
    }

    // MARK: The run

    /// Runs for the scenario's length and until all has been checked; ends every process that it
    /// started, however it ends itself.
    public func run() throws -> RunReport {
        defer {
            cluster.killAll()
            world.shutDown()
            faults.close()
            proxy?.close()
        }
        for node in deployment.nodes { try cluster.start(node) }
        listenToFaults()
        startClients()
        startAuditor()
        let begin = ContinuousClock.now
        // Each phase after the writers' has a limit of its own; this is for all of them.
        let limit = scenario.length + .seconds(300)
        var lastSecond = ContinuousClock.now
        while phase != "done" && ContinuousClock.now - begin < limit && defects.isEmpty {
            _ = world.run(atMost: .milliseconds(100)) { [unowned self] in phase == "done" }
            look()
            if ContinuousClock.now - lastSecond >= .seconds(1) {
                lastSecond = ContinuousClock.now
                onProgress?(phase)
                if phase == "running" || phase == "settling" { oracles.tell(.second) }
            }
            wasInterrupted = isInterrupted()
            if wasInterrupted { break }
        }
        if phase != "done" && !wasInterrupted && defects.isEmpty {
            oracles.tell(.didNotSettle(reason: "the run did not end: it is \(phase)"))
        }
        timeline.end(at: seconds)
        return report()
    }

    var seconds: Double { Double(observation.nanoseconds) / 1e9 }

    // MARK: Clients

    private func startClients() {
        var number = 0
        for (position, options) in scenario.workloads.enumerated() {
            let names = (0..<options.clientCount).map {
                NodeName(.client, number + $0 + 1).description
            }
            number += options.clientCount
            let driver = drivers[position]
            driver.tell(oracles)
            driver.onOutcome = { [unowned self] outcome, since in count(outcome, since, names[0]) }
            for name in names {
                world.start(name) { machine in
                    let client = ClusterClient(machine, self.deployment.configuration)
                    self.clients[name] = client
                    if name == names[0] {
                        machine.spawn("workload") {
                            try await self.drive(driver, names, options, machine)
                        }
                    }
                    try await client.run()
                }
            }
        }
    }

    private func drive(
        _ driver: WorkloadDriver, _ names: [String], _ options: WorkloadOptions,
        _ machine: Machine
    ) async throws {
        while logReader == nil || names.contains(where: { clients[$0] == nil }) {
            try await machine.sleep(.milliseconds(20))
        }
        driver.onCreated = { [unowned self] in logReader?.follow($0) }
        driver.onDropped = { [unowned self] in logReader?.forget(table: $0) }
        let writers = names.prefix(options.writerCount).compactMap { clients[$0] }
        try await driver.createTables(with: writers[0])
        driver.startActs(of: scenario, seed: seed, with: writers[0])
        let readers = names.dropFirst(options.writerCount)
        let questions = options.reads.questions(ofEach: readers.count)
        for name in readers { startReader(name, driver, questions) }
        try await driver.run(
            writers, epochMilliseconds: machine.clock.timestamp.millisecondsSinceEpoch,
            started: machine.clock.now)
    }

    private func startReader(
        _ name: String, _ driver: WorkloadDriver, _ questions: [(Question, Duration)]
    ) {
        guard let client = clients[name] else { return }
        reader(client, { driver.tables }, name).start(questions) { self.phase != "running" }
    }

    func reader(
        _ client: ClusterClient, _ tables: @escaping () -> [TableDescription], _ name: String
    ) -> ClusterReader {
        let reader = ClusterReader(
            client, oracles, tables, random: RandomStream(seed: seed, label: "reads of \(name)"))
        reader.snapshots = { [unowned self] in oracles.evidence.lake.snapshots(of: $0) }
        reader.hasIndexer = scenario.cluster.indexers > 0
        return reader
    }

    private func count(_ outcome: TableWriter.Outcome, _ since: Instant, _ client: String) {
        switch outcome {
        case .acknowledged(let receipt):
            acknowledged += 1
            if let machine = clients[client]?.machine, phase == "running",
                observation.nanoseconds > RunFigures.warmUp.nanoseconds
            {
                figures.latency.record((machine.clock.now - since).nanoseconds)
            }
            oracles.tell(.acknowledged(receipt, leader: nil))
        case .refused(let error):
            refused += 1
            oracles.tell(.refused(error))
        case .unknown: unknown += 1
        }
    }
}
