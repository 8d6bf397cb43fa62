import Changelog
import Cluster
import Glibc
import Host
import LakeTiering
import Oracles
import Platform
import RunReports
import ScenarioFiles
import Server

/// What of a run on the machine is watched, and how it is judged.
extension MachineRun {
    // MARK: Processes

    func listenToFaults() {
        faults.onChange = { [unowned self] fault, began in
            timeline.changed(fault, began: began, at: seconds)
        }
        faults.onProblem = { [unowned self] in notes.append($0) }
        faults.resolve = { [unowned self] in resolve($0) }
        faults.holds = { [unowned self] in holds($0) }
        faults.isSpare = { [unowned self] in isSpare($0) }
        world.journal.onNote = { [unowned self] note in
            if note.severity == .error { defects.append("\(note.machine): \(note.message)") }
            if note.severity == .warning { notes.append("\(note.machine): \(note.message)") }
        }
        world.onHalt = { [unowned self] name in
            guard phase == "reopened" else { return }
            oracles.tell(.halted(node: name))
        }
    }

    /// Takes in what processes said and what became of them; starts those again that have ended.
    func look() {
        for (node, event) in cluster.events() {
            switch event {
            case .probe(let probe):
                probes.insert(probe)
                faults.reached(probe)
                oracles.tell(.reached(probe: probe, node: node.description))
            case .note(let severity, let text): noted(severity, text, by: node)
            case .ended(let ending, let words): ended(node, ending, words)
            }
        }
        let now = observation.nanoseconds
        for (node, at) in restarts where at <= now { faults.bringUp(node) }
        restarts.removeAll { $0.at <= now }
        for node in cluster.nodes {
            let state: NodeLane.State =
                cluster.isWell(node) ? .up : cluster.isRunning(node) ? .paused : .down
            timeline.note(node, is: state, at: seconds)
        }
    }

    private func noted(_ severity: String, _ text: String, by node: NodeName) {
        switch severity {
        case "error": defects.append(text)
        case "warning":
            notes.append(text)
            let message =
                text.hasPrefix("\(node): ") ? text.dropFirst("\(node): ".count) : text[...]
            oracles.tell(.warned(node: node.description, message: String(message)))
        default: break
        }
    }

    private func ended(_ node: NodeName, _ ending: HostProcess.Ending, _ words: String) {
        // Those that the run ended itself say nothing.
        if !["starting", "running", "settling", "checking"].contains(phase) { return }
        switch ending {
        case .code(MachineNode.haltCode): oracles.tell(.halted(node: node.description))
        case .code(let code):
            defects.append("\(node)'s process ended with \(code): \(words)")
        case .signal(let signal):
            // Who kills with 9 and is not this program is mostly the kernel.
            if signal == SIGKILL {
                oracles.tell(.halted(node: node.description))
            } else {
                defects.append("\(node)'s process was ended by signal \(signal): \(words)")
            }
        }
        restarts.append((node, observation.nanoseconds + 1_000_000_000))
    }

    // MARK: What faults ask

    private func bucket(_ table: String, _ number: Int) -> BucketIdentifier? {
        tables.first { $0.name == table }?.buckets.first { Int($0.bucket) == number }
    }

    var tables: [TableDescription] { drivers.flatMap(\.tables) }

    private func resolve(_ reference: NodeReference) -> NodeName? {
        func state(_ table: String, _ number: Int) -> BucketState? {
            bucket(table, number).flatMap { observation.state(of: $0) }
        }
        switch reference {
        case .leader(let table, let number):
            return state(table, number)?.leader.flatMap { NodeName($0.server) }
        case .follower(let table, let number):
            guard let state = state(table, number) else { return nil }
            return state.replicas.first { $0 != state.leader?.server }.flatMap { NodeName($0) }
        case .activeCoordinator:
            return observation.client?.mirror.coordinator.flatMap { NodeName($0) }
        }
    }

    private func holds(_ condition: FaultCondition) -> Bool {
        switch condition {
        case .tiering: return false
        case .inSync(let table, let number, let count):
            return bucket(table, number).flatMap { observation.state(of: $0) }
                .map { $0.inSync.count < count } ?? false
        case .lakeLag(let table, let count):
            guard let description = tables.first(where: { $0.name == table }) else { return false }
            let offsets = oracles.evidence.lake.offsets(of: description)
            let lag = description.buckets.map { bucket in
                (oracles.evidence.logs[bucket]?.endOffset ?? 0)
                    - (offsets?[bucket.inLake] ?? 0)
            }
            return lag.reduce(0, +) > count
        }
    }

