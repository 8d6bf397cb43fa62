import Columnar
import Iceberg
import Platform
import Simulation
import TestSupport
import Testing
import UnionRead

@testable import LakeTiering

@Suite("Snapshots that are read, and files that nothing names")
struct LakeLeaseTests {
    private static func configuration() -> LakeTieringConfiguration {
        var configuration = LakeTieringConfiguration()
        configuration.maximumSnapshotAge = .seconds(60)
        configuration.minimumInputFileCount = 4
        configuration.collectionInterval = .seconds(30)
        return configuration
    }

    private static func newest(_ lake: LakeTable) async throws -> Snapshot {
        try await lake.refresh()
        return try #require(lake.metadata.current)
    }

    @Test("A snapshot that is read stays with its files, and goes once its reader is done")
    func held() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: true)
            let random = RandomStream(seed: 4, label: "changes")
            let tiering = table.tiering(machine, Self.configuration())
            for _ in 0..<6 { try table.write(random) }
            let first = try #require(try await tiering.round())
            let lake = try await table.lake(machine)
            let snapshot = try await Self.newest(lake)
            let lease = try #require(try await SnapshotLease.take(snapshot, of: lake))
            func work(_ rounds: Int, keeping lease: SnapshotLease?) async throws {
                for _ in 0..<rounds {
                    for _ in 0..<3 { try table.write(random) }
                    _ = try await tiering.round()
                    _ = try await tiering.maintain()
                    try await machine.sleep(.seconds(15))
                    await lease?.keep()
                }
            }
            try await work(30, keeping: lease)
            let reader = UnionReader(machine, in: warehouse, log: table)
            let answer = try await reader.read(table.table, at: .snapshot(snapshot.identifier))
            #expect(answer.rows == (try await table.rows(upTo: first.to)))
            await lease.end()
            try await work(10, keeping: nil)
            try await lake.refresh()
            #expect(lake.metadata.snapshot(snapshot.identifier) == nil)
            #expect(try await lake.orphans(holding: []).isEmpty)
            #expect(try await lake.objects(in: LakeTable.leaseFolder).isEmpty)
            await #expect(throws: IcebergError.self) {
                _ = try await SnapshotLease.take(snapshot, of: lake)
            }
            let probes = Set(world.journal.probes.map(\.name))
            #expect(probes.contains("lake snapshot kept for its reader"))
        }
    }

    @Test("The lease of a reader that died is over after its time, by the maintainer's clock")
    func leftBehind() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: false)
            let random = RandomStream(seed: 5, label: "changes")
            let tiering = table.tiering(machine, Self.configuration())
            for _ in 0..<4 { try table.write(random) }
            _ = try await tiering.round()
            let lake = try await table.lake(machine)
            let snapshot = try await Self.newest(lake)
            _ = try #require(try await SnapshotLease.take(snapshot, of: lake))
            var heldFor = Duration.zero
            for _ in 0..<40 {
                for _ in 0..<2 { try table.write(random) }
                _ = try await tiering.round()
                _ = try await tiering.maintain()
                try await machine.sleep(.seconds(10))
                try await lake.refresh()
                if lake.metadata.snapshot(snapshot.identifier) != nil { heldFor += .seconds(10) }
            }
            #expect(heldFor >= SnapshotLease.duration)
            #expect(heldFor < .seconds(240))
            #expect(world.journal.probes.contains { $0.name == "lake lease left behind" })
        }
    }

    @Test("Whoever takes a lease between the expiry and the deletion keeps the files or is refused")
    func race() throws {
        var outcomes: Set<Bool> = []
        for delay in 0..<40 {
            try inWorld(seed: UInt64(delay + 1)) { machine, world in
                let table = try await LoggedTable(machine, isKeyed: false)
                let random = RandomStream(seed: 6, label: "changes")
                let tiering = table.tiering(machine, Self.configuration())
                for _ in 0..<6 { try table.write(random) }
                let first = try #require(try await tiering.round())
                let lake = try await table.lake(machine)
                let snapshot = try await Self.newest(lake)
                for _ in 0..<3 { try table.write(random) }
                _ = try await tiering.round()
                try await machine.sleep(.seconds(100))
                var lease: SnapshotLease?
                var isDone = false
                machine.spawn("reader") {
                    try await machine.sleep(.milliseconds(10 * delay))
                    do { lease = try await SnapshotLease.take(snapshot, of: lake) } catch {}
                    isDone = true
                }
                _ = try await tiering.maintain()
                while !isDone { try await machine.sleep(.milliseconds(50)) }
                outcomes.insert(lease != nil)
                guard lease != nil else { return }
                // All that the snapshot needs is there, although the table may have let it go.
                let scan = try await lake.scan(snapshot)
                let deletions = try await lake.deletions(of: scan)
                var count = 0
                for data in scan.dataFiles {
                    let rows = try await lake.rows(
                        of: data.file, without: deletions, as: table.table.schema)
                    count += rows.reduce(0) { $0 + $1.positions.count }
                }
                #expect(count == (try await table.rows(upTo: first.to)).count)
            }
        }
        #expect(outcomes == [true, false])
    }

    @Test("Other programs' files are not touched before they were orphans for long")
    func foreign() throws {
        try inWorld { machine, world in
            let table = try await LoggedTable(machine, isKeyed: false)
            let random = RandomStream(seed: 7, label: "changes")
            var configuration = Self.configuration()
            configuration.foreignOrphanAge = .seconds(300)
            let tiering = table.tiering(machine, configuration)
            for _ in 0..<4 { try table.write(random) }
            _ = try await tiering.round()
            let lake = try await table.lake(machine)
            let theirs = lake.newPath("data", ".parquet")
            try await lake.write([1, 2, 3], at: theirs)
            // Of a tierer of before, whose commit never came, and of one that comes later.
            for epoch in [Int64(0), 5] {
                lake.epoch = epoch
                try await lake.write([1, 2, 3], at: lake.newPath("data", ".parquet"))
            }
            func orphans() async throws -> [Int64?] {
                try await lake.orphans(holding: []).map(\.epoch)
            }
            #expect(try await orphans().count == 3)
            for round in 0..<24 {
                try table.write(random)
                _ = try await tiering.round()
                _ = try await tiering.maintain()
                try await machine.sleep(.seconds(20))
                if round == 5 { #expect(try await Set(orphans()) == [nil, 5]) }
            }
            #expect(try await orphans().isEmpty)
        }
    }

    @Test(
        "Whatever dies or gets no answer, nothing live is deleted and nothing dead stays",
        arguments: [1, 2, 3, 5] as [UInt64])
    func faults(seed: UInt64) throws {
        let tank = MaintainedTank(seed: seed, configuration: Self.configuration())
        tank.run()
        #expect(tank.readCount > 3)
        #expect(tank.brokenReads == [])
        #expect(tank.compared > 50)
        #expect(tank.orphans == [])
        #expect(tank.world.objects.counters.deletes > 0)
        let errors = tank.world.journal.notes.filter { $0.severity == .error }
        #expect(errors.isEmpty, "\(errors)")
    }
}

