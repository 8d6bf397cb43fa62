import Iceberg
import Platform
import Simulation
import TestSupport
import Testing
import Tiering

@Suite("Lake tiering under faults")
struct TieringFaultTests {
    @Test(
        "Every row is in the lake exactly once, whatever stores and tierers do",
        arguments: 1...12 as ClosedRange<UInt64>)
    func exactlyOnce(seed: UInt64) throws {
        let world = SimulationWorld(seed: seed)
        let random = RandomStream(seed: seed, label: "test")
        for name in ["logs", "tierer-1", "tierer-2"] { world.addMachine(name) }
        var table: LoggedTable?
        var epoch: Int64 = 0
        var isWriting = true
        var compared = 0
        var failure: (any Error)?

        // Takes over with a new epoch, then commits until it is turned away or crashes.
        func startTierer(_ name: String) {
            world.start(name) { machine in
                while table == nil { try await machine.sleep(.milliseconds(10)) }
                epoch += 1
                let tiering = table!.tiering(machine, epoch: epoch)
                while true {
                    do {
                        _ = try await tiering.round()
                    } catch let error as TieringError {
                        if case .fenced = error { return }
                        if case .damaged = error { throw error }
                    } catch let error as IcebergError {
                        if case .damaged = error { throw error }
                    }
                    try await machine.sleep(.milliseconds(500))
                }
            }
        }
        world.start("logs") { machine in
            let made = try await LoggedTable(machine, isKeyed: seed % 3 != 0)
            table = made
            while isWriting {
                try made.write(random)
                try await machine.sleep(.milliseconds(random.next(in: 20..<400)))
            }
        }
        var faults = ServiceFaults()
        faults.refusalsPerMillion = 50_000
        faults.lostBeforePerMillion = 60_000
        faults.lostAfterPerMillion = 60_000
        faults.conflictsPerMillion = 50_000
        world.objects.faults = faults
        faults.lostBeforePerMillion = 100_000
        faults.lostAfterPerMillion = 100_000
        world.catalog.faults = faults
        for name in ["tierer-1", "tierer-2"] { startTierer(name) }
        for round in 0..<8 {
            let name = "tierer-\(1 + random.next(in: 0..<2))"
            world.after(.seconds(10 + 12 * round)) {
                if random.chance(1, in: 2) { world.crash(name) } else { world.pause(name) }
            }
            world.after(.seconds(12 + 12 * round)) {
                if world.isPaused(name) { world.resume(name) }
                if !world.isRunning(name) { startTierer(name) }
            }
        }
        world.run(for: .seconds(120))
        isWriting = false
        world.objects.faults = ServiceFaults()
        world.catalog.faults = ServiceFaults()
        world.run(for: .seconds(30))
        for name in ["tierer-1", "tierer-2"] { world.crash(name) }
        world.addMachine("auditor")
        world.start("auditor") { machine in
            do {
                epoch += 1
                _ = try await table!.tiering(machine, epoch: epoch).round()
                let lake = try await table!.lake(machine)
                #expect(
                    try table!.table.progress(in: lake.metadata).offsets == table!.highWatermarks)
                compared = try await table!.checkLake(machine)
            } catch { failure = error }
        }
        world.run(for: .seconds(600))
        world.shutDown()
        #expect(failure == nil)
        #expect(compared > 300)
        #expect(
            world.journal.errorCount == 0, "\(world.journal.notes.filter { $0.severity == .error })"
        )
        #expect(world.objects.counters.deletes == 0)
    }
}
