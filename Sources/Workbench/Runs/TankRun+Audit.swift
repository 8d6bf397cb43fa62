import Changelog
import Cluster
import Platform
import ScenarioFiles
import Server
import Simulation
import Vectors

extension TankRun {
    // MARK: The auditor's run

    func startAuditor() {
        world.start(Self.auditorName) { machine in
            let client = ClusterClient(machine, self.deployment.configuration)
            let auditor = Auditor(client, self.tallies)
            self.auditor = auditor
            auditor.onChange = { [unowned self] log, row, change, offset in
                meter?.committed(row, change, in: log.table)
                meter?.reached(.changelog, log.bucket, offset + 1)
                for driver in drivers { driver.committed(row, change, in: log.table) }
            }
            machine.spawn("metadata of the auditor") { try await client.run() }
            self.phase = "running"
            machine.spawn("reads of the auditor") {
                while self.drivers.contains(where: { !$0.isReady }) {
                    try await machine.sleep(.seconds(1))
                }
                try await self.surveyor(client, auditor, self.tables, Self.auditorName)
                    .run { self.phase != "running" }
            }
            machine.spawn("rows of the lake") {
                while self.phase != "done" {
                    try await machine.sleep(.seconds(1))
                    self.lake.judgeRows(auditor)
                }
            }
            try await machine.sleep(self.scenario.length)
            self.phase = "settling"
            for driver in self.drivers { driver.stop() }
            self.faults.healAll()
            for node in self.deployment.nodes { self.start(node) }
            try await self.settle(machine)
            self.measureEnd()
            self.phase = "checking"
            try await self.check(auditor)
            self.phase = "done"
            self.isFinished = true
        }
    }

    /// How far lake and vector index are behind what is committed.
    func measureFreshness() {
        guard let auditor, phase == "running" || phase == "settling" else { return }
        let now = auditor.client.machine.clock.now
        var lakeStaleness: Duration?
        var indexStaleness: Duration?
        for table in tables {
            let offsets = lake.offsets(of: table.name)
            for bucket in table.buckets {
                guard let log = auditor.logs[bucket] else { continue }
                if table.isInLake {
                    let stale = log.staleness(at: offsets?[Int(bucket.bucket)] ?? 0, now: now)
                    lakeStaleness = max(lakeStaleness ?? .zero, stale)
                }
                if table.vectorColumn != nil {
                    let stale = log.staleness(at: consumedOffset(of: bucket) ?? 0, now: now)
                    indexStaleness = max(indexStaleness ?? .zero, stale)
                }
            }
        }
        func measured(_ name: String, _ staleness: Duration?) {
            guard let staleness else { return }
            recorder.measured(name, Double(staleness.nanoseconds) / 1e9)
        }
        measured("lake", scenario.cluster.tierers > 0 ? lakeStaleness : nil)
        measured("vector index", scenario.cluster.indexers > 0 ? indexStaleness : nil)
    }

    func consumedOffset(of bucket: BucketIdentifier) -> Int64? {
        deployment.indexers.keys.sorted().compactMap {
            deployment.indexers[$0]!.indexes[bucket]?.consumedOffset
        }.max()
    }

    private var rottenServers: Set<String> {
        Set(
            plan.faults.compactMap { fault in
                switch fault.kind {
                case .bitRot(let node, _), .lostWrite(let node, _), .misdirectedWrite(let node, _),
                    .unreadableSector(let node, _):
                    node.description
                default: nil
                }
            })
    }

    var tables: [TableDescription] { drivers.flatMap(\.tables) }

    private func check(_ auditor: Auditor) async throws {
        auditor.checkAcknowledgements()
        try await auditor.checkReplicas(
            deployment.runningServers.map(\.server), rotten: rottenServers)
        try await auditor.checkAgain()
        try await surveyor(auditor.client, auditor, tables, "checks").surveyAll()
        tallies[.lakeRows].expect(
            lake.judgeRows(auditor), "the lake reflects offsets that were never committed")
        lake.checkReferences()
        recall.check(tallies[.vectorAnswers])
        for bucket in auditor.logs.keys.sorted() where auditor.logs[bucket]!.waitingCount > 0 {
            tallies[.readableOffsets].violated(
                "\(bucket): an answer reflects offsets that were never committed")
        }
        unknownOutcomes.check()
        tallies[.noDeleteOnUnknown].hadWork =
            unknownOutcomes.count > 0 || tallies[.noDeleteOnUnknown].compared > 0
        tallies[.tableIsFold].hadWork = tables.contains(where: \.isPrimaryKeyTable)
        let isTiered = scenario.cluster.tierers > 0 && tables.contains(where: \.isInLake)
        for name in [CheckName.lakeReferences, .lakeRows, .lakeContinuity, .unionRead] {
            tallies[name].hadWork = isTiered
        }
        tallies[.vectorAnswers].hadWork =
            scenario.cluster.indexers > 0 && tables.contains { $0.vectorColumn != nil }
        for driver in drivers { driver.check(auditor, tallies[.referenceModel]) }
    }
}