    /// Whether every bucket that a server which is down holds has enough other copies in sync.
    private func isSpare(_ node: NodeName) -> Bool {
        if node.role != .server { return true }
        guard let mirror = observation.client?.mirror else { return false }
        return mirror.buckets.values.allSatisfy { state in
            !state.value.replicas.contains(node.description)
                || state.value.inSync.filter { $0 != node.description }.count
                    >= deployment.configuration.minimumInSync
        }
    }

    // MARK: The auditor

    func startAuditor() {
        world.start(TankRun.auditorName) { machine in
            let client = ClusterClient(machine, self.deployment.configuration)
            let logReader = LogReader(client, self.oracles)
            logReader.onChange = { [unowned self] log, row, schema, change, _ in
                for driver in drivers {
                    driver.committed(row, schema, change, in: log.bucket.table)
                }
            }
            self.logReader = logReader
            self.observation.client = client
            machine.spawn("metadata of the auditor") { try await client.run() }
            machine.spawn("commits to the lake") { try await self.watchLake(machine) }
            while self.drivers.contains(where: { !$0.isReady }) {
                try await machine.sleep(.milliseconds(50))
            }
            // From now on, as the first of these workloads may write.
            self.phase = "running"
            let began = machine.clock.now
            self.faults.start(on: machine)
            machine.spawn("reads of the auditor") {
                try await self.reader(client, { self.tables }, TankRun.auditorName)
                    .run { self.phase != "running" }
            }
            try await machine.sleep(until: began + self.scenario.length)
            self.figures.seconds = Double((machine.clock.now - began).nanoseconds) / 1e9
            self.writersStop()
            try await self.settle(machine, "the cluster") { self.isSettled() }
            self.phase = "checking"
            try await self.reader(client, { self.tables }, "checks").askAll()
            try await self.reopen(machine)
            try await self.oracles.readAgain()
            try await self.reader(client, { self.tables }, "checks of the disks").askAll()
            self.oracles.conclude()
            self.phase = "done"
        }
    }

    private func writersStop() {
        phase = "settling"
        for driver in drivers { driver.stop() }
        figures.acknowledged = acknowledged
        figures.add(world.counters)
        for node in deployment.nodes {
            let path = folder.counts(of: node.description)
            if let counters = try? HostCounters(path: path) { figures.add(counters) }
        }
        faults.healAll()
    }

    /// Hears of each commit as soon as the catalog has it.
    private func watchLake(_ machine: Machine) async throws {
        var known: [String: String] = [:]
        while true {
            do {
                for name in try await machine.lakeCatalog.list() {
                    guard let state = try await machine.lakeCatalog.load(name),
                        known.updateValue(state.metadataLocation, forKey: "\(name)")
                            != state.metadataLocation
                    else { continue }
                    oracles.evidence.lake.changed(name, state.metadataLocation)
                }
                oracles.oracle(LakeRows.self).judgeRows()
            } catch is LakeCatalogError {
                // Somebody holds the database, as a fault may.
            }
            try await machine.sleep(.milliseconds(200))
        }
    }

    // MARK: At rest

    private static let patience = Duration.seconds(60)

    private func settle(
        _ machine: Machine, _ what: String, _ isSettled: () -> Bool
    ) async throws {
        let deadline = machine.clock.now + Self.patience
        while machine.clock.now < deadline {
            oracles.tell(.lookedForStalls)
            if isSettled() { return }
            try await machine.sleep(.milliseconds(200))
        }
        oracles.tell(.didNotSettle(reason: "\(what) did not come to rest in a minute"))
    }

    /// As clients can see it: every change has an outcome, every bucket a leader and all its
    /// copies, all that was acknowledged was read, and the lake has it.
    private func isSettled() -> Bool {
        if drivers.contains(where: { !$0.isSettled }) { return false }
        for table in tables {
            for bucket in oracles.evidence.buckets(of: table) {
                guard let state = observation.state(of: bucket), state.leader != nil,
                    let log = oracles.evidence.logs[bucket],
                    log.endOffset >= oracles.evidence.acknowledgedEnds[bucket] ?? 0
                else { return false }
                let wanted = state.replicas.filter { !observation.lostNodes.contains($0) }
                if !wanted.allSatisfy(state.inSync.contains) { return false }
            }
            if !isInLake(table) { return false }
        }
        return true
    }