/// Two tierers that maintain one table, readers of its snapshots, and stores that lose answers.
private final class MaintainedTank {
    let world: SimulationWorld
    private let names = ["tierer-1", "tierer-2"]
    private let random: RandomStream
    private let configuration: LakeTieringConfiguration
    private var table: LoggedTable?
    private var epoch: Int64 = 0
    private var isWriting = true
    private(set) var readCount = 0
    private(set) var brokenReads: [String] = []
    private(set) var compared = 0
    private(set) var orphans: [String] = []

    init(seed: UInt64, configuration: LakeTieringConfiguration) {
        world = SimulationWorld(seed: seed)
        random = RandomStream(seed: seed, label: "test")
        self.configuration = configuration
        for name in names + ["logs", "reader", "auditor"] { world.addMachine(name) }
        world.start("logs") { machine in
            let made = try await LoggedTable(machine, isKeyed: seed % 2 == 0)
            self.table = made
            while self.isWriting {
                try made.write(self.random)
                try await machine.sleep(.milliseconds(self.random.next(in: 100..<2000)))
            }
        }
        for name in names { start(name) }
        world.start("reader") { machine in
            while self.isWriting {
                try await machine.sleep(.seconds(self.random.next(in: 5..<30)))
                try await self.readSlowly(machine)
            }
        }
    }

