import Changelog
import Cluster
import Fluss
import Oracles
import Platform
public import RunReports
public import ScenarioFiles
import Server
public import Simulation
public import Workloads

/// One run of a scenario in the tank: cluster, workload, faults and oracles, to a verdict.
public final class TankRun {
    public let scenario: Scenario
    public let plan: FaultPlan
    public let world: SimulationWorld
    /// Called now and then with what is happening, for a person who waits.
    public var onProgress: ((String) -> Void)?
    /// Asked once a simulated second: true ends the run where it is, without a verdict on the rest.
    public var isInterrupted: () -> Bool = { false }
    /// Called after each event of the world; it may only look.
    public var onStep: (() -> Void)?
    /// Called with each acknowledgement and the client that it reached.
    var onAcknowledged: (TableWriter.Receipt, String) -> Void = { _, _ in }
    /// Called with how long each acknowledged change took.
    var onLatency: (Duration) -> Void = { _ in }
    /// Called when the writers have been stopped, before anything is healed.
    var onWritersStopped: () -> Void = {}
    /// An absolute path: have the lake exported to there when the run has ended.
    public var exportFolder: String?
    public private(set) var exportedLake: ExportedLake?
    /// The trace as it was when the verdict was reached.
    public private(set) var endTrace: Trace
    private(set) var endNanoseconds: Int64 = 0
    let deployment: Deployment
    let oracles: OracleSet
    let recorder: TankRecorder
    let drivers: [WorkloadDriver]
    let faults: FaultDriver
    /// Reads the committed logs; nil until its machine runs.
    var logReader: LogReader?
    /// Present in a run that serves as a benchmark.
    let meter: FigureMeter?
    /// What the bytes of the run are for, where figures are measured.
    let ledger: ByteLedger?
    /// What the meter and the counters said when the cluster had settled.
    public internal(set) var figures: [BenchTank.Figure] = []
    /// Sees what nodes ask again and again.
    let pace: PaceWitness
    let prices: BenchPrices?
    var phase = "starting"
    private var clients: [String: ClusterClient] = [:]
    var isFinished = false
    private var wasInterrupted = false

    /// Whether an oracle saw a violation, or a defect was noted, so far.
    public var isViolated: Bool { firstViolation != nil }
    /// What a healed cluster still waits for, in words.
    var stall: String?
    private(set) var acknowledged = 0
    private(set) var refused = 0
    private(set) var unknown = 0

    /// The faults that the scenario scripts and the seed draws.
    ///
    /// A `variant` is a plan near that of the seed: see `HuntCase`.
    public static func plan(
        of scenario: Scenario, seed: UInt64, variant: [Int] = []
    ) -> FaultPlan {
        Nemesis.plan(scenario, seed: seed, variant: variant)
    }

    /// `plan` replaces what the seed would draw, for a replay.
    public init(
        _ scenario: Scenario, seed: UInt64, plan: FaultPlan? = nil, workloads: [any Workload],
        keeping keptEvents: Range<Int> = 0..<0, isSketched: Bool = false,
        measuredAt prices: BenchPrices? = nil
    ) {
        self.scenario = scenario
        let world = SimulationWorld(
            seed: seed, costs: CostModel(scenario.costs), keeping: keptEvents,
            isSketched: isSketched,
            order: JobOrder(rawValue: scenario.schedule.rawValue)!)
        self.world = world
        endTrace = world.trace
        self.plan = plan ?? Nemesis.plan(scenario, seed: seed)
        deployment = Deployment(scenario.cluster)
        drivers = workloads.enumerated().map {
            WorkloadDriver($0.element, at: $0.offset, scenario.cluster)
        }
        let nodes = scenario.nodes
        faults = FaultDriver(world, plan: self.plan, nodes: nodes)
        oracles = OracleSet(
            TankObservation(world, deployment, drivers, faults),
            seeing: Set(OracleDescription.Sight.allCases))
        self.prices = prices
        meter =
            prices == nil
            ? nil : FigureMeter(now: { world.nanoseconds }, end: scenario.length.nanoseconds)
        ledger =
            prices == nil
            ? nil
            : ByteLedger(
                machines: Set(nodes.map(\.description)),
                port: scenario.cluster.configuration.port)
        world.byteWitness = ledger
        pace = PaceWitness(world, port: scenario.cluster.configuration.port)
        world.requestWitness = pace
        recorder = TankRecorder(
            world, deployment, nodes: deployment.nodes, plan: self.plan, length: scenario.length)
        recorder.listen(to: faults)
    }