    private func isInLake(_ table: TableDescription) -> Bool {
        if !table.isInLake || table.isPartitioned || !observation.has(.tierer) { return true }
        let offsets = oracles.evidence.lake.offsets(of: table)
        return table.buckets.allSatisfy { bucket in
            (offsets?[bucket.inLake] ?? 0) == oracles.evidence.logs[bucket]?.endOffset ?? 0
        }
    }

    /// Kills all processes and opens what is on their disks in this one.
    private func reopen(_ machine: Machine) async throws {
        phase = "reopening"
        look()
        cluster.killAll()
        for node in deployment.nodes where !faults.lost.contains(node) {
            world.start(node.description) { try await self.deployment.run(node, on: $0) }
        }
        try await settle(machine, "what was on the disks") { self.isOpen() }
        phase = "reopened"
    }

    /// Whether each bucket has one leader that has committed all that it holds, in the sight of
    /// this process.
    private func isOpen() -> Bool {
        for bucket in tables.flatMap(oracles.evidence.buckets(of:)) {
            let replicas = deployment.runningServers.compactMap { $0.server.replicas[bucket] }
            let leaders = replicas.filter(\.isLeader)
            guard leaders.count == 1, let log = oracles.evidence.logs[bucket],
                leaders[0].highWatermark == leaders[0].log.endOffset,
                log.endOffset >= leaders[0].highWatermark,
                let state = deployment.runningServers.compactMap({
                    $0.server.mirror.buckets[bucket]
                }).max(by: { $0.revision < $1.revision })?.value
            else { return false }
            let wanted = state.replicas.filter { !observation.lostNodes.contains($0) }
            if !wanted.allSatisfy(state.inSync.contains) { return false }
        }
        return true
    }

    // MARK: The report

    func report() -> RunReport {
        let checked = oracles.tallies.filter { scenario.checks.contains($0.name) }
        let verdict = verdict(checked)
        var report = RunReport(
            title: "\(scenario.title), on the real machine", scenario: scenario.path, seed: seed,
            build: "", verdict: verdict.verdict, reason: verdict.reason, traceHash: "", events: 0,
            simulatedSeconds: seconds, cpuSeconds: 0, peakMemoryBytes: 0,
            changesAcknowledged: acknowledged, changesRefused: refused, changesUnknown: unknown,
            reproduceCommand: "")
        report.oracles = checked.map(\.result)
        let names = Set(probes).union(world.journal.probes.map(\.name))
        report.probes = names.sorted().map { ProbeResult(name: $0, count: 1) }
        report.faults = timeline.faults
        report.nodes = timeline.nodeLanes
        report.counters = HostCounters.Kind.allCases.map {
            Counter(name: $0.name, value: Int(figures.counts[$0.name] ?? 0))
        }
        report.notes = notes.prefix(50).map(oracles.evidence.naming)
        report.notes.append(
            "\(cluster.nodes.count) nodes ran as processes, which were started \(cluster.lives) "
                + "times; then all were killed and their disks opened in one")
        return report
    }

    private func verdict(_ checked: [Tally]) -> Verdict {
        let named = scenario.namedChecks.intersection(checked.map(\.name))
        let firstDefect = defects.first.map(oracles.evidence.naming) ?? ""
        if scenario.expectedVerdict == .refusal && !wasInterrupted {
            return Verdict.expectingRefusal(
                checked, named: named, unservedCount: refused + unknown,
                defectCount: defects.count, firstDefect: firstDefect)
        }
        var work = WorkAccount(drivers)
        work.acknowledged = acknowledged
        work.refused = refused
        work.hasFaults = !plan.real.faults.isEmpty
        work.isShortened = scenario.isShortened
        let verdict = Verdict(
            checked, named: named, shortfall: work.shortfall(allowing: scenario.allowance),
            defectCount: defects.count, firstDefect: firstDefect)
        return wasInterrupted ? verdict.interrupted(after: "\(Int(seconds)) s") : verdict
    }
}