    private func start(_ name: String) {
        world.start(name) { machine in
            while self.table == nil { try await machine.sleep(.milliseconds(10)) }
            self.epoch += 1
            let tiering = self.table!.tiering(machine, epoch: self.epoch, self.configuration)
            while true {
                do {
                    _ = try await tiering.round()
                    _ = try await tiering.maintain()
                } catch let error as LakeTieringError {
                    if case .fenced = error { return }
                    if case .damaged = error { throw error }
                } catch let error as IcebergError {
                    if case .damaged = error { throw error }
                }
                try await machine.sleep(.seconds(3))
            }
        }
    }

    /// Reads the oldest snapshot with long pauses: under a lease it must come to its end.
    private func readSlowly(_ machine: Machine) async throws {
        guard let table, let lake = try? await table.lake(machine),
            let snapshot = lake.metadata.snapshots.first,
            let lease = try? await SnapshotLease.take(snapshot, of: lake)
        else { return }
        do {
            let scan = try await lake.scan(snapshot)
            let deletions = try await lake.deletions(of: scan)
            for data in scan.dataFiles {
                for _ in 0..<3 {
                    try await machine.sleep(.seconds(8))
                    await lease.keep()
                }
                _ = try await lake.rows(
                    of: data.file, without: deletions, as: table.table.schema)
            }
            readCount += 1
        } catch let error as IcebergError {
            if case .damaged = error {
                let time = Duration.nanoseconds(world.nanoseconds)
                brokenReads.append("snapshot \(snapshot.identifier) at \(time): \(error)")
            }
        }
        await lease.end()
    }

    func run() {
        var faults = ServiceFaults()
        faults.refusalsPerMillion = 10_000
        faults.lostBeforePerMillion = 10_000
        faults.lostAfterPerMillion = 10_000
        world.objects.faults = faults
        faults.lostBeforePerMillion = 60_000
        faults.lostAfterPerMillion = 60_000
        faults.conflictsPerMillion = 50_000
        world.catalog.faults = faults
        for round in 0..<14 {
            let name = names[random.next(in: 0..<2)]
            let isCrash = random.chance(1, in: 2)
            world.after(.seconds(20 + 40 * round)) { [self] in
                if isCrash { world.crash(name) } else { world.pause(name) }
            }
            world.after(.seconds(32 + 40 * round)) { [self] in
                if world.isPaused(name) { world.resume(name) }
                if !world.isRunning(name) { start(name) }
            }
        }
        world.run(for: .seconds(600))
        isWriting = false
        world.objects.faults = ServiceFaults()
        world.catalog.faults = ServiceFaults()
        world.run(for: .seconds(240))
        for name in names { world.crash(name) }
        audit()
        world.shutDown()
    }

    private func audit() {
        var isDone = false
        world.start("auditor") { machine in
            self.epoch += 1
            let table = self.table!
            let tiering = table.tiering(machine, epoch: self.epoch, self.configuration)
            try table.write(self.random)
            _ = try await tiering.round()
            _ = try await tiering.maintain()
            let lake = try await table.lake(machine)
            self.orphans = try await lake.orphans(holding: []).map(\.key)
            let reader = UnionReader(machine, in: warehouse, log: table)
            for snapshot in lake.metadata.snapshots {
                let progress = try LakeProgress.at(snapshot, of: lake.metadata)
                let answer = try await reader.read(
                    table.table, at: .snapshot(snapshot.identifier))
                #expect(answer.rows == (try await table.rows(upTo: progress.offsets)))
                self.compared += answer.rowCount
            }
            isDone = true
        }
        _ = world.run(atMost: .seconds(600)) { isDone }
    }
}