    // MARK: The run

    /// Runs to the end and says how it went.
    public func run() -> Verdict {
        if let redraw = world.redraw {
            world.onRedraw = { [unowned self] in
                for driver in drivers { driver.workload.redraw(redraw.number) }
            }
        }
        for node in scenario.nodes { world.addMachine(node.description) }
        world.addMachine(Self.auditorName)
        superviseNodes()
        observeStore()
        observeNodes()
        recorder.states.lakeOffsets = { [unowned self] in lake.offsets(of: $0) }
        recorder.onSample = { [unowned self] in
            measureFreshness()
            measureAvailability()
        }
        deployment.onIndexed = { [meter] in meter?.reached(.vectorIndex, $0, $1) }
        deployment.onQuotaUse = { [oracles] in
            oracles.tell(.metered($1, by: $0.description))
        }
        for node in deployment.nodes { start(node) }
        recorder.start()
        faults.start()
        startClients()
        startAuditor()
        let limit = scenario.length + settleLimit
        let slice = Duration.seconds(1)
        var elapsed = Duration.zero
        while !isFinished && elapsed < limit {
            advance(slice)
            elapsed += slice
            onProgress?(phase)
            if world.journal.errorCount > 0 { break }
            if isInterrupted() {
                wasInterrupted = true
                break
            }
        }
        if !isFinished && !wasInterrupted && world.journal.errorCount == 0 {
            oracles.tell(
                .didNotSettle(reason: stall ?? "the run did not end: it is \(phase)"))
        }
        if figures.isEmpty { measureEnd() }
        endTrace = world.trace
        endNanoseconds = world.nanoseconds
        if isFinished { rest() }
        let verdict =
            wasInterrupted
            ? verdict().interrupted(
                after: "\(endNanoseconds / 1_000_000_000) simulated seconds") : verdict()
        if let exportFolder, isFinished { exportedLake = export(to: exportFolder) }
        world.shutDown()
        return verdict
    }

    private func advance(_ span: Duration) {
        guard let onStep else { return world.run(for: span) }
        _ = world.run(atMost: span) {
            onStep()
            return false
        }
    }

    /// What the lake is, as its commits so far make it.
    var lake: LakeWatch { oracles.evidence.lake }

    static let auditorName = "auditor"
    /// Simulated time after the last fault within which a healed cluster must have converged.
    var settleLimit: Duration { scenario.cluster.settleLimit }

    private func superviseNodes() {
        faults.takeDown = { [unowned self] node, losingPower in
            let name = node.description
            if losingPower { world.losePower(name) } else { world.crash(name) }
            deployment.ended(node)
        }
        faults.bringUp = { [unowned self] node in
            if node.role != .client { start(node) }
        }
        faults.resolve = { [unowned self] in resolve($0) }
        faults.holds = { [unowned self] in holds($0) }
        faults.isSpare = { [unowned self] in deployment.isSpare($0) }
        faults.reconfigure = { [unowned self] in
            deployment.reconfigure($0, segmentByteCount: $1)
        }
        faults.upgrade = { [unowned self] in deployment.reconfigure($0, format: .newest) }
        world.onHalt = { [unowned self] name in
            oracles.tell(.halted(node: name))
            guard let node = NodeName(name), node.role != .client else { return }
            deployment.ended(node)
            world.after(.seconds(3)) { [unowned self] in start(node) }
        }
        world.onStrike = { [unowned self] name, losingPower in
            guard let node = NodeName(name), node.role != .client else { return }
            faults.disturbances[name] = world.nanoseconds
            faults.takeDown(node, losingPower)
            world.after(.seconds(3)) { [unowned self] in start(node) }
        }
    }

    func start(_ node: NodeName) {
        let name = node.description
        if world.isRunning(name) || faults.holdsDown(node) { return }
        world.start(name) { machine in try await self.deployment.run(node, on: machine) }
    }

