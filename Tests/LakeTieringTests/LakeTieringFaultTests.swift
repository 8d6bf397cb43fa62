import Iceberg
import Platform
import Simulation
import TestSupport
import Testing
import LakeTiering

@Suite("Lake tiering under faults")
struct LakeTieringFaultTests {
    @Test(
        "Every row is in the lake exactly once, whatever stores and tierers do",
        arguments: 1...12 as ClosedRange<UInt64>)
    func exactlyOnce(seed: UInt64) throws {
        let tierers = RivalTierers(seed: seed)
        let world = tierers.world
        tierers.fail()
        world.run(for: .seconds(120))
        tierers.heal()
        world.run(for: .seconds(30))
        for name in tierers.names { world.crash(name) }
        // A reader gives back its leases.
        let deletions = world.objects.counters.deletes
        let compared = tierers.audit()
        world.shutDown()
        #expect(compared > 300)
        #expect(
            world.journal.errorCount == 0, "\(world.journal.notes.filter { $0.severity == .error })"
        )
        #expect(deletions == 0)
    }
}

/// Two tierers that do not know of each other, and a table that changes all the time.
private final class RivalTierers {
    let world: SimulationWorld
    let names = ["tierer-1", "tierer-2"]
    private let random: RandomStream
    private var table: LoggedTable?
    private var epoch: Int64 = 0
    private var isWriting = true

    init(seed: UInt64) {
        world = SimulationWorld(seed: seed)
        random = RandomStream(seed: seed, label: "test")
        for name in names + ["logs", "auditor"] { world.addMachine(name) }
        world.start("logs") { machine in
            let made = try await LoggedTable(machine, isKeyed: seed % 3 != 0)
            self.table = made
            while self.isWriting {
                try made.write(self.random)
                try await machine.sleep(.milliseconds(self.random.next(in: 20..<400)))
            }
        }
        for name in names { start(name) }
    }

    /// Takes over with a new epoch, then commits until it is turned away or crashes.
    private func start(_ name: String) {
        world.start(name) { machine in
            while self.table == nil { try await machine.sleep(.milliseconds(10)) }
            self.epoch += 1
            let tiering = self.table!.tiering(machine, epoch: self.epoch)
            while true {
                do {
                    _ = try await tiering.round()
                } catch let error as LakeTieringError {
                    if case .fenced = error { return }
                    if case .damaged = error { throw error }
                } catch let error as IcebergError {
                    if case .damaged = error { throw error }
                }
                try await machine.sleep(.milliseconds(500))
            }
        }
    }

    /// Lets stores fail all the time, and tierers crash or freeze now and then.
    func fail() {
        var faults = ServiceFaults()
        faults.refusalsPerMillion = 50_000
        faults.lostBeforePerMillion = 60_000
        faults.lostAfterPerMillion = 60_000
        faults.conflictsPerMillion = 50_000
        world.objects.faults = faults
        faults.lostBeforePerMillion = 100_000
        faults.lostAfterPerMillion = 100_000
        world.catalog.faults = faults
        for round in 0..<8 {
            let name = names[random.next(in: 0..<2)]
            let isCrash = random.chance(1, in: 2)
            world.after(.seconds(10 + 12 * round)) { [self] in
                if isCrash { world.crash(name) } else { world.pause(name) }
            }
            world.after(.seconds(12 + 12 * round)) { [self] in
                if world.isPaused(name) { world.resume(name) }
                if !world.isRunning(name) { start(name) }
            }
        }
    }

    func heal() {
        isWriting = false
        world.objects.faults = ServiceFaults()
        world.catalog.faults = ServiceFaults()
    }

    /// Takes what is left to the lake, and answers how many rows of how many snapshots were right.
    func audit() -> Int {
        var compared = 0
        world.start("auditor") { machine in
            self.epoch += 1
            _ = try await self.table!.tiering(machine, epoch: self.epoch).round()
            let lake = try await self.table!.lake(machine)
            let progress = try self.table!.table.progress(in: lake.metadata)
            #expect(progress.offsets == self.table!.highWatermarks)
            compared = try await self.table!.checkLake(machine)
        }
        _ = world.run(atMost: .seconds(600)) { [self] in !world.isRunning("auditor") || compared > 0
        }
        return compared
    }
}
