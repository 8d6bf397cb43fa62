import Iceberg
import Changelog
import Cluster
import LakeTiering
import Oracles
import Platform
import ScenarioFiles
import Server
import Simulation
import VectorSinks
import Vectors

extension TankRun {
    // MARK: The auditor's run

    func startAuditor() {
        world.start(Self.auditorName) { machine in
            let client = ClusterClient(machine, self.deployment.configuration)
            let logReader = LogReader(client, self.oracles)
            self.logReader = logReader
            logReader.onChange = { [unowned self] log, row, schema, change, offset in
                meter?.committed(row, change, in: log.table)
                meter?.reached(.changelog, log.bucket, offset + 1)
                for driver in drivers {
                    driver.committed(row, schema, change, in: log.bucket.table)
                }
            }
            machine.spawn("metadata of the auditor") { try await client.run() }
            self.phase = "running"
            machine.spawn("reads of the auditor") {
                while self.drivers.contains(where: { !$0.isReady }) {
                    try await machine.sleep(.seconds(1))
                }
                try await self.reader(client, { self.tables }, Self.auditorName)
                    .run { self.phase != "running" }
            }
            machine.spawn("rows of the lake") {
                while self.phase != "done" {
                    try await machine.sleep(.seconds(1))
                    self.oracles.oracle(LakeRows.self).judgeRows()
                }
            }
            try await machine.sleep(self.scenario.length)
            self.phase = "settling"
            for driver in self.drivers { driver.stop() }
            self.onWritersStopped()
            self.faults.healAll()
            for node in self.deployment.nodes { self.start(node) }
            try await self.settle(machine)
            self.measureEnd()
            self.phase = "checking"
            try await self.check(client)
            self.phase = "done"
            self.isFinished = true
        }
    }

    /// How long clients wait, by bucket.
    func measureAvailability() {
        if phase != "running" && phase != "settling" { return }
        let availability = oracles.oracle(Availability.self)
        for table in tables {
            for bucket in oracles.evidence.buckets(of: table) {
                recorder.measuredWait(
                    of: oracles.evidence.place(of: bucket),
                    seconds: Double(availability.wait(of: bucket).nanoseconds) / 1e9)
            }
        }
    }

    /// How far lake and vector index are behind what is committed.
    func measureFreshness() {
        guard let logReader, phase == "running" || phase == "settling" else { return }
        let now = logReader.client.machine.clock.now
        var lakeStaleness: Duration?
        var indexStaleness: Duration?
        var sinkStaleness: Duration?
        for table in tables {
            let offsets = lake.offsets(of: table)
            for bucket in oracles.evidence.buckets(of: table) {
                guard let log = logReader.logs[bucket] else { continue }
                if table.isInLake {
                    let stale = log.staleness(at: offsets?[bucket.inLake] ?? 0, now: now)
                    lakeStaleness = max(lakeStaleness ?? .zero, stale)
                }
                if table.vectorColumn != nil {
                    let stale = log.staleness(
                        at: oracles.evidence.consumedOffset(of: bucket) ?? 0, now: now)
                    indexStaleness = max(indexStaleness ?? .zero, stale)
                }
                if ClusterSinks.takes(table) {
                    let stale = log.staleness(
                        at: oracles.evidence.sunkOffset(of: bucket) ?? 0, now: now)
                    sinkStaleness = max(sinkStaleness ?? .zero, stale)
                }
            }
        }
        func measured(_ name: String, _ staleness: Duration?) {
            guard let staleness else { return }
            recorder.measured(name, Double(staleness.nanoseconds) / 1e9)
        }
        measured("lake", scenario.cluster.tierers > 0 ? lakeStaleness : nil)
        measured("vector index", scenario.cluster.indexers > 0 ? indexStaleness : nil)
        measured("vector sink", scenario.cluster.sinks > 0 ? sinkStaleness : nil)
    }

    var tables: [TableDescription] { drivers.flatMap(\.tables) }

    private func check(_ client: ClusterClient) async throws {
        try await oracles.readAgain()
        try await reader(client, { self.tables }, "checks").askAll()
        oracles.conclude()
    }

    /// Has the oracles hear what nodes note and take, and how time goes by.
    func observeNodes() {
        let oracles = oracles
        let (onNote, onProbe) = (world.journal.onNote, world.journal.onProbe)
        world.journal.onNote = { note in
            onNote?(note)
            oracles.tell(.warned(node: note.node, message: note.message))
        }
        world.journal.onProbe = { probe, node in
            onProbe?(probe, node)
            oracles.tell(.reached(probe: probe, node: node))
        }
        everySecond()
    }

    private func everySecond() {
        world.after(.seconds(1)) { [unowned self] in
            if isFinished || phase == "checking" { return }
            for request in pace.endSecond() { oracles.tell(.repeated(request)) }
            oracles.tell(.second)
            everySecond()
        }
    }

    /// Has the oracles hear what happens to objects and to the lake's catalog.
    func observeStore() {
        let oracles = oracles
        world.objects.onUnknownPut = { oracles.tell(.putInDoubt($0, bytes: $1)) }
        world.objects.onKnown = { oracles.tell(.outcomeKnown($0)) }
        world.objects.onDelete = { oracles.tell(.objectDeleted($0)) }
        world.vectors.onWrite = { oracles.tell(.vectorWritten($0, $1, $2)) }
        world.catalog.onUnknownSwap = { _, path in oracles.tell(.swapInDoubt(path: path)) }
        world.catalog.onChange = { oracles.evidence.lake.changed($0, $1) }
        oracles.onFact = { [unowned self] fact in
            guard case .lakeCommitted(let commit) = fact else { return }
            let table = commit.table.name
            recorder.committedToLake(
                table, snapshot: commit.snapshot.identifier, rows: Int(commit.rowCount))
            measureLake(table)
        }
    }
}