    private func startClients() {
        var number = 0
        for (position, options) in scenario.workloads.enumerated() {
            let names = (0..<options.clientCount).map {
                NodeName(.client, number + $0 + 1).description
            }
            number += options.clientCount
            let driver = drivers[position]
            let writers = Array(names.prefix(options.writerCount))
            let readers = Array(names.dropFirst(options.writerCount))
            driver.tell(oracles)
            driver.onOutcome = { [unowned self] outcome, since in count(outcome, since, names[0]) }
            for name in names {
                world.start(name) { machine in
                    let client = ClusterClient(machine, self.deployment.configuration)
                    let route = self.gatewayRoute(of: client)
                    client.writeRoute = route
                    client.readRoute = route
                    self.clients[name] = client
                    try await client.run()
                }
            }
            world.after(.milliseconds(10)) { [self] in
                startDriver(driver, writers, readers, options.reads)
            }
        }
    }

    /// The way of a client's writes and reads through the gateways; nil where there are none.
    private func gatewayRoute(of client: ClusterClient) -> GatewayRoute? {
        let gateways = deployment.nodes.filter { $0.role == .gateway }.map {
            Address(host: $0.description, port: Gateway.tabletServerPort)
        }
        if gateways.isEmpty { return nil }
        return GatewayRoute(
            client, at: gateways, beginningAt: clients.count % gateways.count,
            timeout: deployment.configuration.callTimeout * 2)
    }

    private func startDriver(
        _ driver: WorkloadDriver, _ writerNames: [String], _ readerNames: [String],
        _ reads: ReadRates
    ) {
        let writers = writerNames.compactMap { clients[$0] }
        guard let first = writers.first else { return }
        first.machine.spawn("workload") {
            driver.onCreated = { [unowned self] in logReader?.follow($0) }
            driver.onDropped = { [unowned self] in logReader?.forget(table: $0) }
            try await driver.createTables(with: first)
            driver.startActs(of: self.scenario, seed: self.world.seed, with: first)
            let questions = reads.questions(ofEach: readerNames.count)
            for name in readerNames { self.startReader(name, driver, questions) }
            try await driver.run(
                writers, epochMilliseconds: self.world.epochMilliseconds,
                started: first.machine.clock.now)
        }
    }

    /// A reader asks what the scenario says, or a little of everything.
    private func startReader(
        _ name: String, _ driver: WorkloadDriver, _ questions: [(Question, Duration)]
    ) {
        guard let client = clients[name], logReader != nil else { return }
        let reader = reader(client, { driver.tables }, name)
        reader.onAnswer = { [meter] in meter?.answered($0, after: $1) }
        reader.start(questions) { self.phase != "running" }
    }

    func reader(
        _ client: ClusterClient, _ tables: @escaping () -> [TableDescription], _ name: String
    ) -> ClusterReader {
        let reader = ClusterReader(
            client, oracles, tables, random: world.randomStream("reads of \(name)"))
        reader.snapshots = { [unowned self] in lake.snapshots(of: $0) }
        reader.hasIndexer = scenario.cluster.indexers > 0
        return reader
    }

    private func count(_ outcome: TableWriter.Outcome, _ since: Instant, _ client: String) {
        switch outcome {
        case .acknowledged(let receipt):
            acknowledged += 1
            onAcknowledged(receipt, client)
            if let machine = clients[client]?.machine {
                let latency = machine.clock.now - since
                recorder.acknowledged(after: latency)
                onLatency(latency)
                meter?.acknowledged(receipt, after: latency.nanoseconds)
            }
            // Who writes through a gateway is not told of which epoch: any leader's in-sync set
            // holds what was acknowledged.
            let epoch = receipt.acknowledgement.leaderEpoch
            let leader = deployment.runningServers.first {
                guard let replica = $0.server.replicas[receipt.bucket] else { return false }
                return replica.isLeader
                    && (epoch == Acknowledgement.untoldEpoch || replica.leaderEpoch == epoch)
            }
            oracles.tell(.acknowledged(receipt, leader: leader?.name.description))
        case .refused(let error):
            refused += 1
            oracles.tell(.refused(error))
        case .unknown: unknown += 1
        }
    }
}
